"""Which versions to run next: the ends, some between them, then towards each boundary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from packaging.version import Version

from tfmac.schema.knowledge import Step

BREAKING = frozenset({Step.IMPORT, Step.FIT})
"""The steps that no program gets around. A later one depends on what a program does."""

Boundary = tuple[str, str]
"""Two versions with different outcomes, the older one first."""


def breaks(step: Step) -> bool:
    """Whether the import or a fit fails."""
    return step in BREAKING


def next_version(
    versions: Sequence[str],
    known: Mapping[str, Step],
    *,
    between: int = 0,
    hints: Iterable[Boundary] = (),
) -> Optional[str]:
    """Choose the version that tells most, or None when nothing is left to find.

    ``versions`` can be installed, oldest first. ``between`` versions are run between the ends even
    if both have the same outcome. ``hints`` are boundaries found elsewhere, which are tried first.
    """
    if not versions:
        return None
    for version in (versions[0], versions[-1]):
        if version not in known:
            return version
    series = {_series(version) for version in known}
    for version in _spread(versions, between):
        if _series(version) not in series:
            return version
    places = {Version(version): place for place, version in enumerate(versions)}
    measured = [places[Version(one)] for one in known if Version(one) in places]
    measured.sort()
    for left, right in zip(measured, measured[1:]):
        if right - left < 2 or breaks(known[versions[left]]) == breaks(known[versions[right]]):
            continue
        inside = versions[left + 1 : right]
        return next((one for one in _flat(hints) if one in inside), inside[len(inside) // 2])
    return None


def boundaries(known: Mapping[str, Step]) -> tuple[Boundary, ...]:
    """List the neighbours of which one breaks and the other does not."""
    ordered = sorted(known, key=Version)
    return tuple(
        (older, newer)
        for older, newer in zip(ordered, ordered[1:])
        if breaks(known[older]) != breaks(known[newer])
    )


def _series(version: str) -> tuple[int, ...]:
    return Version(version).release[:2]


def _spread(versions: Sequence[str], count: int) -> tuple[str, ...]:
    """Choose versions at even distances between the ends: the last of their series."""
    series: dict[tuple[int, ...], str] = {}
    for version in versions:
        series[_series(version)] = version
    last = [one for one in series.values() if one not in (versions[0], versions[-1])]
    if len(last) <= count:
        return tuple(last)
    return tuple(last[(2 * place + 1) * len(last) // (2 * count)] for place in range(count))


def _flat(hints: Iterable[Boundary]) -> tuple[str, ...]:
    return tuple(version for boundary in hints for version in boundary)
