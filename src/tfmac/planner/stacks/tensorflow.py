"""The stacks with TensorFlow: alone, with a plug-in for a Mac's GPU, with NVIDIA's libraries."""

from collections.abc import Iterator
from typing import Optional

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tfmac.knowledge import extension_abi, limits, releases, tensorflow
from tfmac.planner.stacks.candidate import (
    METAL,
    METAL_PLUGIN,
    TF_KERAS,
    Candidate,
    Release,
    pythons_of,
)
from tfmac.planner.undeclared import constraints_for
from tfmac.schema.abi import AbiPair
from tfmac.schema.limits import LimitKind
from tfmac.schema.plans import Rationale, StackKind, Variable
from tfmac.schema.platform import Architecture, OperatingSystem, Target

# From this release on the Keras that a resolver takes is Keras 3.
_FIRST_KERAS_3 = Version("2.16")
# What building the community's plug-in needs beside TensorFlow, as its source distribution says.
_BUILD_TOOLS = ("setuptools>=70.1", "wheel")


def tensorflow_metal(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """TensorFlow with Apple's plug-in: pairs that load, on a Python that both have wheels for."""
    for offer in tensorflow.offers(target, prereleases=prereleases):
        if offer.name == "tensorflow":
            yield from _with_metal(offer, target, StackKind.TENSORFLOW_METAL)


def tensorflow_macos_metal(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """The same under the old name, which carries the code itself up to 2.15.0."""
    for offer in tensorflow.offers_under("tensorflow-macos", target, prereleases=prereleases):
        yield from _with_metal(offer, target, StackKind.TENSORFLOW_MACOS_METAL)


def _with_metal(offer: tensorflow.Offer, target: Target, stack: StackKind) -> Iterator[Candidate]:
    if not target.apple_silicon:
        return
    pairs = extension_abi.pairs_that_load(
        METAL, framework=offer.name, framework_version=offer.version
    )
    for pair in pairs:
        if not _macos_reaches(target, pair.minimum_macos):
            continue
        plugin = Release(name=METAL, version=pair.extension.partition("==")[2])
        for python in _pythons_in_common(offer, pair, target):
            yield Candidate(
                stack=stack,
                gpu=True,
                python=python,
                core=Release(name=offer.name, version=offer.version),
                plugin=plugin,
                requirements=(f"{offer.name}=={offer.version}", str(plugin)),
                constraints=constraints_for(offer.version),
                rationale=(
                    wheel_rationale(offer.name, offer.version, offer.pythons, target),
                    Rationale(
                        statement=f"{pair.extension} loads into it "
                        f"({pair.strength.value} verdict over the published libraries)",
                        source=", ".join(one.name for one in pair.sources),
                    ),
                    *_doubt_rationale(pair),
                    *_carrier_rationale(offer, pair.carrier),
                ),
                doubts=pair.unsafe,
            )


def _pythons_in_common(offer: tensorflow.Offer, pair: AbiPair, target: Target) -> list[str]:
    """List the Pythons with wheels of both on this machine, of the build that was judged."""
    pythons = pythons_of(METAL, pair.extension.partition("==")[2], target)
    return [
        python for python in offer.pythons if python in pythons and python in pair.common_python
    ]


def _doubt_rationale(pair: AbiPair) -> Iterator[Rationale]:
    for doubt in pair.unsafe:
        yield Rationale(
            statement=f"it may go wrong all the same: {doubt}; no pair without doubts meets the "
            "wishes",
            source=", ".join(one.name for one in pair.sources),
        )


def _macos_reaches(target: Target, needed: Optional[str]) -> bool:
    """Whether a Mac is new enough; a target without a minor number means its latest."""
    if needed is None or target.version is None:
        return True
    wanted = Version(needed)
    have = Version(target.version)
    return (
        have.major > wanted.major
        or have >= wanted
        or (have.major == wanted.major and "." not in target.version)
    )


def tensorflow_cpu(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """TensorFlow alone, on the CPU."""
    for offer in tensorflow.offers(target, prereleases=prereleases):
        for python in offer.pythons:
            yield Candidate(
                stack=StackKind.TENSORFLOW_CPU,
                gpu=False,
                python=python,
                core=Release(name=offer.name, version=offer.version),
                requirements=(f"{offer.name}=={offer.version}",),
                constraints=constraints_for(offer.version),
                rationale=(
                    wheel_rationale(offer.name, offer.version, offer.pythons, target),
                    *_carrier_rationale(offer, None),
                ),
            )


def tensorflow_cuda(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """TensorFlow on Linux with NVIDIA's libraries from its own extra ``and-cuda``."""
    if target.system is not OperatingSystem.LINUX or target.architecture is Architecture.ARM64:
        return
    for offer in tensorflow.offers(target, prereleases=prereleases):
        release = releases.release(offer.name, offer.version)
        if release is None or not _has_extra(releases.requirements(release, target), "and-cuda"):
            continue
        for python in offer.pythons:
            yield Candidate(
                stack=StackKind.TENSORFLOW_CUDA,
                gpu=True,
                python=python,
                core=Release(name=offer.name, version=offer.version),
                requirements=(f"{offer.name}[and-cuda]=={offer.version}",),
                constraints=constraints_for(offer.version),
                rationale=(
                    wheel_rationale(offer.name, offer.version, offer.pythons, target),
                    Rationale(
                        statement="its extra and-cuda brings NVIDIA's libraries",
                        source=releases.source(release, target).name,
                    ),
                ),
            )


def tensorflow_metal_plugin(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """TensorFlow with the community's plug-in: releases that bind themselves to one minor.

    It has no wheels. It is compiled when it is installed, against the TensorFlow that is there.
    """
    if not target.apple_silicon:
        return
    for version in releases.versions(METAL_PLUGIN, prereleases=prereleases):
        plugin = Release(name=METAL_PLUGIN, version=version)
        minor = _only_minor(plugin, target)
        if minor is None or not _macos_reaches(target, _least_macos(plugin)):
            continue
        for offer in tensorflow.offers(target, prereleases=prereleases):
            if minor.contains(offer.version):
                yield from _with_plugin(offer, plugin, target)


def _only_minor(plugin: Release, target: Target) -> Optional[SpecifierSet]:
    """Tell the TensorFlow that a release asks for, None where it is not bound to one minor."""
    release = releases.release(plugin.name, plugin.version)
    for text in releases.requirements(release, target) if release else ():
        requirement = Requirement(text)
        bound = any(one.operator == "==" for one in requirement.specifier)
        if requirement.name == "tensorflow" and bound:
            return requirement.specifier
    return None


def _least_macos(plugin: Release) -> Optional[str]:
    found = limits.limit_of(plugin.name, plugin.version, LimitKind.MACOS)
    return found[0].value.lstrip(">=") if found else None


def _with_plugin(offer: tensorflow.Offer, plugin: Release, target: Target) -> Iterator[Candidate]:
    release = releases.release(plugin.name, plugin.version)
    allowed = SpecifierSet((releases.requires_python(release, target) if release else None) or "")
    for python in offer.pythons:
        if not allowed.contains(python):
            continue
        yield Candidate(
            stack=StackKind.TENSORFLOW_METAL_PLUGIN,
            gpu=True,
            python=python,
            core=Release(name=offer.name, version=offer.version),
            plugin=plugin,
            requirements=(f"{offer.name}=={offer.version}", str(plugin), *_BUILD_TOOLS),
            constraints=constraints_for(offer.version),
            built=(plugin.name,),
            rationale=(
                wheel_rationale(offer.name, offer.version, offer.pythons, target),
                *_declared_rationale(plugin, target),
            ),
        )


def _declared_rationale(plugin: Release, target: Target) -> Iterator[Rationale]:
    release = releases.release(plugin.name, plugin.version)
    if release is not None:
        yield Rationale(
            statement=f"{plugin} is for this TensorFlow alone; whether it loads shows when it is "
            "built",
            source=releases.source(release, target).name,
        )


def tf_keras(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """Keras 2 on a TensorFlow whose own Keras is Keras 3: tf-keras of the same minor."""
    for stack in (tensorflow_metal, tensorflow_cpu):
        for base in stack(target, prereleases=prereleases):
            keras = _tf_keras_for(base.core.version, target, base.python)
            if keras is None:
                continue
            yield msgspec.structs.replace(
                base,
                stack=StackKind.TF_KERAS,
                keras=keras,
                requirements=(*base.requirements, str(keras)),
                variables=(Variable(name="TF_USE_LEGACY_KERAS", value="1"),),
                rationale=(
                    *base.rationale,
                    Rationale(
                        statement=f"{keras} is Keras 2 for this TensorFlow; with "
                        "TF_USE_LEGACY_KERAS=1 it is tf.keras",
                        source=f"Requires-Dist of {keras}",
                    ),
                ),
            )


def _tf_keras_for(version: str, target: Target, python: str) -> Optional[Release]:
    """Give the newest tf-keras that is for a TensorFlow and has a wheel for a Python."""
    if Version(version) < _FIRST_KERAS_3:
        return None
    minor = Version(version).release[:2]
    for one in releases.versions(TF_KERAS):
        release = releases.release(TF_KERAS, one)
        if release is None or Version(one).release[:2] != minor:
            continue
        if releases.has_wheel(release, target, python):
            return Release(name=TF_KERAS, version=one)
    return None


def _has_extra(requirements: tuple[str, ...], extra: str) -> bool:
    return any(extra in text.partition(";")[2] for text in requirements)


def wheel_rationale(name: str, version: str, pythons: tuple[str, ...], target: Target) -> Rationale:
    """Say which wheels a release has for a machine."""
    return Rationale(
        statement=f"{name} {version} has wheels for {target} and Python {', '.join(pythons)}",
        source=f"wheel tags of {name} {version} on the package index",
    )


def _carrier_rationale(offer: tensorflow.Offer, carrier: Optional[str]) -> Iterator[Rationale]:
    if carrier is not None and carrier != f"{offer.name}=={offer.version}":
        yield Rationale(
            statement=f"{offer.name} {offer.version} is an empty shell here; it pulls in "
            f"{carrier}, which carries the code",
            source="Requires-Dist",
        )
