"""The two copies of the model that are compared, and the judge of them in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from ..frameworks import Array, Framework
from ..subjects.sides import Side
from ..subjects.subject import wide_side
from .tracing import Replay


class Pair:
    """The reference and the tested copy, both from the same state."""

    def __init__(self, reference: Side, tested: Side, model_name: str = "") -> None:
        self.model_name = model_name
        self.framework: Framework = reference.framework
        self.reference = reference
        self.tested = tested
        self.start: list[Array] = reference.state()
        self._wide: Side | None = None
        self._wide_sought = False

    def wide(self) -> Side | None:
        """Return the copy in float64, made when it is first asked for; None where it fails."""
        if not self._wide_sought:
            self._wide_sought = True
            self._wide = wide_side(self.reference)
            if self._wide is not None and len(self._wide.places) != len(self.reference.places):
                self._wide = None
        return self._wide

    def replays(self, state: Sequence[Array]) -> Replays:
        """Return what calls layers of both sides again from a state."""
        return Replays(self, state)

    def restore(self) -> None:
        """Put both sides back to the start."""
        self.reference.restore(self.start)
        self.tested.restore(self.start)


class Replays:
    """Calls of single layers on both sides."""

    def __init__(self, pair: Pair, state: Sequence[Array]) -> None:
        self._pair = pair
        self._state = state
        self.reference = Replay(pair.reference, state)
        self.tested = Replay(pair.tested, state)
        self._wide: Replay | None = None

    def truth(self, work: Callable[[Replay], Any]) -> Any:
        """Do some work on the copy in float64; None where there is none or it fails there."""
        side = self._pair.wide()
        if side is None:
            return None
        if self._wide is None:
            self._wide = Replay(side, self._state)
        try:
            return work(self._wide)
        except Exception:  # noqa: BLE001 (the copy is a help that may be missing)
            return None
