"""What releases need of each other and no metadata says, as constraints on versions.

They hold together: whatever a resolver chooses within them is a pair of framework and native
extension that loads, with the neighbours that this TensorFlow needs.
"""

from collections.abc import Iterable, Iterator
from typing import Optional

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import extension_abi, releases, satellites
from tfmac.knowledge.satellites import Needs, Works
from tfmac.planner.emit.machines import marker_of
from tfmac.planner.stacks import METAL
from tfmac.planner.undeclared import rules_for
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import Plan
from tfmac.schema.platform import APPLE_SILICON

NAMES = ("tensorflow", "tensorflow-macos")
"""The distributions that bring TensorFlow; the first of them in a plan is the one to ask for."""

_METAL_SOURCE = "tfmac cause tensorflow-too-new-for-metal"


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint, why it is there, and where to read more."""

    requirement: str
    reason: str
    source: str

    @property
    def comment(self) -> str:
        """The reason and its source in one line."""
        return f"{self.reason}: {self.source}"


class _Release(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def bounds(plan: Plan) -> tuple[Bound, ...]:
    """Give what no metadata says about a plan's TensorFlow, its extensions and its neighbours."""
    core = _pinned(plan, NAMES)
    if core is None:
        return ()
    return (
        *_of_metal(core, plan),
        *_of_wished_extensions(plan),
        *_of_wished_satellites(core, plan),
        *_undeclared(core),
    )


def _pinned(plan: Plan, names: Iterable[str]) -> Optional[_Release]:
    """The first of some distributions that a plan has."""
    found = ((name, plan.version(name)) for name in names)
    return next((_Release(name=name, version=one) for name, one in found if one), None)


def _of_metal(core: _Release, plan: Plan) -> Iterator[Bound]:
    """Bind plug-in and TensorFlow to pairs that load; a marker keeps that to ARM Macs.

    A plan without the plug-in gets these bounds too: somebody may add it later.
    """
    plugin = plan.version(METAL) or _newest_metal(core)
    if plugin is not None:
        extension = _Release(name=METAL, version=plugin)
        yield from _of_extension(extension, core, plan, _METAL_SOURCE)
        return
    yield _on_macs(
        f"{METAL}<0", f"no {METAL} loads into {core} without known trouble", _METAL_SOURCE
    )


def _newest_metal(core: _Release) -> Optional[str]:
    """The newest plug-in that loads into a TensorFlow and that nothing stands against."""
    pairs = extension_abi.pairs_that_load(
        METAL, framework=core.name, framework_version=core.version
    )
    sound = (pair for pair in pairs if pair.verdict is AbiVerdict.LOADS)
    return next((pair.extension.partition("==")[2] for pair in sound), None)


def _of_wished_extensions(plan: Plan) -> Iterator[Bound]:
    """Bind the other native extensions that were asked for by name.

    What is only pulled in is left to the metadata of what pulls it in.
    """
    wished = _wished(plan)
    for name in extension_abi.extensions():
        extension = _pinned(plan, [name]) if name in wished and name != METAL else None
        core = _pinned(plan, extension_abi.frameworks(name)) if extension else None
        if extension is not None and core is not None:
            pair = extension_abi.verdict(name, extension.version, core.name, core.version)
            source = next((one.name for one in pair.sources), "the published libraries")
            yield from _of_extension(extension, core, plan, source)


def _wished(plan: Plan) -> set[str]:
    return {normalise(Requirement(text).name) for text in plan.requirements}


def _of_wished_satellites(core: _Release, plan: Plan) -> Iterator[Bound]:
    """Bind what was asked for by name and hides what it needs to what it was seen to work with."""
    for name in sorted(_wished(plan) & satellites.packages()):
        version = plan.version(name)
        if version is None or not satellites.hides_needs(name):
            continue
        seen = satellites.outcome(name, version, core.version)
        if not isinstance(seen, (Needs, Works)):
            continue
        source = f"measured ({satellites.measured()})"
        minor = ".".join(core.version.split(".")[:2])
        reason = f"the {name} that was seen to work beside {core}"
        yield Bound(requirement=f"{name}=={version}", reason=reason, source=source)
        reason = f"the {core.name} that {name} {version} was seen to work beside"
        yield Bound(requirement=f"{core.name}=={minor}.*", reason=reason, source=source)
        for need in seen.requirements if isinstance(seen, Needs) else ():
            reason = f"{name} {version} needs it and does not declare it"
            yield Bound(requirement=need, reason=reason, source=source)


def _of_extension(extension: _Release, core: _Release, plan: Plan, source: str) -> Iterator[Bound]:
    yield _on_macs(
        f"{extension.name}=={extension.version}", f"the {extension.name} for {core}", source
    )
    for name in extension_abi.frameworks(extension.name):
        sound = _sound_releases(extension, name, core)
        requirement, reason = _beside(extension, name, sound, plan.version(name))
        yield _on_macs(requirement, reason, source)


def _on_macs(requirement: str, reason: str, source: str) -> Bound:
    """Write a bound for ARM Macs: the pairs were judged from the wheels for them."""
    marked = f"{requirement} ; {marker_of(APPLE_SILICON)}"
    return Bound(requirement=marked, reason=reason, source=source)


def _beside(extension: _Release, name: str, sound: set[str], own: Optional[str]) -> tuple[str, str]:
    """Bind a distribution to the releases beside which an extension is sound; and say why.

    The plan's own is among them also where something stands against the pair: the plan says so,
    and its user has wished for it.
    """
    taken = sound | ({own} if own else set[str]())
    if not taken:
        return f"{name}<0", f"{extension} loads into no {name} without known trouble"
    reason = f"the {name} that {extension} loads into without known trouble"
    if taken != sound:
        reason += f", and {own}, which the plan has all the same"
    return name + _only(name, taken), reason


def _sound_releases(extension: _Release, name: str, core: _Release) -> set[str]:
    """Releases that an extension loads into soundly, and that need what the plan's own needs."""
    loading = extension_abi.pairs_that_load(
        extension.name, extension_version=extension.version, framework=name
    )
    found = {pair.framework.partition("==")[2] for pair in loading}
    return {
        version
        for version in found & set(releases.versions(name, yanked=True))
        # The verdict is for all Pythons of the extension's release, a pair for one wheel's.
        if extension_abi.verdict(extension.name, extension.version, name, version).verdict
        is AbiVerdict.LOADS
        and rules_for(version) == rules_for(core.version)
    }


def _undeclared(core: _Release) -> Iterator[Bound]:
    """Name what the plan's TensorFlow needs undeclared, and the releases that need the same."""
    rules = rules_for(core.version)
    for name in NAMES if rules else ():
        found = {one for one in releases.versions(name, yanked=True) if rules_for(one) == rules}
        if found:
            yield Bound(
                requirement=name + _only(name, found),
                reason=f"the {name} that the lines below are for",
                source=f"tfmac cause {rules[0].cause}",
            )
    for rule in rules:
        yield Bound(
            requirement=rule.constraint,
            reason=f"{core} needs it and may not declare it",
            source=f"tfmac cause {rule.cause}",
        )


def _only(name: str, wanted: Iterable[str]) -> str:
    """Write a specifier that allows some releases and no other: what is not known is left out."""
    versions = sorted(map(Version, wanted))
    first, last = versions[0], versions[-1]
    if first == last:
        return f"=={first}"
    known = map(Version, releases.versions(name, yanked=True))
    gaps = sorted({one for one in known if first < one < last} - set(versions))
    return ",".join([f">={first}", f"<={last}", *(f"!={one}" for one in gaps)])
