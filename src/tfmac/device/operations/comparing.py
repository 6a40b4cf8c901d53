"""Whether results on two devices are the same, sound, or one of them wrong.

Two sound devices round differently. How far they may be apart follows from the type and from how
many products or sums go into a number; what is farther apart is judged by the same computation in
double precision: the tested device is wrong if it is beyond the tolerance of that and much farther
from it than the reference is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

import numpy as np

from ..measures import Measures, measures
from ..precision import EPSILON

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = Any

SAME, WITHIN, WRONG = "same", "within-tolerance", "wrong"
# The tested device is not blamed for an error that is not this many times the reference's.
FARTHER = 4.0
# A reference that is so far from double precision is rounding alone, as is the gradient of a key
# bias in an attention, which has to be zero.
ROUNDING_ALONE = 0.05
_REDUCED = ("float16", "bfloat16")
# A common factor of few numbers says nothing.
_ENOUGH_FOR_SLOPE = 32


class Finding(NamedTuple):
    """What came out for one way of running an operation."""

    verdict: str
    detail: str = ""
    distance: Measures = Measures()
    tolerance: Optional[Measures] = None
    tested_error: Optional[Measures] = None
    reference_error: Optional[Measures] = None


def tolerance(dtype: str, terms: int, *, rounds_each: bool = False) -> Measures:
    """Return the tolerance of a type, for so many terms in a number.

    Sums in reduced precision are made in single precision and rounded once at their end, so their
    number does not count, unless every step of it is a result that is rounded (``rounds_each``).
    What adds up differently is settled by double precision.
    """
    epsilon = EPSILON.get(dtype, EPSILON["float32"])
    spread = math.sqrt(max(terms, 1))
    if dtype in _REDUCED:
        grown = spread if rounds_each else 1.0
        return Measures(2.5 * epsilon * grown, 16 * epsilon * grown, 0.75 * epsilon * grown)
    return Measures(16 * epsilon * spread, 128 * epsilon * spread, 16 * epsilon * spread)


def identical(tested: Sequence[Array], reference: Sequence[Array]) -> bool:
    """Tell whether two lists of arrays agree to the last bit."""
    return len(tested) == len(reference) and all(
        one.shape == other.shape
        and one.dtype == other.dtype
        and bool(np.all((one == other) | ((one != one) & (other != other))))  # noqa: PLR0124 (NaN)
        for one, other in zip(tested, reference)
    )


def shapes_differ(tested: Sequence[Array], reference: Sequence[Array]) -> str:
    """Say what is different about number, shape or type of results; empty where nothing is."""
    one, other = _described(tested), _described(reference)
    return "" if one == other else f"gives {one}, the reference {other}"


def furthest(tested: Sequence[Array], reference: Sequence[Array]) -> Measures:
    """Return the largest distances over all arrays; infinite where NaN or infinities differ."""
    found = [_distance(one, other) for one, other in zip(tested, reference)]
    return Measures(*(max(values) for values in zip(*found))) if found else Measures()


def beyond(distance: Measures, allowed: Measures) -> bool:
    """Tell whether a distance is more than rounding."""
    return any(is_ > may for is_, may in zip(distance, allowed))


def judge(
    tested: Sequence[Array],
    reference: Sequence[Array],
    allowed: Measures,
    exact: Callable[[], Optional[Sequence[Array]]],
) -> Finding:
    """Compare results. ``exact`` is asked for the result in double precision where it matters."""
    if identical(tested, reference):
        return Finding(SAME)
    differ = shapes_differ(tested, reference)
    if differ:
        return Finding(WRONG, differ)
    whole = _whole_numbers(tested, reference)
    if whole:
        return Finding(WRONG, whole)
    distance = furthest(tested, reference)
    if not beyond(distance, allowed):
        return Finding(WITHIN, "", distance, allowed)
    truth = exact()
    if truth is None or len(truth) != len(tested):
        return Finding(WRONG, "no double precision to ask", distance, allowed)
    judged = [_by_truth(*arrays, allowed) for arrays in zip(tested, reference, truth)]
    return next((one for one in judged if one.verdict == WRONG), max(judged, key=_worst))


def _by_truth(tested: Array, reference: Array, truth: Array, allowed: Measures) -> Finding:
    """Judge one array by its result in double precision."""
    distance = _distance(tested, reference)
    mine, its = _distance(tested, truth), _distance(reference, truth)
    if its.rms > ROUNDING_ALONE:
        # What has to be zero is rounding on every device: it has a size, and no right value.
        detail = "it is rounding alone: the reference has no right digit either"
        return Finding(WITHIN, detail, Measures(), allowed, mine, its)
    to_blame = any(
        apart > may and error > may and error > FARTHER * other
        for apart, may, error, other in zip(distance, allowed, mine, its)
    )
    detail = "" if to_blame else "the reference is as far from double precision"
    return Finding(WRONG if to_blame else WITHIN, detail, distance, allowed, mine, its)


def _worst(finding: Finding) -> float:
    return finding.distance.rms


def _described(arrays: Sequence[Array]) -> str:
    return ", ".join(f"{one.dtype}{list(one.shape)}" for one in arrays) or "nothing"


def _is_whole(array: Array) -> bool:
    return array.dtype.kind in "biu"


def _whole_numbers(tested: Sequence[Array], reference: Sequence[Array]) -> str:
    """Say how many integers or truth values differ: those are not rounded."""
    for number, (one, other) in enumerate(zip(tested, reference)):
        if _is_whole(one) and not np.array_equal(one, other):
            count = int(np.count_nonzero(one != other))
            return f"{count} of {one.size} values of result {number + 1} differ ({one.dtype})"
    return ""


def _distance(tested: Array, reference: Array) -> Measures:
    if _is_whole(tested) or tested.size == 0:
        return Measures()
    one, other = tested.astype(np.float64), reference.astype(np.float64)
    finite = np.isfinite(other)
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True) or not np.all(
        np.isfinite(one[finite])
    ):
        return Measures(math.inf, math.inf, math.inf)
    one, other = one[finite], other[finite]
    if one.size == 0:
        return Measures()
    # Zeros have nothing to be relative to: they have to be zeros, up to what rounds to nothing.
    found = measures(other, one, floor=0.0 if np.any(other) else 1.0)
    return found if one.size >= _ENOUGH_FOR_SLOPE else found._replace(slope=0.0)
