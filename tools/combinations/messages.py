"""From what a run left behind to one line that says what went wrong."""

import re
from typing import Optional

from tools.combinations.program import RUN_LIMIT, Outcome

from tfmac.schema.knowledge import Step

ERROR_LIMIT = 200

_NESTED = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception): (.+)$")
_PATH = re.compile(r"(?<![\w.:/])/(?:[\w.+@=,-]+/)+([\w.+@=,-]*)")
_NOISE = (
    re.compile(r"0x[0-9a-fA-F]{6,}"),
    re.compile(r"^[\[\]\w./: -]*\d\d:\d\d:\d\d[.\d]*:?\s+(?:\d+\s+)?"),
)
_ADVICE = (
    "see ",
    "more information",
    "for more ",
    "failed to load the native tensorflow runtime",
    "above this error message",
    "if you",
    "please ",
    "for some common",
    "for details",
)
_GENERAL = ("ImportError", "RuntimeError")
"""Exceptions that a package raises in place of the one that says why."""
_DEADLY = re.compile(
    r"Check failed|CHECK failed|FATAL|Fatal|terminate called|what\(\)|free\(\)|malloc|corrupt"
)


def scrubbed(text: str) -> str:
    """Replace absolute paths by their last part and addresses by ``0x…``; trim to the limit."""
    text = _NOISE[0].sub("0x…", text)
    text = _PATH.sub(lambda match: match.group(1) or "…", text)
    text = " ".join(text.split())
    return text if len(text) <= ERROR_LIMIT else text[: ERROR_LIMIT - 1] + "…"


def telling_line(message: str) -> str:
    """Give the line of a message that says what went wrong.

    A message that quotes a traceback ends in its last exception. Else it is the
    last line, with the one that introduces it when it is indented; or the first
    one when the last only gives advice.
    """
    message = re.split(r"\n\s*(?:Arguments|Call arguments) received by", message)[0]
    raw = [line for line in message.splitlines() if line.strip()]
    lines = [line.strip() for line in raw]
    if not lines:
        return ""
    nested = [match.group(1) for line in lines if (match := _NESTED.match(line))]
    if nested:
        return nested[-1]
    if lines[-1].lower().startswith(_ADVICE):
        return lines[0]
    if raw[-1][0].isspace() and len(lines) > 1:
        return f"{lines[-2]} {lines[-1]}"
    return lines[-1]


def error_line(outcome: Outcome) -> Optional[str]:
    """Give the recorded line for an outcome, None when it works."""
    if outcome.step is Step.WORKS or outcome.kind is None:
        return None
    if outcome.kind == "timeout":
        return f"timeout after {RUN_LIMIT} s"
    if outcome.kind == "exit" or outcome.kind.startswith("SIG"):
        deadly = [line for line in outcome.message.splitlines() if _DEADLY.search(line)]
        detail = _NOISE[1].sub("", deadly[-1].strip()) if deadly else ""
        name = "exit without a message" if outcome.kind == "exit" else outcome.kind
        return scrubbed(f"{name}: {detail}" if detail else name)
    seen = _named(outcome.kind, outcome.message)
    root = _named(outcome.root, outcome.root_message)
    if outcome.kind in _GENERAL and root and telling_line(outcome.root_message) not in seen:
        return scrubbed(f"{seen} (from {root})")
    return scrubbed(seen)


def _named(kind: str, message: str) -> str:
    line = telling_line(message)
    return f"{kind}: {line}" if line else kind
