"""Regular expressions that are compiled when they are first used.

A typical log needs a few of those that this package has, and to compile all takes longer than to
read such a log.
"""

import re
from typing import Any, cast


def expression(text: str, flags: int = 0) -> "re.Pattern[str]":
    """Give a regular expression; what is wrong with its text shows at its first use."""
    return cast("re.Pattern[str]", _Expression(text, flags))


class _Expression:
    """Stands for a compiled expression; each method is its own once it was asked for."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of the expression
        method = getattr(re.compile(self._text, self._flags), name)
        # From now on the attribute is found without this function.
        setattr(self, name, method)
        return method
