"""A check's docstring as data: from it come the docs pages and ``tfmac cause``."""

import inspect
import re

from tfmac.checks.registry import Check
from tfmac.schema.reports import CheckText

HEADINGS = ("Looks at", "Why it matters", "Repair", "Sources")

_HEADING = re.compile(rf"^({'|'.join(HEADINGS)}): ", re.MULTILINE)


def describe(check: Check) -> CheckText:
    """Read a check's docstring; raise ``ValueError`` when a heading is missing."""
    parts = _HEADING.split(inspect.cleandoc(check.find.__doc__ or ""))
    texts = dict(zip(parts[1::2], map(_joined, parts[2::2])))
    missing = [heading for heading in HEADINGS if heading not in texts]
    if missing:
        raise ValueError(f"the docstring of {check.name} lacks {', '.join(missing)}")
    return CheckText(
        check=check.name,
        question=_joined(parts[0]),
        looks_at=texts["Looks at"],
        why_it_matters=texts["Why it matters"],
        repair=texts["Repair"],
        sources=texts["Sources"],
    )


def _joined(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")
