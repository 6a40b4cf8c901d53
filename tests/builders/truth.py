"""A naive planner to hold the real one against: all combinations for a machine, looked at singly.

It asks the knowledge for releases and verdicts and nothing of the planner. Whether a wheel fits is
decided by ``packaging``, whose tags are those of installers.
"""

import functools
from collections.abc import Iterator
from typing import NamedTuple, Optional

from packaging import tags
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tfmac.knowledge import extension_abi, releases, satellites
from tfmac.knowledge.markers import marker_environment
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.knowledge import Release
from tfmac.schema.plans import StackKind
from tfmac.schema.platform import Architecture, OperatingSystem, Target

PYTHONS = tuple(f"3.{minor}" for minor in range(6, 16))
LOADING = (AbiVerdict.LOADS, AbiVerdict.LOADS_BUT_UNSAFE)
METAL = "tensorflow-metal"
METAL_PLUGIN = "tensorflow-metal-plugin"
CORES = ("tensorflow", "tensorflow-macos")
# The community's plug-in is for macOS 15 and newer: its own page says so.
_PLUGIN_MACOS = Version("15")
_OLDEST_LEGACY = Version("2.16")
# What a TensorFlow needs of Keras and does not declare: its own minor, as long as it was Keras 2.
_SAME_KERAS = (Version("2.6"), Version("2.16"))
_GLIBC_MINORS = range(5, 29)
# On ARM Linux some releases are shells around it; the same version for Intel has the code itself.
_UNRECORDED = "tensorflow-cpu-aws"
_WITH_CODE = Target.parse("linux-x86_64")


class Combination(NamedTuple):
    """One stack on one Python."""

    kind: StackKind
    gpu: bool
    python: str
    core: "tuple[str, str]"
    plugin: "Optional[tuple[str, str]]" = None
    legacy_keras: Optional[str] = None

    @property
    def tensorflow(self) -> Optional[str]:
        """The version of TensorFlow, None without one."""
        return self.core[1] if self.core[0] in CORES else None


@functools.cache
def fitting_tags(target: Target, python: str) -> "frozenset[tags.Tag]":
    """Give all tags of wheels that an installer takes on a machine."""
    minor = (3, int(python.partition(".")[2]))
    name = f"cp3{minor[1]}"
    abis = [name] if minor[1] >= 8 else [f"{name}m", name]
    platforms = _platforms(target)
    return frozenset(
        {
            *tags.cpython_tags(minor, abis=abis, platforms=platforms),
            *tags.compatible_tags(minor, name, platforms),
        }
    )


def _platforms(target: Target) -> "list[str]":
    if target.system is OperatingSystem.MACOS:
        major = int((target.version or "15").partition(".")[0])
        return list(tags.mac_platforms((major, 0), target.architecture.value))
    machine = "x86_64" if target.architecture is Architecture.X86_64 else "aarch64"
    old = [f"manylinux{name}_{machine}" for name in ("1", "2010", "2014")]
    return [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS] + old


@functools.cache
def _parsed(text: str) -> "frozenset[tags.Tag]":
    return tags.parse_tag(text)


@functools.cache
def specifier(text: str) -> SpecifierSet:
    """Read what a user writes for versions: a bare ``2.18`` means any of that minor."""
    if text[0].isdigit():
        text = f"=={text}" if text.count(".") > 1 else f"=={text}.*"
    return SpecifierSet(text)


def allows(text: str, version: str) -> bool:
    """Whether a user's specifier allows a version."""
    return specifier(text).contains(version, prereleases=True)


@functools.cache
def stable(name: str) -> "tuple[Release, ...]":
    """Give the releases of a distribution that are neither withdrawn nor previews."""
    record = releases.package(name)
    found = record.releases if record else ()
    return tuple(
        one for one in found if one.yanked is None and not Version(one.version).is_prerelease
    )


@functools.cache
def release_of(name: str, version: str) -> Release:
    """Give one recorded release."""
    return next(one for one in stable(name) if one.version == version)


def has_wheel(release: Release, target: Target, python: str) -> bool:
    """Whether an installer finds a wheel."""
    fitting = fitting_tags(target, python)
    return python_allowed(release, target, python) and any(
        not fitting.isdisjoint(_parsed(wheel.tags)) for wheel in release.wheels
    )


def python_allowed(release: Release, target: Target, python: str) -> bool:
    """Whether Requires-Python allows some release of a minor."""
    wanted = SpecifierSet(releases.requires_python(release, target) or "")
    return any(wanted.contains(f"{python}.{micro}") for micro in (0, 99))


def installable(release: Release, target: Target, python: str) -> bool:
    """Whether there is a wheel, or a source that may be built on that Python."""
    built = release.sdist and python_allowed(release, target, python)
    return has_wheel(release, target, python) or built


def required(
    release: Release, target: Target, python: str, extra: str = ""
) -> "Iterator[Requirement]":
    """Give what a release requires on a machine and a Python."""
    variables: dict[str, str] = {**marker_environment(target, python), "extra": extra}
    for text in releases.requirements(release, target):
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate(variables):
            yield one


@functools.cache
def carried(name: str, version: str, target: Target, python: str) -> "dict[str, str]":
    """Give the TensorFlow distributions that come with one, by name: a shell pulls in another."""
    found = {name: version}
    for one in required(release_of(name, version), target, python):
        pinned = [clause.version for clause in one.specifier if clause.operator == "=="]
        if one.name in CORES and one.name != name and pinned:
            found.update(carried(one.name, pinned[0], target, python))
    return found


@functools.cache
def combinations(target: Target) -> "tuple[Combination, ...]":
    """List every combination for a machine, of all stacks."""
    return (*_with_tensorflow(target), *_keras_alone(target))


def _with_tensorflow(target: Target) -> "Iterator[Combination]":
    for name in CORES:
        for release in stable(name):
            for python in PYTHONS:
                if has_wheel(release, target, python):
                    yield from _around(release, (name, release.version), target, python)


def _around(
    release: Release, core: "tuple[str, str]", target: Target, python: str
) -> "Iterator[Combination]":
    wanted = tuple(required(release, target, python))
    if any(one.name == core[0] for one in wanted):
        return  # it requires itself and brings nothing
    only_a_name = core[0] == "tensorflow-macos" and any(one.name in CORES for one in wanted)
    legacy = _legacy_keras(core[1], target, python)
    yield Combination(StackKind.TENSORFLOW_CPU, gpu=False, python=python, core=core)
    if legacy:
        yield Combination(
            StackKind.TF_KERAS, gpu=False, python=python, core=core, legacy_keras=legacy
        )
    if target.apple_silicon:
        for plugin in () if only_a_name else _metal(core, target, python):
            kind = StackKind.TENSORFLOW_METAL
            if core[0] != "tensorflow":
                kind = StackKind.TENSORFLOW_MACOS_METAL
            yield Combination(kind, gpu=True, python=python, core=core, plugin=plugin)
            if legacy:
                yield Combination(
                    StackKind.TF_KERAS,
                    gpu=True,
                    python=python,
                    core=core,
                    plugin=plugin,
                    legacy_keras=legacy,
                )
        for plugin in _metal_plugin(core[1], target, python):
            kind = StackKind.TENSORFLOW_METAL_PLUGIN
            yield Combination(kind, gpu=True, python=python, core=core, plugin=plugin)
    if str(target) == "linux-x86_64" and any("and-cuda" in text for text in release.requires):
        yield Combination(StackKind.TENSORFLOW_CUDA, gpu=True, python=python, core=core)


def _metal(core: "tuple[str, str]", target: Target, python: str) -> "Iterator[tuple[str, str]]":
    """Apple's plug-in: a wheel for this Python, which loads."""
    for release in stable(METAL):
        pair = extension_abi.verdict(METAL, release.version, *core, python=python)
        if pair.verdict in LOADING and has_wheel(release, target, python):
            yield METAL, release.version


def _metal_plugin(version: str, target: Target, python: str) -> "Iterator[tuple[str, str]]":
    """The community's plug-in: built for the one minor that it names."""
    if Version(target.version or "99") < _PLUGIN_MACOS:
        return
    for release in stable(METAL_PLUGIN):
        bound = [
            one.specifier
            for one in required(release, target, python)
            if one.name == "tensorflow" and "==" in str(one.specifier)
        ]
        if bound and bound[0].contains(version) and installable(release, target, python):
            yield METAL_PLUGIN, release.version


def _legacy_keras(version: str, target: Target, python: str) -> Optional[str]:
    if Version(version) < _OLDEST_LEGACY:
        return None
    found = [
        one.version
        for one in stable("tf-keras")
        if Version(one.version).release[:2] == Version(version).release[:2]
        and has_wheel(one, target, python)
    ]
    return max(found, key=Version, default=None)


def _keras_alone(target: Target) -> "Iterator[Combination]":
    for python in PYTHONS:
        if not all(_any_wheel(name, target, python) for name in ("h5py", "ml-dtypes", "numpy")):
            continue
        for release in stable("torch"):
            if has_wheel(release, target, python):
                for gpu in (True, False) if target.apple_silicon else (False,):
                    core = ("torch", release.version)
                    yield Combination(StackKind.KERAS_TORCH, gpu=gpu, python=python, core=core)
        native = {one.version for one in stable("jaxlib") if has_wheel(one, target, python)}
        for release in stable("jax"):
            if has_wheel(release, target, python) and release.version in native:
                core = ("jax", release.version)
                yield Combination(StackKind.KERAS_JAX, gpu=False, python=python, core=core)


@functools.cache
def _any_wheel(name: str, target: Target, python: str) -> bool:
    return any(has_wheel(one, target, python) for one in stable(name))


@functools.cache
def has_keras(one: Combination, wanted: str, target: Target) -> bool:
    """Whether some Keras that a user wishes goes with a combination."""
    if one.legacy_keras is not None and allows(wanted, one.legacy_keras):
        return True
    bounds = _keras_bounds(one, target)
    return bounds is not None and any(
        allows(wanted, release.version)
        and all(bound.contains(release.version, prereleases=True) for bound in bounds)
        and installable(release, target, one.python)
        for release in stable("keras")
    )


def _keras_bounds(one: Combination, target: Target) -> "Optional[list[SpecifierSet]]":
    """Give all that bounds Keras; None where none comes along."""
    if one.tensorflow is None:
        return [SpecifierSet(">=3")]
    declared = [
        requirement.specifier
        for requirement in _with_the_code(one, target)
        if requirement.name == "keras"
    ]
    if not declared:
        return None
    version = Version(one.tensorflow)
    if _SAME_KERAS[0] <= version < _SAME_KERAS[1]:
        declared.append(SpecifierSet(f"==2.{version.minor}.*"))
    return declared


def _with_the_code(one: Combination, target: Target) -> "Iterator[Requirement]":
    """Give what a TensorFlow and what it pulls in require; a shell's code may be unrecorded."""
    for name, version in carried(*one.core, target, one.python).items():
        release = release_of(name, version)
        wanted = tuple(required(release, target, one.python))
        yield from wanted
        if any(requirement.name == _UNRECORDED for requirement in wanted):
            yield from required(release, _WITH_CODE, one.python)


@functools.cache
def goes_beside(text: str, one: Combination, target: Target) -> bool:
    """Whether some release of what is wished beside a combination goes with it, and works."""
    wanted = Requirement(text)
    return any(
        wanted.specifier.contains(release.version)
        and installable(release, target, one.python)
        and _accepts_core(release, one, target)
        and _loads(canonicalize_name(wanted.name), release.version, one, target)
        and _works(canonicalize_name(wanted.name), release.version, one)
        for release in stable(wanted.name)
    )


def _accepts_core(release: Release, one: Combination, target: Target) -> bool:
    there = carried(*one.core, target, one.python) if one.tensorflow else dict([one.core])
    return all(
        requirement.name not in there
        or requirement.specifier.contains(there[requirement.name], prereleases=True)
        for requirement in required(release, target, one.python)
    )


def _loads(name: str, version: str, one: Combination, target: Target) -> bool:
    """Whether the loader takes a native extension: ARM Macs alone are judged."""
    if not target.apple_silicon or name not in extension_abi.extensions():
        return True
    if one.core[0] not in extension_abi.frameworks(name):
        return True
    pair = extension_abi.verdict(name, version, *one.core, python=one.python)
    return pair.verdict in LOADING


def _works(name: str, version: str, one: Combination) -> bool:
    """Whether a package was not seen to fail beside a TensorFlow."""
    return one.tensorflow is None or satellites.may_work(name, version, one.tensorflow)
