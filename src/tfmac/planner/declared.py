"""What pinned releases declare, on a machine and a Python."""

import functools
from collections.abc import Iterator, Sequence
from typing import Optional

from packaging.requirements import Requirement

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases, store
from tfmac.knowledge.markers import holds
from tfmac.planner.stacks.candidate import Candidate
from tfmac.schema.knowledge import Release
from tfmac.schema.platform import Target


@functools.lru_cache(maxsize=4096)
def parsed(text: str) -> Requirement:
    """Read a requirement; the same ones are asked for again with each candidate."""
    return Requirement(text)


def requirements_of(
    release: Release, target: Target, python: str, extras: Sequence[str] = ()
) -> Iterator[Requirement]:
    """Give what a release requires on a machine and a Python."""
    for text in releases.requirements(release, target):
        requirement = parsed(text)
        if holds(requirement, target, python, extras):
            yield requirement


def needs(candidate: Candidate, package: str, target: Target) -> Optional[Requirement]:
    """What a candidate's TensorFlow declares about a package on a machine, None for nothing."""
    return declared(candidate.requirements, package, target)


@store.remembered
def declared(asked: tuple[str, ...], package: str, target: Target) -> Optional[Requirement]:
    """What pinned releases declare about a package on a machine, None for nothing.

    An empty shell declares nothing; the distribution that it pulls in of the same version does.
    """
    waiting, seen = [parsed(text) for text in asked], set()
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
        found = map(parsed, releases.requirements(release, target))
        waiting += [one for one in found if one.marker is None or "extra" not in str(one.marker)]
    return None
