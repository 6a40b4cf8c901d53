"""What a check says: a cause from the vocabulary, its evidence and what would have to change."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.knowledge import Step


class Severity(enum.Enum):
    """How bad a finding is.

    ``error``: TensorFlow or the wished GPU cannot work. ``warning``: it works, and may go wrong or
    lie. ``note``: worth knowing.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return tuple(Severity).index(self)


class Confidence(enum.Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was seen or is known, with its source and, where it has one, its place."""

    statement: str
    source: str
    location: Optional[str] = None


class ConstraintKind(enum.Enum):
    """What a constraint speaks about."""

    REQUIREMENT = "requirement"
    REMOVE = "remove"
    PYTHON = "python"
    ARCHITECTURE = "architecture"
    MACOS = "macos"
    VARIABLE = "variable"


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has to hold after a repair; the planner solves all of them at once."""

    kind: ConstraintKind
    value: str
    reason: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A cause that was found in the facts.

    ``breaks`` is the step that a program cannot get past: ``import tensorflow``, a fit, … It is
    None where nothing breaks, or where that depends on what the program does.
    """

    cause: str
    severity: Severity
    confidence: Confidence
    subject: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    references: tuple[str, ...] = ()
    breaks: Optional[Step] = None


class Outcome(enum.Enum):
    """What became of a check; only ``ran`` without findings is a pass."""

    RAN = "ran"
    SKIPPED = "skipped"
    NOT_APPLICABLE = "not-applicable"
    CRASHED = "crashed"


class CheckOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check, with the reason when it did not run to its end."""

    check: str
    outcome: Outcome
    reason: Optional[str] = None
