"""The shipped table: the points of earlier runs and of the journal, and what follows from them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

import msgspec
from packaging.version import Version
from tools.combinations.causes import cause
from tools.combinations.intervals import (
    CLASHES,
    REQUIRER,
    Points,
    clashes,
    intervals,
)
from tools.combinations.messages import error_line
from tools.combinations.reaching import NUMPY
from tools.combinations.records import BASELINE, Record, counting
from tools.combinations.settings import setting

from tfmac.schema.combinations import Combination, CombinationTable
from tfmac.schema.knowledge import Step

SCHEMA_VERSION = 1

Ends = Mapping[str, Mapping[str, tuple[str, str]]]
_Key = tuple[str, str, Optional[str], str, tuple[tuple[str, str], ...]]


class Published(NamedTuple):
    """What the index says about the packages of the points."""

    installable: Ends
    compiled_for_numpy: frozenset[str]
    accepted: Mapping[tuple[str, str, str], bool]
    """For a version of jax, a package and its version: whether the first accepts the last."""


class Measured(NamedTuple):
    """All points, and the environments that they started from."""

    day: str
    platform: str
    baselines: dict[str, dict[str, str]]
    combinations: tuple[Combination, ...]


def measured(
    previous: Optional[CombinationTable], records: Iterable[Record], platform: str
) -> Measured:
    """Put the points of the journal beside those of the previous table; none of these is lost."""
    kept = counting(records)
    baselines = {} if previous is None else dict(previous.baselines)
    for record in kept:
        if record.baseline and _on_own_python(record):
            baselines[record.point.tensorflow] = dict(sorted(record.baseline.items()))
    points = {_key(one): one for one in (previous.combinations if previous else ())}
    for record in kept:
        if record.point.package != BASELINE and record.outcome is not None:
            one = _combination(record)
            points[_key(one)] = one
    for own in _own(points.values(), kept, baselines):
        points.setdefault(_key(own), own)
    named = (_with_cause(one, baselines) for one in points.values())
    days = [record.day for record in kept]
    return Measured(
        day=max([*days, previous.measured if previous else ""]),
        platform=platform,
        baselines={name: baselines[name] for name in sorted(baselines, key=Version)},
        combinations=tuple(sorted(named, key=_order)),
    )


def table(points: Measured, published: Published) -> CombinationTable:
    """Derive the table from all points and what could be installed."""
    base = Points(
        combinations=points.combinations,
        baselines=points.baselines,
        installable=published.installable,
        compiled_for_numpy=published.compiled_for_numpy,
        contradicting={name: _refused(points, published, name) for name in CLASHES},
    )
    return CombinationTable(
        schema_version=SCHEMA_VERSION,
        measured=points.day,
        platform=points.platform,
        baselines=points.baselines,
        installable={
            package: dict(sorted(published.installable[package].items()))
            for package in sorted(published.installable)
        },
        compiled_for_numpy=tuple(sorted(published.compiled_for_numpy)),
        combinations=points.combinations,
        intervals=intervals(base),
        clashes=clashes(base),
    )


def environment(one: Combination, points: Measured) -> dict[str, str]:
    """Give the versions that were there when a point was run."""
    versions = {**points.baselines.get(one.tensorflow, {}), **one.beside}
    if one.version is None:
        versions.pop(one.package, None)
    else:
        versions[one.package] = one.version
    return versions


def _refused(points: Measured, published: Published, package: str) -> frozenset[int]:
    """Find the points in which jax does not accept a package."""
    found: set[int] = set()
    for place, one in enumerate(points.combinations):
        versions = environment(one, points)
        pair = (versions.get(REQUIRER, ""), package, versions.get(package, ""))
        if not published.accepted.get(pair, True):
            found.add(place)
    return frozenset(found)


def encoded(made: CombinationTable) -> bytes:
    """Encode a table with one record a line."""
    fields = msgspec.to_builtins(made)
    parts = [f'"{name}":{_lines(value)}' for name, value in fields.items()]
    return ("{" + ",\n".join(parts) + "}\n").encode()


def _on_own_python(record: Record) -> bool:
    """The table has room for one baseline of a release: that on the release's own Python."""
    return record.point.python == setting(record.point.tensorflow).python


def _lines(value: object) -> str:
    if isinstance(value, dict) and value:
        rows = [f"{_one(key)}:{_one(value[key])}" for key in value]
        return "{\n" + ",\n".join(rows) + "\n}"
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(_one(row) for row in value) + "\n]"
    return _one(value)


def _one(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _key(one: Combination) -> _Key:
    beside = tuple(sorted(one.beside.items()))
    return one.tensorflow, one.package, one.version, one.python, beside


def _combination(record: Record) -> Combination:
    outcome = record.outcome
    assert outcome is not None  # noqa: S101 - for the type checker: the caller looked
    return Combination(
        tensorflow=record.point.tensorflow,
        package=record.point.package,
        version=record.point.version,
        python=record.point.python,
        step=outcome.step,
        error=error_line(outcome),
        beside=dict(record.point.beside),
    )


def _own(
    points: Iterable[Combination],
    kept: Iterable[Record],
    baselines: Mapping[str, Mapping[str, str]],
) -> list[Combination]:
    """Give the points that the baselines are for all packages that were ever changed."""
    started = {(name, setting(name).python): versions for name, versions in baselines.items()}
    for record in kept:
        if record.baseline:
            started[record.point.tensorflow, record.point.python] = record.baseline
    changed = sorted({one.package for one in points})
    return [
        Combination(
            tensorflow=tensorflow,
            package=package,
            version=versions[package],
            python=python,
            step=Step.WORKS,
        )
        for (tensorflow, python), versions in sorted(started.items())
        for package in changed
        if package in versions
    ]


def _with_cause(one: Combination, baselines: Mapping[str, Mapping[str, str]]) -> Combination:
    numpy = {**baselines[one.tensorflow], **one.beside}.get(NUMPY)
    if one.package == NUMPY:
        numpy = one.version
    return msgspec.structs.replace(one, cause=cause(one, numpy))


def _order(one: Combination) -> tuple[object, ...]:
    return (
        Version(one.tensorflow),
        one.package,
        one.version is not None,
        Version(one.version or "0"),
        Version(one.python),
        tuple(sorted(one.beside.items())),
    )
