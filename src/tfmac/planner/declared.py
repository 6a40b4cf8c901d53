"""What pinned releases declare, on a machine and a Python."""

from collections.abc import Iterator, Sequence
from typing import Optional

from packaging.requirements import Requirement

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases
from tfmac.knowledge.markers import holds
from tfmac.planner.stacks.candidate import Candidate
from tfmac.schema.knowledge import Release
from tfmac.schema.platform import Target


def requirements_of(
    release: Release, target: Target, python: str, extras: Sequence[str] = ()
) -> Iterator[Requirement]:
    """Give what a release requires on a machine and a Python."""
    for text in releases.requirements(release, target):
        requirement = Requirement(text)
        if holds(requirement, target, python, extras):
            yield requirement


def needs(candidate: Candidate, package: str, target: Target) -> Optional[Requirement]:
    """What a candidate's TensorFlow declares about a package on a machine, None for nothing."""
    return declared(candidate.requirements, package, target)


def declared(asked: tuple[str, ...], package: str, target: Target) -> Optional[Requirement]:
    """What pinned releases declare about a package on a machine, None for nothing.

    An empty shell declares nothing; the distribution that it pulls in of the same version does.
    """
    waiting, seen = [Requirement(text) for text in asked], set()
    while waiting:
        requirement = waiting.pop()
        name = normalise(requirement.name)
        if name == package:
            return requirement
        pinned = next((one.version for one in requirement.specifier if one.operator == "=="), None)
        release = releases.release(name, pinned) if pinned else None
        if release is None or name in seen:
            continue
        seen.add(name)
        found = map(Requirement, releases.requirements(release, target))
        waiting += [one for one in found if one.marker is None or "extra" not in str(one.marker)]
    return None
