"""A cause's words with what a log has shown put in."""

import re

from tfmac.explainer.expressions import expression

_PLACEHOLDER = expression(r"\{(\w+)(?:\|([^{}]*))?\}")
_LONGEST = 120


def worded(text: str, captures: "dict[str, str]") -> str:
    """Fill in ``{name|else}``: what was captured, else the words behind the bar."""

    def put_in(found: "re.Match[str]") -> str:
        captured = captures.get(found.group(1))
        if captured is None:
            return found.group(2) or ""
        return captured if len(captured) <= _LONGEST else f"{captured[:_LONGEST]}..."

    return _PLACEHOLDER.sub(put_in, text)
