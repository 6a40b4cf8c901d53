"""What a log shows: causes with their evidence and advice, and what else was recognised."""

from typing import Optional

import msgspec

from tfmac.schema.findings import Confidence, Constraint


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log, with its number counted from 1."""

    line: int
    text: str


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to do."""

    text: str
    condition: Optional[str] = None
    """What has to be true of the failing machine, where that is not known."""
    commands: tuple[str, ...] = ()
    """Lines to copy into a shell; each names its interpreter."""
    code: tuple[str, ...] = ()
    """Lines to copy into the program."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One cause that shows in a log."""

    cause: str
    title: str
    confidence: Confidence
    quotes: tuple[Quote, ...]
    why: str
    steps: tuple[Step, ...]
    constraints: tuple[Constraint, ...]
    """What has to hold, of the steps that fit."""
    references: tuple[str, ...]
    confirmed_by: tuple[str, ...] = ()
    """What of the facts speaks for it."""


class Harmless(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that are often taken for the error and mean nothing."""

    cause: str
    quotes: tuple[Quote, ...]
    why: str


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    """What a log shows besides causes."""

    exceptions: tuple[str, ...]
    """The classes of the exceptions, the one that ended the program first."""
    paths: tuple[str, ...]
    """Folders of packages."""
    keras: Optional[int]
    """The generation of Keras that the traceback's own paths prove."""
    system: Optional[str]
    platform: Optional[str]
    macos: Optional[str]


class ExplanationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Document: the answer of ``explain``."""

    schema_version: int
    tfmac: str
    lines: int
    """How many lines of the log were read."""
    causes: tuple[Explanation, ...]
    harmless: tuple[Harmless, ...]
    versions: dict[str, str]
    """What the log shows of them: ``python`` and distributions."""
    recognised: Recognised
    written_here: bool
    """Whether the log's own paths prove that the interpreter that was looked at wrote it."""
    advice_for: Optional[str]
    """The machine and Python that the commands are for; None where they are conditional."""
    ruled_out: tuple[str, ...] = ()
    """Causes that the facts of the machine that wrote the log exclude."""
