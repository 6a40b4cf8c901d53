"""One environment as checks look at it: the facts, with the questions that many checks ask."""

from functools import cached_property
from typing import TYPE_CHECKING, Optional, TypeVar

import msgspec

from tfmac.knowledge import markers
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.schema.fact import Fact, Unknown
from tfmac.schema.facts import Distribution, Facts, Interpreter
from tfmac.schema.platform import Architecture, OperatingSystem, Target

if TYPE_CHECKING:
    from packaging.requirements import Requirement

T = TypeVar("T")

METAL = "tensorflow-metal"


class NotApplicable(Exception):
    """A check that has nothing to say about this environment, with the reason."""


class UnknownFact(Exception):
    """A check that needs a fact which is unknown, with the reason."""


def require(fact: Fact[T]) -> T:
    """Give the value of a fact; a check that needs an unknown one is skipped with its reason."""
    if isinstance(fact, Unknown):
        raise UnknownFact(fact.reason)
    return fact.value


class Case:
    """Facts under judgement. ``gpu`` is the user's wish: True, False, or None for no opinion."""

    def __init__(self, facts: Facts, *, gpu: Optional[bool] = None) -> None:
        self.facts = facts
        self.gpu = gpu

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """All installed distributions by normalised name."""
        return {one.name: one for one in require(self.facts.distributions)}

    @cached_property
    def target(self) -> Target:
        """The machine that is judged."""
        return self.facts.target or Target(
            system=require(self.facts.host.system),
            architecture=require(self.facts.host.architecture),
            version=self.macos_version,
        )

    @property
    def macos_version(self) -> Optional[str]:
        """The version of macOS, None when it is unknown or this is no Mac."""
        host = self.facts.host
        if isinstance(host.version, Unknown) or isinstance(host.system, Unknown):
            return None
        return host.version.value if host.system.value is OperatingSystem.MACOS else None

    @property
    def interpreter(self) -> Interpreter:
        """The environment's interpreter."""
        return require(self.facts.interpreter)

    @property
    def python(self) -> str:
        """The full version of the environment's Python as far as it is known."""
        return require(self.interpreter.version)

    @property
    def python_minor(self) -> str:
        """The environment's Python without its patch number: ``3.12``."""
        return ".".join(self.python.split(".")[:2])

    @cached_property
    def native_architectures(self) -> frozenset[Architecture]:
        """The architectures that the environment's own code can run as.

        The interpreter's slices; for a tree without one, what its native libraries hold in common.
        """
        interpreter = self.facts.interpreter
        if not isinstance(interpreter, Unknown) and not isinstance(
            interpreter.value.architectures, Unknown
        ):
            return frozenset(interpreter.value.architectures.value)
        held = [set(one.architectures) for one in require(self.facts.native_libraries)]
        if not held:
            raise UnknownFact("there is neither an interpreter nor native code")
        return frozenset(set.intersection(*held))

    @property
    def runs_natively(self) -> bool:
        """Whether the environment holds code of the chip's own architecture."""
        return self.target.architecture in self.native_architectures

    @cached_property
    def tensorflow_distributions(self) -> tuple[Distribution, ...]:
        """The distributions named like TensorFlow, empty shells among them."""
        return tuple(
            self.distributions[name] for name in TENSORFLOW_NAMES if name in self.distributions
        )

    @cached_property
    def carriers(self) -> tuple[Distribution, ...]:
        """The distributions that own the package ``tensorflow``; a shell owns nothing.

        One that does not list its files is taken for a carrier.
        """
        return tuple(
            one
            for one in self.tensorflow_distributions
            if one.provides is None or "tensorflow" in one.provides
        )

    @property
    def tensorflow(self) -> Distribution:
        """The one distribution that carries TensorFlow.

        Checks that ask for it do not apply where there is none, and are skipped where there are
        several: which one's files lie on the disk is not known then.
        """
        if not self.carriers:
            raise NotApplicable("TensorFlow is not installed")
        if len(self.carriers) > 1:
            names = " and ".join(f"{one.name} {one.version}" for one in self.carriers)
            raise UnknownFact(f"{names} own the same files, so the release is not known")
        return self.carriers[0]

    @cached_property
    def markers(self) -> dict[str, str]:
        """The values of environment markers (PEP 508) for the judged machine and Python."""
        target = self.target
        if target.system is OperatingSystem.MACOS and not self.runs_natively:
            others = sorted(one.value for one in self.native_architectures)
            if others:
                target = msgspec.structs.replace(target, architecture=Architecture(others[0]))
        return {**markers.marker_environment(target, self.python), "extra": ""}

    def requirements(self, distribution: Distribution) -> "tuple[Requirement, ...]":
        """What a distribution requires here: markers evaluated, extras left out."""
        from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

        found = []
        for text in distribution.requires:
            if "extra ==" in text or "extra==" in text:
                continue
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if requirement.marker is None or requirement.marker.evaluate(self.markers):
                found.append(requirement)
        return tuple(found)

    @cached_property
    def tensorflow_closure(self) -> frozenset[str]:
        """Normalised names of TensorFlow and of all that it requires, directly or not."""
        from tfmac.formats.distinfo import normalise  # noqa: PLC0415

        waiting = [one.name for one in self.tensorflow_distributions]
        closure: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in closure:
                closure.add(name)
                if name in self.distributions:
                    needed = self.requirements(self.distributions[name])
                    waiting.extend(normalise(one.name) for one in needed)
        return frozenset(closure)


def minor(version: str) -> tuple[int, int]:
    """The first two numbers of a version: ``2.19.1`` gives (2, 19)."""
    from packaging.version import Version  # noqa: PLC0415

    release = Version(version).release
    return release[0], release[1] if len(release) > 1 else 0
