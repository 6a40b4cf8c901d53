"""The stacks that the planner knows: each turns knowledge into candidates for a machine.

A stack is a function from a target to its candidates; a new one is a function and a line in
``STACKS``.
"""

from collections.abc import Iterator
from typing import Callable, Optional

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from tfmac.knowledge import extension_abi, releases, tensorflow
from tfmac.planner.undeclared import constraints_for
from tfmac.schema.abi import AbiPair
from tfmac.schema.plans import Rationale, StackKind
from tfmac.schema.platform import Architecture, OperatingSystem, Target

METAL = "tensorflow-metal"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One choice that fits a machine by the knowledge, before anything is resolved.

    ``constraints`` hold what the releases need and do not declare.
    """

    stack: StackKind
    gpu: bool
    python: str
    tensorflow: str
    plugin: Optional[str]
    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    rationale: tuple[Rationale, ...]
    doubts: tuple[str, ...] = ()
    """What stands against the pair although the plug-in loads."""

    @property
    def title(self) -> str:
        """The stack in a few words."""
        plugin = f" + {METAL} {self.plugin}" if self.plugin else ""
        return f"TensorFlow {self.tensorflow}{plugin} on Python {self.python}"

    @property
    def rank(self) -> tuple[bool, bool, Version, Version, Version]:
        """The better candidate is greater: GPU, no doubts, then newer TensorFlow, plug-in, Python.

        A pair that something stands against is taken where no other meets the wishes.
        """
        return (
            self.gpu,
            not self.doubts,
            Version(self.tensorflow),
            Version(self.plugin or "0"),
            Version(self.python),
        )


def tensorflow_metal(target: Target, *, prereleases: bool) -> Iterator[Candidate]:
    """TensorFlow with Apple's plug-in: pairs that load, on a Python that both have wheels for."""
    if not target.apple_silicon:
        return
    for offer in tensorflow.offers(target, prereleases=prereleases):
        pairs = extension_abi.pairs_that_load(
            METAL, framework=offer.name, framework_version=offer.version
        )
        for pair in pairs:
            if not _macos_reaches(target, pair.minimum_macos):
                continue
            plugin = pair.extension.partition("==")[2]
            for python in _pythons_in_common(offer, pair, target):
                yield Candidate(
                    stack=StackKind.TENSORFLOW_METAL,
                    gpu=True,
                    python=python,
                    tensorflow=offer.version,
                    plugin=plugin,
                    requirements=(f"{offer.name}=={offer.version}", pair.extension),
                    constraints=constraints_for(offer.version),
                    rationale=(
                        _wheel_rationale(offer, target),
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
    release = releases.release(METAL, pair.extension.partition("==")[2])
    pythons = releases.supported_pythons(release, target) if release else ()
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
                tensorflow=offer.version,
                plugin=None,
                requirements=(f"{offer.name}=={offer.version}",),
                constraints=constraints_for(offer.version),
                rationale=(
                    _wheel_rationale(offer, target),
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
                tensorflow=offer.version,
                plugin=None,
                requirements=(f"{offer.name}[and-cuda]=={offer.version}",),
                constraints=constraints_for(offer.version),
                rationale=(
                    _wheel_rationale(offer, target),
                    Rationale(
                        statement="its extra and-cuda brings NVIDIA's libraries",
                        source=releases.source(release, target).name,
                    ),
                ),
            )


STACKS: tuple[Callable[..., Iterator[Candidate]], ...] = (
    tensorflow_metal,
    tensorflow_cuda,
    tensorflow_cpu,
)


def all_candidates(target: Target, *, prereleases: bool) -> tuple[Candidate, ...]:
    """Every candidate of every stack for a machine, the best first."""
    found = [one for stack in STACKS for one in stack(target, prereleases=prereleases)]
    return tuple(sorted(found, key=lambda one: one.rank, reverse=True))


def _has_extra(requirements: tuple[str, ...], extra: str) -> bool:
    return any(extra in text.partition(";")[2] for text in requirements)


def _wheel_rationale(offer: tensorflow.Offer, target: Target) -> Rationale:
    return Rationale(
        statement=f"{offer.name} {offer.version} has wheels for {target} and Python "
        f"{', '.join(offer.pythons)}",
        source=f"wheel tags of {offer.name} {offer.version} on the package index",
    )


def _carrier_rationale(offer: tensorflow.Offer, carrier: Optional[str]) -> Iterator[Rationale]:
    if carrier is not None and carrier != f"{offer.name}=={offer.version}":
        yield Rationale(
            statement=f"{offer.name} {offer.version} is an empty shell here; it pulls in "
            f"{carrier}, which carries the code",
            source="Requires-Dist",
        )


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
        if requirement.name == package:
            return requirement
        pinned = next((one.version for one in requirement.specifier if one.operator == "=="), None)
        release = releases.release(requirement.name, pinned) if pinned else None
        if release is None or requirement.name in seen:
            continue
        seen.add(requirement.name)
        found = map(Requirement, releases.requirements(release, target))
        waiting += [one for one in found if one.marker is None or "extra" not in str(one.marker)]
    return None
