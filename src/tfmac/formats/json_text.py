"""JSON out of a model file, bounded, and as values that can be written as JSON again.

Python writes ``NaN``, ``Infinity``, numbers of any length and halves of a character's pair: these
become texts.
"""

import json
import math
import re
from typing import Any

# Keras's largest applications have 2 MB; Lambda layers can hold code and constants.
MOST_BYTES = 1 << 25
# A model in a model takes about eight levels.
MOST_DEPTH = 160
_MOST_VALUES = 4_000_000
_LARGEST = 1 << 63
_SURROGATES = re.compile("[\ud800-\udfff]")
# Those that Python does not make of the bytes of a name (PEP 383).
_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class InvalidJson(ValueError):
    """Text that is no JSON, or that is beyond a limit."""


def read_json(text: "bytes | str") -> Any:  # noqa: ANN401 - any JSON value
    """Read one JSON value; raise ``InvalidJson``."""
    if len(text) > MOST_BYTES:
        raise InvalidJson(f"more than {MOST_BYTES >> 20} MiB of JSON")
    try:
        value = json.loads(text, parse_constant=str)
    except RecursionError as error:
        raise InvalidJson("nested too deeply") from error
    except ValueError as error:  # UnicodeDecodeError and too many digits are some of these
        raise InvalidJson(f"not JSON: {error}"[:200]) from error
    return sound(value)


def sound(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Copy a value so that it can be written as JSON; raise ``InvalidJson`` beyond the limits."""
    return _Sound().value(value, MOST_DEPTH)


def readable(text: str) -> str:
    """Write out what no encoding can hold: halves of pairs, and bytes that were no UTF-8."""
    if text.isascii() or not _SURROGATES.search(text):
        return text
    errors = "backslashreplace" if _HALVES.search(text) else "surrogateescape"
    return text.encode("utf-8", errors).decode("utf-8", "backslashreplace")


class _Sound:
    """Copies a value, with its limits."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def value(self, value: Any, depth: int) -> Any:  # noqa: ANN401
        """Copy a value that may lie ``depth`` levels deep."""
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise InvalidJson("nested too deeply" if depth == 0 else "too many values")
        if isinstance(value, str):
            return readable(value)
        if isinstance(value, dict):
            return {readable(str(key)): self.value(one, depth - 1) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(one, depth - 1) for one in value]
        if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            return str(value)
        if isinstance(value, float) and not math.isfinite(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value
