"""Questions to the packages that were really used beside a TensorFlow: what each needs and hides.

A satellite is a package that is used beside TensorFlow: tensorflow-probability, tensorflow-hub.
Each answer is of one TensorFlow minor, and reaches no further than this:

- A release that was run has the outcome of its run.
- One between two that were run has their outcome where these have the same.
- Nothing is known of others: one that is newer than a broken one may be mended.
- What fails in Python code fails on every machine. What failed in compiled code is not recorded:
  builds for other machines are other builds, and ``extension_abi`` judges those for Macs.

They were run with the newest versions of everything else that the metadata allow, on one Python for
each TensorFlow.
"""

from typing import Optional, Union

import msgspec

from tfmac.knowledge import store
from tfmac.schema.satellites import Satellite, SatelliteTable

FILE = "satellites.json"


class Works(msgspec.Struct, frozen=True, kw_only=True):
    """It works beside TensorFlow with what it declares."""

    evidence: tuple[Satellite, ...]


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """It works only beside ``requirements`` too, which it does not declare."""

    requirements: tuple[str, ...]
    evidence: tuple[Satellite, ...]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """It does not work, whatever was put beside it."""

    evidence: tuple[Satellite, ...]

    @property
    def error(self) -> Optional[str]:
        """That of the first piece of evidence."""
        return self.evidence[0].error

    @property
    def cause(self) -> Optional[str]:
        """The cause of the vocabulary that all pieces of evidence name."""
        causes = {one.cause for one in self.evidence}
        return causes.pop() if len(causes) == 1 else None


class NotMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing can be said."""


Outcome = Union[Works, Needs, Broken, NotMeasured]


def outcome(package: str, version: str, tensorflow: str) -> Outcome:
    """Tell what was seen of a release of a package beside a TensorFlow."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    runs = _runs(package, _minor(tensorflow))
    try:
        wanted = Version(version)
    except InvalidVersion:
        return NotMeasured()
    same = tuple(one for one in runs if Version(one.version) == wanted)
    if same:
        return _answer(same)
    below = [one for one in runs if Version(one.version) < wanted]
    above = [one for one in runs if Version(one.version) > wanted]
    if below and above and _kind(below[-1]) == _kind(above[0]):
        return _answer((above[0], below[-1]))
    return NotMeasured()


def may_work(package: str, version: str, tensorflow: str) -> bool:
    """Whether a release is worth taking: it was seen to work, or nothing newer was seen to fail.

    Where a newer one failed, one that was not run is a guess. Of what is newer than all that were
    run nothing is known, and it may be taken.
    """
    from packaging.version import Version  # noqa: PLC0415

    seen = outcome(package, version, tensorflow)
    if not isinstance(seen, NotMeasured):
        return not isinstance(seen, Broken)
    runs = _runs(package, _minor(tensorflow))
    return not any(not one.works and Version(one.version) > Version(version) for one in runs)


@store.remembered
def packages() -> frozenset[str]:
    """Name the packages of which something is known."""
    table = store.find(FILE, SatelliteTable)
    return frozenset(one.package for one in table.satellites) if table else frozenset()


@store.remembered
def hides_needs(package: str) -> bool:
    """Whether a package was seen to need what it does not declare, or to fail beside TensorFlow."""
    table = store.find(FILE, SatelliteTable)
    runs = (one for one in (table.satellites if table else ()) if one.package == package)
    return any(one.needs or not one.works for one in runs)


def measured() -> str:
    """Say where and when they were run, empty where there are none."""
    table = store.find(FILE, SatelliteTable)
    return f"{table.platform}, {table.measured}" if table else ""


@store.remembered
def _runs(package: str, minor: str) -> tuple[Satellite, ...]:
    """Give what counts of a package beside a TensorFlow minor, the oldest release first."""
    from packaging.version import Version  # noqa: PLC0415

    table = store.find(FILE, SatelliteTable)
    found = (
        one
        for one in (table.satellites if table else ())
        if one.package == package and _minor(one.tensorflow) == minor
    )
    return tuple(sorted(found, key=lambda one: Version(one.version)))


def _kind(run: Satellite) -> tuple[bool, tuple[str, ...]]:
    return run.works, run.needs


def _answer(runs: tuple[Satellite, ...]) -> Outcome:
    first = runs[0]
    if not first.works:
        return Broken(evidence=runs)
    if first.needs:
        return Needs(requirements=first.needs, evidence=runs)
    return Works(evidence=runs)


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
