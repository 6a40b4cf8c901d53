"""Which device is faster, from which batch size on, and how sure that is: numbers alone."""

import math
import statistics
from collections.abc import Sequence
from typing import Optional

import msgspec

from tfmac.schema.bench import CrossoverKind, Faster, Spread

CONFIDENCE = 0.95
# Five values lie all on one side of the true median in 6 of 100 runs.
FEWEST = 6
# Two processes of the same work differ by so much through where their memory happens to lie.
INDIFFERENT = 0.02


class Won(msgspec.Struct, frozen=True, kw_only=True):
    """Which device was faster at one batch size; None where one of them has no time."""

    batch: int
    faster: Optional[Faster]


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some values with the bounds that hold it in 95 of 100 runs.

    Raise ``ValueError`` for none.
    """
    if not values:
        raise ValueError("there is nothing to take a median of")
    ordered = sorted(values)
    left_out = _left_out(len(ordered))
    return Spread(
        median=statistics.median(ordered),
        lower=ordered[left_out],
        upper=ordered[-1 - left_out],
        count=len(ordered),
    )


def _left_out(count: int) -> int:
    """Return how many values at either end lie outside the bounds.

    The true median is below the k-th smallest of n values with the probability that fewer than k
    of n tosses of a coin show heads.
    """
    outside, k = 0.0, 0
    while True:
        outside += 2 * math.comb(count, k) / 2**count
        if outside > 1 - CONFIDENCE:
            return max(0, k - 1)
        k += 1


def ratio(tested: Sequence[float], reference: Sequence[float]) -> Spread:
    """Return how many times as fast the tested device is, from times that were taken in pairs."""
    return spread([slow / fast for slow, fast in zip(reference, tested)])


def faster(ratio: Spread) -> Faster:
    """Say which device is faster, if the bounds of their ratio leave no doubt.

    Fewer values than have such bounds never do.
    """
    if ratio.count < FEWEST:
        return Faster.UNDECIDED
    if ratio.lower > 1 + INDIFFERENT:
        return Faster.TESTED
    if ratio.upper < 1 / (1 + INDIFFERENT):
        return Faster.REFERENCE
    return Faster.UNDECIDED


def crossover(won: Sequence[Won]) -> tuple[CrossoverKind, Optional[int]]:
    """Say from which batch size on the tested device is faster at every size that was timed."""
    timed = sorted((one for one in won if one.faster is not None), key=lambda one: one.batch)
    if not timed:
        return CrossoverKind.NOT_TIMED, None
    wins = [one.faster is Faster.TESTED for one in timed]
    if all(wins):
        return CrossoverKind.ALWAYS, None
    if wins[-1]:
        last_not_won = max(place for place, win in enumerate(wins) if not win)
        return CrossoverKind.FROM, timed[last_not_won + 1].batch
    if any(wins):
        return CrossoverKind.MIXED, None
    if all(one.faster is Faster.REFERENCE for one in timed):
        return CrossoverKind.NEVER, None
    return CrossoverKind.UNDECIDED, None
