"""Whether what the tested device gave is right, and if it gives the same each time.

A bound by type and depth comes first. What exceeds it is measured against how far a sound
computation goes: the reference is repeated with its numbers moved by one unit of their last
place, and a copy in float64 says how exact the reference itself is. So an ill-conditioned layer
raises no alarm, and a sound one costs no extra runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Callable, NamedTuple, Optional

from ..failures import kind_of
from ..frameworks import Array
from .distances import Bound, Distance, distance

REPEATS = 3
_SEEDS = (11, 23, 47)
_DRIFT = 8.0
_SLOPE_DRIFT = 4.0
_TRUTH = 2.0
# Where one unit in the last place moves a result by more than this, it is rounding alone (the
# gradient of a bias before a normalisation): it has a size, but neither elements nor a slope.
_NOISE = 0.05
_NO_KERNEL = (
    "no registered",
    "could not satisfy",
    "not implemented",
    "unimplemented",
    "not currently implemented",
    "not supported on",
    "no kernel",
    "nodef mentions attr",
)
SAME = "same"
WITHIN = "within-tolerance"
WRONG = "wrong"
NOT_DETERMINISTIC = "not-deterministic"
NO_KERNEL = "no-kernel"
UNTESTED = "untested"


def _no_truth() -> None:
    """Say that there is no copy in float64."""


class Runs(NamedTuple):
    """The same work on both devices, as often as it is asked for."""

    reference: Callable[[Optional[int]], Sequence[Optional[Array]]]
    """With a seed: with its numbers moved by one unit of their last place."""
    tested: Callable[[], Sequence[Optional[Array]]]
    truth: Callable[[], Optional[Sequence[Optional[Array]]]] = _no_truth
    """In float64, None where that cannot be had."""


class Judgement(NamedTuple):
    """What was found for one piece of work."""

    outcome: str
    distance: Distance = Distance()
    bound: Optional[Bound] = None
    output: int = 0
    """Which of the results is meant."""
    spread: float = 0.0
    """Root mean square between repetitions on the tested device."""
    nearer: str = ""
    """Whose numbers are nearer to float64: ``reference``, ``tested``; empty when not measured."""
    error: str = ""

    @property
    def departs(self) -> bool:
        """Tell whether this is a fault of the tested device."""
        return self.outcome in {WRONG, NOT_DETERMINISTIC, NO_KERNEL}


def judge(runs: Runs, base: Bound, floor: float = 0.0, *, repeats: int = REPEATS) -> Judgement:
    """Compare the devices. What even the reference cannot do is untested."""
    try:
        expected = runs.reference(None)
    except Exception as error:  # noqa: BLE001 (whatever a layer raises when it is called alone)
        return Judgement(UNTESTED, error=f"the reference fails: {type(error).__name__}: {error}")
    try:
        seen = [runs.tested()]
        while len(seen) < repeats:
            seen.append(runs.tested())
    except Exception as error:  # noqa: BLE001 (it is judged by what it says)
        return _refused(error)
    if len(seen[0]) != len(expected):
        return Judgement(WRONG, Distance(broken=f"{len(seen[0])} results, not {len(expected)}"))
    # The repetition that is farthest away is the one that is judged.
    far = [
        _farthest(expected[place], [one[place] for one in seen], floor)
        for place in range(len(expected))
    ]
    worst = Judgement(SAME)
    for place in range(len(expected)):
        found = _judged(runs, base, floor, place, expected[place], seen, far[place])
        if _rank(found) > _rank(worst):
            worst = found
    return worst


def _farthest(
    expected: Optional[Array], seen: Sequence[Optional[Array]], floor: float
) -> Optional[Array]:
    return max(seen, key=lambda one: _rms(expected, one, floor))


def _rms(expected: Optional[Array], seen: Optional[Array], floor: float) -> float:
    if expected is None or seen is None:
        return 0.0
    found = distance(expected, seen, floor)
    return float("inf") if found.broken else found.rms


def _rank(found: Judgement) -> tuple[int, float]:
    order = (SAME, UNTESTED, WITHIN, NO_KERNEL, WRONG, NOT_DETERMINISTIC)
    excess = 0.0 if found.bound is None else found.bound.excess(found.distance)
    return order.index(found.outcome), excess


def _judged(  # noqa: PLR0917
    runs: Runs,
    base: Bound,
    floor: float,
    place: int,
    expected: Optional[Array],
    seen: Sequence[Sequence[Optional[Array]]],
    far: Optional[Array],
) -> Judgement:
    if expected is None and far is None:
        return Judgement(SAME)
    if expected is None or far is None:
        broken = Distance(equal=False, broken="there is none" if far is None else "there is one")
        return Judgement(WRONG, broken, base, place)
    apart = distance(expected, far, floor)
    spread = _spread([one[place] for one in seen], floor)
    if base.holds(apart) and base.holds(spread):
        outcome = SAME if apart.equal and spread.equal else WITHIN
        return Judgement(outcome, apart, base, place, spread.rms)
    if not base.holds(_repeated(runs, place, expected, floor)):
        return Judgement(UNTESTED, apart, base, place, error="the reference differs each time")
    bound, nearer = _measured(runs, base, floor, place, expected, far)
    if not bound.holds(spread):
        return Judgement(NOT_DETERMINISTIC, apart, bound, place, spread.rms, nearer)
    outcome = WITHIN if bound.holds(apart) else WRONG
    return Judgement(outcome, apart, bound, place, spread.rms, nearer)


def _spread(seen: Sequence[Optional[Array]], floor: float) -> Distance:
    found = Distance()
    for one in seen[1:]:
        if seen[0] is not None and one is not None:
            found = found.worst(distance(seen[0], one, floor))
    return found


def _repeated(runs: Runs, place: int, expected: Array, floor: float) -> Distance:
    again = runs.reference(None)[place]
    return Distance() if again is None else distance(expected, again, floor)


def _measured(  # noqa: PLR0917
    runs: Runs, base: Bound, floor: float, place: int, expected: Array, far: Array
) -> tuple[Bound, str]:
    """Widen a bound by what a sound computation was seen to do."""
    bound = base
    for seed in _SEEDS:
        moved = runs.reference(seed)[place]
        if moved is not None:
            apart = distance(expected, moved, floor)
            if not apart.broken:
                bound = bound.widened(apart, _DRIFT, _SLOPE_DRIFT)
            if apart.rms > _NOISE:
                bound = Bound(bound.rms, math.inf, math.inf)
    truth = runs.truth()
    exact = truth[place] if truth is not None and place < len(truth) else None
    if exact is None or exact.shape != expected.shape:
        return bound, ""
    of_reference, of_tested = distance(exact, expected, floor), distance(exact, far, floor)
    if of_reference.broken:
        return bound, ""
    nearer = "tested" if _less(of_tested, of_reference) else "reference"
    return bound.widened(of_reference, _TRUTH, _TRUTH), nearer


def _less(left: Distance, right: Distance) -> bool:
    return not left.broken and left.rms < right.rms


def _refused(error: Exception) -> Judgement:
    """Word what the tested device raised where the reference did not."""
    if kind_of(error) in {"out-of-memory", "device-lost"}:
        raise error
    said = f"{type(error).__name__}: {error}"[:600]
    known = any(words in said.lower() for words in _NO_KERNEL)
    return Judgement(NO_KERNEL if known else WRONG, Distance(equal=False), error=said)
