"""Chooses among candidates: the best for a machine, and the best that needs no new Python."""

from collections.abc import Sequence
from typing import Optional, Union

import msgspec

from tfmac.planner.no_plan import no_plan
from tfmac.planner.stacks import Candidate, Release, candidates, offered
from tfmac.planner.wishes import meets_all, tests_of
from tfmac.schema.plans import InterpreterChoice, NoPlan, StackKind, Wish


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The best candidate, and the best for which an interpreter is there.

    They are the same where the best needs no new Python; ``existing`` is None where no interpreter
    fits any candidate.
    """

    best: Candidate
    existing: Optional[Candidate]
    interpreter: Optional[InterpreterChoice]

    @property
    def needs_python(self) -> bool:
        """Whether the best needs a Python that is not there."""
        return self.existing is None or _quality(self.existing) != _quality(self.best)

    @property
    def loss(self) -> Optional[str]:
        """What using an existing Python costs against the best, in words."""
        if self.existing is None or not self.needs_python:
            return None
        return f"{self.existing.title} instead of {self.best.title}" + (
            ", so no GPU" if self.best.gpu and not self.existing.gpu else ""
        )


def _quality(candidate: Candidate) -> tuple[StackKind, Release, Optional[Release]]:
    return candidate.stack, candidate.core, candidate.plugin


def choose(wish: Wish, interpreters: Sequence[InterpreterChoice] = ()) -> Union[Choice, NoPlan]:
    """Choose by the knowledge alone; raise ``InvalidWish`` for a wish that cannot be read.

    ``interpreters`` are those of the wished architecture, the newest first; without any, every
    Python counts as one that has to be fetched.
    """
    tests = tests_of(wish)
    known = candidates(wish, offered(wish))
    best = next((one for one in known if meets_all(one, tests)), None)
    if best is None:
        return no_plan(wish, known, tests)
    by_minor: dict[str, InterpreterChoice] = {}
    for interpreter in interpreters:
        by_minor.setdefault(interpreter.minor, interpreter)
    # To save a Python is no reason for a stack that its users have to know about.
    here = (one for one in known if one.python in by_minor and one.standing >= best.standing)
    existing = next((one for one in here if meets_all(one, tests)), None)
    if existing is not None and _quality(existing) == _quality(best):
        best = existing
    return Choice(
        best=best,
        existing=existing,
        interpreter=by_minor[existing.python] if existing else None,
    )
