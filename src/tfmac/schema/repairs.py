"""What a repair changes, what became of it, and what an undo did."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.actions import Action
from tfmac.schema.plans import Conflict
from tfmac.schema.reports import Diagnosis


class RepairMode(enum.Enum):
    """How an environment is changed."""

    SIDE_BY_SIDE = "side-by-side"
    """A new one is built, verified, and takes the place of the old one, which is kept."""
    IN_PLACE = "in-place"
    """Distributions are exchanged in it; their versions are noted for an undo."""
    NEW = "new-environment"
    """Nothing of it is changed: it is not the user's own, so a new one is offered."""


class RepairOutcome(enum.Enum):
    """What became of a repair."""

    NOTHING_TO_DO = "nothing-to-do"
    NO_PLAN = "no-plan"
    PLANNED = "planned"
    VERIFIED = "verified"
    STILL_FAILING = "still-failing"
    CHANGED_SOMETHING_ELSE = "changed-something-else"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution before and after; None where it is not there."""

    name: str
    before: Optional[str]
    after: Optional[str]


class RepairReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``fix``.

    ``causes`` are those that the repair is for. ``differences`` are shown before anything is
    done. ``actions`` are what was done, or what would be. ``after`` is the diagnosis of the
    repaired environment, None where nothing was applied.
    """

    schema_version: int
    tfmac: str
    environment: str
    mode: RepairMode
    outcome: RepairOutcome
    causes: tuple[str, ...]
    python: Optional[str]
    differences: tuple[Difference, ...] = ()
    actions: tuple[Action, ...] = ()
    reasons: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    after: Optional[Diagnosis] = None


class UndoReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``undo``: what is in place now."""

    schema_version: int
    environment: str
    statement: str
