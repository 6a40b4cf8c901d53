"""From points to intervals: a pure function of what was run and what could be installed.

Docs: ``docs/knowledge.md``, section Measured combinations.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Optional

import msgspec
from packaging.version import Version
from tools.combinations.bisection import breaks
from tools.combinations.grid import Cell, Row, agreed, common, grid
from tools.combinations.reaching import NUMPY, NUMPY_1_CAUSE, MinorIntervals, reaching
from tools.combinations.settings import minor

from tfmac.schema.combinations import Clash, Combination, Interval
from tfmac.schema.knowledge import Step

REQUIRER = "jax"
CLASHES = {"jaxlib": "jaxlib-not-matching-jax"}
"""What jax checks when it is imported, and the cause that its refusal is a sign of."""

_MISSING = re.compile(r"No module named '(\w+)")
_TENSORFLOW_MODULES = frozenset({"tensorflow", "keras", "google", "distutils", "imp"})
_STEPS = tuple(Step)


class Points(NamedTuple):
    """The points, with what is needed to reason over them."""

    combinations: Sequence[Combination]
    baselines: Mapping[str, Mapping[str, str]]
    installable: Mapping[str, Mapping[str, tuple[str, str]]]
    compiled_for_numpy: frozenset[str]
    contradicting: Mapping[str, frozenset[int]]
    """Positions of the points in which jax does not accept a package, by package."""


class _Group(NamedTuple):
    package: str
    numpy: Optional[int]
    python: Optional[str]


Run = tuple[int, Combination]


def intervals(points: Points) -> tuple[Interval, ...]:
    """Derive all intervals, by package, TensorFlow and version."""
    found: list[Interval] = []
    for group, runs in _groups(points):
        present = [run for run in runs if run[1].version is not None]
        absent = [run for run in runs if run[1].version is None]
        rows = [*_absent(group, absent), *_present(group, present, points)]
        found += _merged(rows, dict(runs))
    return tuple(sorted(found, key=_order))


def generation(points: Points, run: Combination) -> Optional[int]:
    """Tell the NumPy generation that was in an environment, None where NumPy was taken out."""
    version = {**points.baselines.get(run.tensorflow, {}), **run.beside}.get(NUMPY)
    if run.package == NUMPY:
        version = run.version
    return Version(version).major if version else None


def lacks_another(run: Combination) -> bool:
    """Whether a run broke because a module of a third package was missing."""
    match = _MISSING.search(run.error or "")
    if match is None or run.version is None:
        return False
    return match.group(1) not in {*_TENSORFLOW_MODULES, run.package.replace("-", "_")}


def _groups(points: Points) -> Iterator[tuple[_Group, list[Run]]]:
    """Part the points by what has to be the same: package, NumPy and, where it matters, Python."""
    by_package: dict[tuple[str, Optional[int]], list[Run]] = {}
    refused = frozenset().union(*points.contradicting.values())
    for place, one in enumerate(points.combinations):
        if place in refused or lacks_another(one):
            continue
        matters = one.package in points.compiled_for_numpy and one.version is not None
        numpy = generation(points, one) if matters else None
        by_package.setdefault((one.package, numpy), []).append((place, one))
    for (package, numpy), runs in by_package.items():
        apart = _minors_apart(runs, points.installable.get(package, {}))
        yield (
            _Group(package, numpy, None),
            [run for run in runs if minor(run[1].tensorflow) not in apart],
        )
        parted = [run for run in runs if minor(run[1].tensorflow) in apart]
        for python in sorted({one.python for _, one in parted}):
            yield (
                _Group(package, numpy, python),
                [run for run in parted if run[1].python == python],
            )


def _minors_apart(
    runs: Sequence[Run], installable: Mapping[str, tuple[str, str]]
) -> frozenset[tuple[int, int]]:
    """Find the TensorFlow minors beside which the points of two Pythons contradict each other."""
    apart: set[tuple[int, int]] = set()
    for number in {minor(one.tensorflow) for _, one in runs}:
        here = [one for _, one in runs if minor(one.tensorflow) == number]
        for python in {one.python for one in here}:
            own = [one for one in here if one.python == python]
            others = [one for one in here if one.python != python]
            oldest = installable.get(python, ("", ""))[0]
            told = ((claimed(own, one.version, oldest), breaks(one.step)) for one in others)
            if any(said not in {None, seen} for said, seen in told):
                apart.add(number)
    return frozenset(apart)


def claimed(points: Sequence[Combination], version: Optional[str], oldest: str) -> Optional[bool]:
    """Whether points say that a version breaks; None where they say nothing.

    The oldest one that can be installed says it of all before it, if it breaks.
    """
    if version is None:
        return _one(breaks(one.step) for one in points if one.version is None)
    wanted = Version(version)
    known = sorted(
        (Version(one.version), breaks(one.step)) for one in points if one.version is not None
    )
    below = [broken for place, broken in known if place <= wanted]
    above = [broken for place, broken in known if place >= wanted]
    if below and above:
        return _one((below[-1], above[0]))
    reaches = any(one.version == oldest for one in points)
    return True if above and above[0] and reaches else None


def _one(outcomes: Iterable[bool]) -> Optional[bool]:
    """Give the outcome that all have, None where they differ or there are none."""
    several = set(outcomes)
    return several.pop() if len(several) == 1 else None


def _absent(group: _Group, runs: Sequence[Run]) -> Iterator[tuple[int, Interval]]:
    """Give for each TensorFlow minor what the absence of a package does."""
    rows: dict[int, Cell] = {}
    for second in sorted({minor(one.tensorflow)[1] for _, one in runs}):
        cell = agreed(run for run in runs if minor(run[1].tensorflow)[1] == second)
        if cell is not None and cell.kind is not None:
            rows[second] = cell
    lookup = dict(runs)
    for second, cell in _filled(rows):
        yield second, _interval(group, second, None, cell, lookup)


def _filled(rows: Mapping[int, Cell]) -> Iterator[tuple[int, Cell]]:
    """Give the cells of TensorFlow minors, and of those between two that agree."""
    for earlier, later in itertools.zip_longest(rows, list(rows)[1:]):
        yield earlier, rows[earlier]
        between = common(rows[earlier], rows[later]) if later is not None else None
        if between is not None:
            for second in range(earlier + 1, later):
                yield second, between


def _present(group: _Group, runs: Sequence[Run], points: Points) -> Iterator[tuple[int, Interval]]:
    """Give for each TensorFlow minor its intervals of versions."""
    made = grid(runs)
    lookup = dict(runs)
    rows: dict[int, MinorIntervals] = {}
    for number, row in made.rows.items():
        own = sorted(
            (one.version for _, one in runs if one.version and minor(one.tensorflow) == number),
            key=Version,
        )
        several = tuple(
            _interval(group, number[1], (made.versions[first], made.versions[last]), cell, lookup)
            for first, last, cell in _stretches(row)
        )
        rows[number[1]] = MinorIntervals(several, (own[0], own[-1]) if own else None)
    yield from reaching(rows, points.installable, lookup)


def _stretches(row: Row) -> Iterator[tuple[int, int, Cell]]:
    """Give runs of cells with one outcome, as places of their first and last version."""
    for _, same in itertools.groupby(enumerate(row), lambda each: each[1] and each[1].kind):
        cells = [(place, cell) for place, cell in same if cell is not None and cell.kind]
        places = [place for place, _ in cells if place % 2 == 0]
        if places:
            inside = [cell for place, cell in cells if places[0] <= place <= places[-1]]
            runs = frozenset().union(*(cell.runs for cell in inside))
            yield places[0] // 2, places[-1] // 2, Cell(inside[0].kind, runs)


def _interval(
    group: _Group,
    second: int,
    versions: Optional[tuple[str, str]],
    cell: Cell,
    lookup: Mapping[int, Combination],
) -> Interval:
    ordered = sorted(cell.runs, key=lambda place: _run_order(lookup[place]))
    runs = [lookup[place] for place in ordered]
    causes = {one.cause for one in runs}
    numpy_matters = group.numpy is not None or NUMPY_1_CAUSE in causes
    return Interval(
        package=group.package,
        tensorflow=(f"2.{second}", f"2.{second}"),
        step=max((one.step for one in runs), key=_STEPS.index),
        runs=tuple(ordered),
        versions=versions,
        cause=runs[0].cause if len(causes) == 1 else None,
        error=runs[-1].error,
        numpy=(group.numpy or 2) if numpy_matters and group.package != NUMPY else None,
        python=group.python,
    )


def _merged(
    rows: Iterable[tuple[int, Interval]], lookup: Mapping[int, Combination]
) -> Iterator[Interval]:
    """Join intervals that say the same of neighbouring TensorFlow minors."""
    groups: dict[object, list[tuple[int, Interval]]] = {}
    for second, one in rows:
        key = (one.versions, one.below, one.above, one.cause, one.step)
        groups.setdefault(key, []).append((second, one))
    for same in groups.values():
        same.sort(key=lambda each: each[0])
        first = 0
        for place in range(1, len(same) + 1):
            if place == len(same) or same[place][0] != same[place - 1][0] + 1:
                yield _joined([one for _, one in same[first:place]], lookup)
                first = place


def _joined(several: Sequence[Interval], lookup: Mapping[int, Combination]) -> Interval:
    runs = {place for one in several for place in one.runs}
    return msgspec.structs.replace(
        several[0],
        tensorflow=(several[0].tensorflow[0], several[-1].tensorflow[1]),
        runs=tuple(sorted(runs, key=lambda place: _run_order(lookup[place]))),
        error=several[-1].error,
    )


def clashes(points: Points) -> tuple[Clash, ...]:
    """Derive where a package's own requirement decides, from pairs that contradict it.

    A TensorFlow minor counts when all its contradicting pairs break, and an error names the pair.
    """
    found: list[Clash] = []
    for package, cause in CLASHES.items():
        refused = sorted(points.contradicting.get(package, frozenset()))
        runs = [(place, points.combinations[place]) for place in refused]
        rows: dict[int, Cell] = {}
        for second in sorted({minor(one.tensorflow)[1] for _, one in runs}):
            here = [run for run in runs if minor(run[1].tensorflow)[1] == second]
            cell = agreed(here)
            named = any(one.cause == cause for _, one in here)
            if cell is not None and cell.kind is Step.FIT and named:
                rows[second] = cell
        group, lookup = _Group(package, None, None), dict(runs)
        several = [
            (each, _interval(group, each, None, cell, lookup)) for each, cell in _filled(rows)
        ]
        found += [_clash(one) for one in _merged(several, lookup)]
    return tuple(found)


def _clash(one: Interval) -> Clash:
    return Clash(
        requirer=REQUIRER,
        package=one.package,
        tensorflow=one.tensorflow,
        step=one.step,
        runs=one.runs,
        cause=one.cause,
        error=one.error,
    )


def _run_order(one: Combination) -> tuple[Version, tuple[int, int], Version]:
    return Version(one.version or "0"), minor(one.tensorflow), Version(one.tensorflow)


def _order(one: Interval) -> tuple[object, ...]:
    lowest, highest = one.versions or ("0", "0")
    return (
        one.package,
        minor(one.tensorflow[0]),
        one.versions is not None,
        Version(lowest),
        Version(highest),
        one.numpy or 0,
        one.python or "",
    )
