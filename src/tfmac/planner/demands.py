"""Whether a stack goes together with what a user asks for beside it, by the recorded releases.

Of a package that is not recorded nothing is known here: the resolver decides about it.
"""

from collections.abc import Iterator
from typing import Optional

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import extension_abi, releases, satellites, store
from tfmac.knowledge.markers import holds
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.planner.declared import declared, parsed, requirements_of
from tfmac.planner.stacks import METAL, METAL_PLUGIN, Candidate, Release
from tfmac.planner.stacks.candidate import pythons_of
from tfmac.schema.knowledge import Release as RecordedRelease
from tfmac.schema.plans import Demand, Wish
from tfmac.schema.platform import Target

_PLUGINS = frozenset({METAL, METAL_PLUGIN})


class InvalidWish(ValueError):
    """A wish that cannot be read, with the wish and the form that it should have."""


def requirement_of(demand: Demand) -> Requirement:
    """Read a demand; raise ``InvalidWish``."""
    named = f"{demand.origin} {demand.text!r}"
    try:
        requirement = Requirement(demand.text)
    except InvalidRequirement as error:
        raise InvalidWish(f"{named} is not a requirement: {error}") from error
    if requirement.url is not None and "://" not in requirement.url:
        raise InvalidWish(f"{named}: {requirement.url!r} is not an address")
    return requirement


def allows(candidate: Candidate, constraint: Requirement, target: Target) -> bool:
    """Whether a candidate can do with a constraint; what it does not need is not asked for."""
    name = normalise(constraint.name)
    needed = name in {candidate.core.name, candidate.plugin.name if candidate.plugin else ""}
    if not needed and declared(candidate.requirements, name, target) is None:
        return True
    return fits(candidate, constraint, target)


def fits(candidate: Candidate, requirement: Requirement, target: Target) -> bool:
    """Whether some release meets a requirement beside a candidate, as far as that is recorded."""
    if requirement.url is not None or not holds(requirement, target, candidate.python):
        return True
    name = normalise(requirement.name)
    if name in _PLUGINS:
        plugin = candidate.plugin
        return plugin is not None and plugin.name == name and _allows(requirement, plugin.version)
    allowed = _allowed(candidate, name, requirement.specifier, target)
    if name in TENSORFLOW_NAMES and name != candidate.core.name and allowed is None:
        return False
    if releases.package(name) is None:
        return True
    extras = tuple(sorted(requirement.extras))
    specifier = str(requirement.specifier if allowed is None else allowed)
    return release_beside(candidate, name, specifier, extras, target) is not None


def _allows(requirement: Requirement, version: str) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _allowed(
    candidate: Candidate, name: str, wanted: SpecifierSet, target: Target
) -> Optional[SpecifierSet]:
    """Draw a specifier together with what the candidate needs; None where it needs nothing."""
    said = declared(candidate.requirements, name, target)
    bounds = [one for one in map(parsed, candidate.constraints) if one.name == name]
    if said is None and not bounds:
        return None
    for one in bounds if said is None else (said, *bounds):
        wanted &= one.specifier
    return wanted


def extension_pins(candidate: Candidate, wish: Wish) -> Iterator[str]:
    """Bind each wished native extension to the release that loads: no metadata does."""
    for demand in wish.demands:
        requirement = requirement_of(demand)
        name = normalise(requirement.name)
        if demand.constraint or name not in extension_abi.extensions() or name in _PLUGINS:
            continue
        if candidate.tensorflow is None or not holds(requirement, wish.target, candidate.python):
            continue
        specifier = str(requirement.specifier)
        found = release_beside(candidate, name, specifier, (), wish.target)
        if found is not None:
            yield f"{name}=={found}"


def release_beside(
    candidate: Candidate, name: str, specifier: str, extras: tuple[str, ...], target: Target
) -> Optional[str]:
    """Give the newest release of a recorded package that goes together with a candidate."""
    return _newest_beside(
        name, specifier, extras, core=candidate.core, python=candidate.python, target=target
    )


@store.remembered
def _newest_beside(
    name: str,
    specifier: str,
    extras: tuple[str, ...],
    *,
    core: Release,
    python: str,
    target: Target,
) -> Optional[str]:
    """Give the newest release of a package that goes together with a stack, if any does."""
    wanted = SpecifierSet(specifier)
    # An installer takes a withdrawn release where it is asked for by its very version.
    exact = any(one.operator == "==" for one in wanted)
    for version in releases.versions(name, prereleases=bool(wanted.prereleases), yanked=exact):
        if not wanted.contains(version, prereleases=True):
            continue
        release = releases.release(name, version)
        if (
            release is not None
            and _installable(release, target, python)
            and _agrees(release, core, python, extras, target)
            and _loads(name, version, core, target)
            and _may_work(name, version, core)
        ):
            return version
    return None


def _installable(release: RecordedRelease, target: Target, python: str) -> bool:
    if releases.has_wheel(release, target, python):
        return True
    allowed = SpecifierSet(releases.requires_python(release, target) or "")
    return release.sdist and allowed.contains(python)


def _agrees(
    release: RecordedRelease, core: Release, python: str, extras: tuple[str, ...], target: Target
) -> bool:
    """Whether a release accepts the stack's core, as far as it says."""
    return all(
        requirement.name != core.name or _allows(requirement, core.version)
        for requirement in requirements_of(release, target, python, extras)
    )


def _loads(name: str, version: str, core: Release, target: Target) -> bool:
    """Whether a native extension loads into a TensorFlow; what is recorded is for ARM Macs."""
    if name not in extension_abi.extensions() or not target.apple_silicon:
        return True
    if core.name not in extension_abi.frameworks(name):
        return True
    pairs = extension_abi.pairs_that_load(
        name, framework=core.name, framework_version=core.version, extension_version=version
    )
    return bool(pairs)


def _may_work(name: str, version: str, core: Release) -> bool:
    """Whether a release was not seen to fail where it was used beside a TensorFlow."""
    if core.name not in TENSORFLOW_NAMES or name not in satellites.packages():
        return True
    return satellites.may_work(name, version, core.version)


def way_out(requirement: Requirement, target: Target) -> Optional[str]:
    """Say for which machines and Pythons a recorded package has wheels; None where it is fine."""
    name = normalise(requirement.name)
    if releases.package(name) is None:
        return None
    with_wheels = [
        (version, pythons)
        for version in releases.versions(name)
        if _allows(requirement, version) and (pythons := pythons_of(name, version, target))
    ]
    if with_wheels:
        version, pythons = with_wheels[0]
        return (
            f"{name} {version} is its newest release with a wheel for {target}: for Python "
            f"{pythons[0]} to {pythons[-1]}{_asked_core(name, version, target, pythons[-1])}"
        )
    elsewhere = next(
        (
            f"; {name} {version} has one for {other}"
            for other in _OTHER_MACHINES
            for version in releases.versions(name)
            if pythons_of(name, version, other)
        ),
        "",
    )
    return f"no such release of {name} has a wheel for {target}{elsewhere}"


_OTHER_MACHINES = tuple(map(Target.parse, ("macos-15-arm64", "linux-x86_64", "macos-15-x86_64")))


def _asked_core(name: str, version: str, target: Target, python: str) -> str:
    """Say which TensorFlow a release asks for, where it does."""
    release = releases.release(name, version)
    for requirement in requirements_of(release, target, python) if release else ():
        if requirement.name in TENSORFLOW_NAMES and requirement.specifier:
            return f", with {requirement.name}{requirement.specifier}"
    return ""
