"""What several formats write: what a file is for, and exact versions."""

import re
from typing import Optional

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfmac.planner.emit.quoting import comment
from tfmac.planner.resolver import ResolutionFailed
from tfmac.schema.plans import Pin, Plan

_MADE_BY = "; made by tfmac plan"
_HEADING = re.compile(rf"# (\S+) for (\S+), Python (\S+){_MADE_BY}")
_HASH = re.compile(r"[a-z0-9_]+:[0-9a-fA-F]+")


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a heading says, not judged."""

    stack: str
    target: str
    python: str


def heading(plan: Plan) -> str:
    """Say in a line of comment what a file is for and what made it."""
    return comment(f"{plan.stack.value} for {plan.target}, Python {plan.python}{_MADE_BY}")


def is_heading(line: str) -> bool:
    """Whether a line is one that ``heading`` wrote."""
    return line.startswith("#") and line.rstrip().endswith(_MADE_BY)


def read_heading(line: str) -> Optional[Heading]:
    """Read a line that ``heading`` wrote; None for any other."""
    match = _HEADING.fullmatch(line.rstrip())
    if match is None:
        return None
    return Heading(stack=match[1], target=match[2], python=match[3])


def exact(pin: Pin) -> str:
    """Write a pin as a requirement; raise ``ResolutionFailed`` for one that would read as another.

    Requirements have no quotes, and names and versions come from an index.
    """
    text = str(pin)
    try:
        read, version = Requirement(text), Version(pin.version)
    except (InvalidRequirement, InvalidVersion):
        read = None
    same = (
        read is not None
        and canonicalize_name(read.name) == canonicalize_name(pin.name)
        and [Version(one.version) for one in read.specifier] == [version]
    )
    if not same or not text.isprintable() or not all(map(_HASH.fullmatch, pin.hashes)):
        raise ResolutionFailed(f"{text!r} is not the name and the version of a distribution")
    return text
