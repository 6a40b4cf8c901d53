"""What wished packages need beside TensorFlow and do not declare, as it was measured.

What such a package requires by itself is the resolver's business.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from packaging.requirements import Requirement

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases, satellites
from tfmac.knowledge.markers import holds
from tfmac.knowledge.satellites import Broken, Needs
from tfmac.planner.declared import parsed
from tfmac.planner.demands import release_beside, requirement_of
from tfmac.planner.measured import Bound
from tfmac.planner.stacks import Candidate
from tfmac.schema.plans import Demand, Pin, Rationale, Wish
from tfmac.schema.platform import Target
from tfmac.schema.satellites import Satellite


class Beside(NamedTuple):
    """A wished package of which something is known, and the release that goes with a candidate."""

    requirement: Requirement
    name: str
    version: str


def wished(wish: Wish) -> Iterator[tuple[Demand, Requirement]]:
    """Give what is wished to be installed that something is known of."""
    for demand in wish.demands:
        requirement = requirement_of(demand)
        if demand.constraint or requirement.url is not None:
            continue
        if _known(normalise(requirement.name)):
            yield demand, requirement


def needs(wish: Wish, candidate: Candidate) -> tuple[str, ...]:
    """Give what the wished packages need and neither they nor the candidate declare, each once."""
    own = [parsed(text) for text in candidate.requirements]
    found = (_needs(one.name, one.version, candidate) for one in _beside(wish, candidate))
    return tuple(dict.fromkeys(text for some in found for text in some if not _met(text, own)))


def bounds(wish: Wish, candidate: Candidate) -> Iterator[Bound]:
    """Bind a resolver to releases that work where it would take newer ones that do not."""
    for one in _beside(wish, candidate):
        failing = _newer_that_fails(one, candidate)
        if failing is not None:
            yield Bound(
                requirement=f"{one.name}=={one.version}",
                rationale=_rationale(f"not {failing.package} {failing.version}", failing),
            )


def broken(wish: Wish, candidate: Candidate, pins: Sequence[Pin]) -> Iterator[Bound]:
    """Give what keeps a resolver from the wished packages' releases that do not work."""
    for pin in _wished(wish, candidate, pins):
        seen = satellites.outcome(pin.name, pin.version, candidate.core.version)
        if isinstance(seen, Broken):
            yield Bound(
                requirement=f"{pin.name}!={pin.version}",
                rationale=_rationale(f"not {pin}", seen.evidence[0]),
            )


def lacking(
    wish: Wish, candidate: Candidate, pins: Sequence[Pin], asked: Sequence[str]
) -> tuple[str, ...]:
    """Give what the taken releases of wished packages need and nobody has asked for yet."""
    found = (_needs(pin.name, pin.version, candidate) for pin in _wished(wish, candidate, pins))
    own = [parsed(text) for text in asked]
    return tuple(dict.fromkeys(text for some in found for text in some if not _met(text, own)))


def reasons(wish: Wish, candidate: Candidate, pins: Sequence[Pin]) -> Iterator[Rationale]:
    """Say why there are requirements that no package declares."""
    for pin in _wished(wish, candidate, pins):
        seen = satellites.outcome(pin.name, pin.version, candidate.core.version)
        if isinstance(seen, Needs):
            yield _rationale(
                f"{' and '.join(seen.requirements)}, which {pin} needs and does not declare",
                seen.evidence[0],
            )


def failure(requirement: Requirement, candidate: Candidate, target: Target) -> Optional[Satellite]:
    """Give the run of the newest wished release that failed, where none goes with a candidate."""
    name = normalise(requirement.name)
    if candidate.tensorflow is None or not _known(name):
        return None
    if _release(requirement, candidate, target) is not None:
        return None
    for version in releases.versions(name):
        if requirement.specifier.contains(version):
            seen = satellites.outcome(name, version, candidate.core.version)
            if isinstance(seen, Broken):
                return seen.evidence[0]
    return None


def _release(requirement: Requirement, candidate: Candidate, target: Target) -> Optional[str]:
    extras = tuple(sorted(requirement.extras))
    specifier = str(requirement.specifier)
    return release_beside(candidate, normalise(requirement.name), specifier, extras, target)


def _rationale(statement: str, run: Satellite) -> Rationale:
    return Rationale(
        statement=f"{statement}: beside TensorFlow {run.tensorflow} it failed ({run.error})",
        source=f"measured ({satellites.measured()})",
    )


def _known(name: str) -> bool:
    """Whether something was measured of a package; what is not recorded at all is not asked."""
    return releases.package(name) is not None and name in satellites.packages()


def _beside(wish: Wish, candidate: Candidate) -> Iterator[Beside]:
    for requirement in _requirements(wish, candidate):
        version = _release(requirement, candidate, wish.target)
        if version is not None:
            yield Beside(requirement, normalise(requirement.name), version)


def _requirements(wish: Wish, candidate: Candidate) -> Iterator[Requirement]:
    """Give what of it is to be installed beside a candidate's TensorFlow."""
    for _, requirement in wished(wish) if candidate.tensorflow is not None else ():
        if holds(requirement, wish.target, candidate.python):
            yield requirement


def _wished(wish: Wish, candidate: Candidate, pins: Sequence[Pin]) -> Iterator[Pin]:
    names = {normalise(one.name) for one in _requirements(wish, candidate)}
    return (pin for pin in pins if pin.name in names)


def _needs(name: str, version: str, candidate: Candidate) -> tuple[str, ...]:
    seen = satellites.outcome(name, version, candidate.core.version)
    return seen.requirements if isinstance(seen, Needs) else ()


def _met(text: str, own: Sequence[Requirement]) -> bool:
    """Whether requirements ask for the same already: in these words, or for one of its versions."""
    wanted = parsed(text)
    return any(
        wanted == one
        or any(
            clause.operator == "==" and wanted.specifier.contains(clause.version)
            for clause in one.specifier
            if "*" not in clause.version
        )
        for one in own
        if normalise(one.name) == wanted.name
    )


def _newer_that_fails(one: Beside, candidate: Candidate) -> Optional[Satellite]:
    for version in releases.versions(one.name):
        if version == one.version:
            return None
        if not one.requirement.specifier.contains(version):
            continue
        seen = satellites.outcome(one.name, version, candidate.core.version)
        if isinstance(seen, Broken):
            return seen.evidence[0]
    return None
