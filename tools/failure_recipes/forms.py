"""What becomes of a log on its way into a question: cut, wrapped, quoted, part of a longer one."""

from collections.abc import Callable, Iterator
from typing import Final

_WIDTH: Final = 80
_KEPT: Final = 5
_STEPS: Final = 40


def _last(text: str) -> str:
    """Keep the last lines, as people paste them."""
    return "\n".join(text.rstrip().splitlines()[-_KEPT:]) + "\n"


def _wrapped(text: str) -> str:
    """Break every line at the terminal's edge, in the middle of words too."""
    return "\n".join(_broken(text)) + "\n"


def _broken(text: str) -> Iterator[str]:
    for line in text.rstrip().splitlines():
        yield line[:_WIDTH]
        for start in range(_WIDTH, len(line), _WIDTH):
            yield line[start : start + _WIDTH]


def _quoted(text: str) -> str:
    """Put a mark before each line, as mail does."""
    return "".join(f"> {line}\n" for line in text.rstrip().splitlines())


def _stamped(text: str) -> str:
    """Put a container's time stamps before each line."""
    return "".join(
        f"2026-03-14T09:{number // 60 % 60:02}:{number % 60:02}.018264Z stderr F {line}\n"
        for number, line in enumerate(text.rstrip().splitlines())
    )


def _training(text: str) -> str:
    """Put the progress of a training before it."""
    return "".join(_progress()) + text


def _progress() -> Iterator[str]:
    yield "Loading data from data/train.csv\n60000 rows, 28 columns, 0 missing\n"
    for epoch in range(1, 4):
        yield f"Epoch {epoch}/3\n"
        for step in range(1, _STEPS + 1):
            done = "=" * (step * 30 // _STEPS)
            yield (
                f"\r{step}/{_STEPS} [{done:.<30}] - ETA: {_STEPS - step}s"
                f" - loss: {2.3 / (epoch + step / _STEPS):.4f}"
            )
        yield f" - val_loss: {2.4 / epoch:.4f}\n"


FORMS: Final[dict[str, Callable[[str], str]]] = {
    "last": _last,
    "wrapped": _wrapped,
    "quoted": _quoted,
    "stamped": _stamped,
    "training": _training,
}
"""A form's name and what it does."""
