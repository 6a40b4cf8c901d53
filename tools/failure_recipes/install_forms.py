"""What becomes of an installer's output in a build's log, a notebook or a terminal."""

import re
from collections.abc import Callable
from typing import Final

_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[0m"


def _docker(text: str) -> str:
    """Put a container build's step and seconds before each line, and its own end after it."""
    lines = text.rstrip().splitlines()
    stamped = "".join(f"#12 {4.217 + 0.31 * n:.3f} {line}\n" for n, line in enumerate(lines))
    return (
        "#11 [4/6] COPY requirements.txt .\n#11 DONE 0.0s\n\n"
        "#12 [5/6] RUN pip install --no-cache-dir -r requirements.txt\n" + stamped + "#12 ERROR: "
        'process "/bin/sh -c pip install --no-cache-dir -r requirements.txt" did not complete'
        " successfully: exit code: 1\n"
    )


def _workflow(text: str) -> str:
    """Put a hosted runner's time stamps before each line, amid its other steps."""
    before = (
        "##[group]Run python -m pip install -r requirements.txt",
        "shell: /bin/bash -e {0}",
        "env:",
        "  pythonLocation: /Users/runner/hostedtoolcache/Python",
        "##[endgroup]",
    )
    after = ("##[error]Process completed with exit code 1.", "Post job cleanup.")
    lines = (*before, *text.rstrip().splitlines(), *after)
    return "".join(
        f"2024-02-11T18:{n // 60 % 60:02}:{n % 60:02}.{4518230 + 137 * n}Z {line}\n"
        for n, line in enumerate(lines)
    )


def _coloured(text: str) -> str:
    """Colour errors as pip does on a terminal."""
    return re.sub(r"(?m)^(ERROR: .*)$", rf"{_RED}\1{_PLAIN}", text)


def _notebook(text: str) -> str:
    """End it as the notebook's own pip command does."""
    return text.rstrip() + ("\nNote: you may need to restart the kernel to use updated packages.\n")


def _cut(text: str) -> str:
    """Cut long lines in the middle, as a question's author does."""
    return (
        "\n".join(
            line if len(line) < 200 else f"{line[:110]}...{line[-60:]}"
            for line in text.splitlines()
        )
        + "\n"
    )


INSTALL_FORMS: Final[dict[str, Callable[[str], str]]] = {
    "docker": _docker,
    "workflow": _workflow,
    "red": _coloured,
    "notebook": _notebook,
    "cut": _cut,
}
"""A form's name and what it does."""
