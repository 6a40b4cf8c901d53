"""Why an interval goes on beyond the outermost version that was run, if it does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Optional

import msgspec
from packaging.version import Version

from tfmac.schema.combinations import Combination, Interval, Reach

NUMPY = "numpy"
NUMPY_1_CAUSE = "numpy-2-with-numpy-1-binaries"
_LOWEST, _HIGHEST = 0, 1

Installable = Mapping[str, Mapping[str, tuple[str, str]]]


class MinorIntervals(NamedTuple):
    """The intervals of one TensorFlow minor, with the outermost versions that were run there."""

    intervals: tuple[Interval, ...]
    ends: Optional[tuple[str, str]]
    """None for a minor that was not measured: its intervals come from its neighbours."""


def reaching(
    rows: Mapping[int, MinorIntervals], installable: Installable, runs: Mapping[int, Combination]
) -> Iterator[tuple[int, Interval]]:
    """Give all intervals with their reach; ``rows`` are of one package, by TensorFlow minor."""
    reached = {
        second: tuple(_measured(one, row.ends, installable, runs) for one in row.intervals)
        for second, row in rows.items()
        if row.ends is not None
    }
    for second, row in rows.items():
        if second in reached:
            yield from ((second, one) for one in reached[second])
            continue
        earlier = [reached[other] for other in sorted(reached) if other < second]
        later = [reached[other] for other in sorted(reached) if other > second]
        for one in row.intervals:
            yield second, _between(one, earlier[-1:], later[:1])


def _measured(
    interval: Interval,
    ends: tuple[str, str],
    installable: Installable,
    runs: Mapping[int, Combination],
) -> Interval:
    reach: list[Optional[Reach]] = [None, None]
    for end in (_LOWEST, _HIGHEST):
        version = (interval.versions or ends)[end]
        if version == ends[end]:
            there = [runs[place] for place in interval.runs if runs[place].version == version]
            reach[end] = _of_runs(there, end, installable)
    return msgspec.structs.replace(interval, below=reach[_LOWEST], above=reach[_HIGHEST])


def _of_runs(there: Sequence[Combination], end: int, installable: Installable) -> Optional[Reach]:
    """Judge by the runs of the outermost version."""
    downwards = end == _LOWEST
    if any(one.cause == NUMPY_1_CAUSE and (one.package != NUMPY) == downwards for one in there):
        return Reach.NUMPY_1
    for one in there:
        pair = installable.get(one.package, {}).get(one.python)
        if pair is not None and Version(pair[end]) == Version(one.version or "0"):
            return Reach.OLDEST if downwards else Reach.NEWEST
    return None


def _between(
    interval: Interval,
    earlier: Iterable[tuple[Interval, ...]],
    later: Iterable[tuple[Interval, ...]],
) -> Interval:
    """Let an interval of a minor that was not measured reach as far as both neighbours do."""
    reach: list[Optional[Reach]] = [None, None]
    for end in (_LOWEST, _HIGHEST):
        told = [
            _of_neighbour(interval, row, end) for several in (earlier, later) for row in several
        ]
        if len(told) == 2 and told[0] is told[1]:
            reach[end] = told[0]
    return msgspec.structs.replace(interval, below=reach[_LOWEST], above=reach[_HIGHEST])


def _of_neighbour(interval: Interval, row: Sequence[Interval], end: int) -> Optional[Reach]:
    """Tell how a neighbour's interval goes on where this one ends.

    What is built for NumPy 1 does so wherever the neighbour's own points end.
    """
    if interval.versions is None:
        return None
    version = Version(interval.versions[end])
    for one in row:
        if one.versions is None:
            continue
        lowest, highest = (Version(each) for each in one.versions)
        reach = (one.below, one.above)[end]
        if lowest <= version <= highest and (
            reach is Reach.NUMPY_1 or Version(one.versions[end]) == version
        ):
            return reach
    return None
