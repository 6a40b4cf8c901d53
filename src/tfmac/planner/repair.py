"""Which wishes repair an environment: those that change the least first.

What is installed and not accused of anything stays as it is where that can be. What the findings
say has to hold always holds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Optional

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from tfmac.formats.distinfo import normalise
from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.planner.stacks import METAL, Candidate
from tfmac.schema.actions import ExchangePins
from tfmac.schema.findings import Constraint, ConstraintKind
from tfmac.schema.plans import Demand, Pin, Plan, Wish
from tfmac.schema.platform import Target
from tfmac.schema.repairs import Difference

TENSORFLOW = ("tensorflow", "tensorflow-macos", "tensorflow-cpu")
"""The distributions that the planner can put in place as TensorFlow."""

_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+")
_INSTALLERS = frozenset({"pip", "setuptools", "tfmac", "uv", "wheel"})
_PYTHON_KINDS = frozenset({ConstraintKind.PYTHON, ConstraintKind.ARCHITECTURE})


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An environment as the repair sees it.

    ``installed`` has the versions by normalised name; ``own`` are the distributions that no other
    one requires, which the user has asked for. ``constraints`` are those of all findings.
    """

    target: Target
    python: Optional[str]
    """Its Python's minor version, None where another one has to be taken."""
    installed: Mapping[str, str]
    own: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    damaged: frozenset[str] = frozenset()
    """Distributions whose files are missing, or are another one's."""
    gpu: Optional[bool] = None

    @property
    def tensorflow(self) -> Optional[str]:
        """The installed version of TensorFlow, None where several or none are there."""
        versions = {self.installed[name] for name in TENSORFLOW if name in self.installed}
        return versions.pop() if len(versions) == 1 else None


def wishes(broken: Broken) -> Iterator[Wish]:
    """Give the wishes that would repair an environment, the least change first."""
    required = _required(broken.constraints)
    for gpu in _gpu_wishes(broken):
        for specifier in _tensorflow_wishes(broken, required):
            for pinned in (True, False):
                yield Wish(
                    target=broken.target,
                    python=broken.python,
                    gpu=gpu,
                    tensorflow=str(specifier) or None,
                    demands=tuple(
                        Demand(text=text, origin="installed")
                        for text in _packages(broken, required, pinned=pinned)
                    ),
                )


def _gpu_wishes(broken: Broken) -> tuple[Optional[bool], ...]:
    """The GPU is wished for where its plug-in is installed; better without it than not at all."""
    if broken.gpu is not None:
        return (broken.gpu,)
    return (True, False) if METAL in broken.installed else (False,)


def _tensorflow_wishes(
    broken: Broken, required: Mapping[str, SpecifierSet]
) -> Iterator[SpecifierSet]:
    bounds = SpecifierSet()
    for name in TENSORFLOW:
        bounds &= required.get(name, SpecifierSet())
    if broken.tensorflow is not None and bounds.contains(broken.tensorflow, prereleases=True):
        yield SpecifierSet(f"=={broken.tensorflow}")
    yield bounds


def _packages(
    broken: Broken, required: Mapping[str, SpecifierSet], *, pinned: bool
) -> Iterator[str]:
    """The user's own packages, and what the findings ask of others."""
    own = [name for name in broken.own if name not in (*TENSORFLOW, METAL, *_INSTALLERS)]
    removed = {one.value for one in broken.constraints if one.kind is ConstraintKind.REMOVE}
    for name in own:
        if name in removed:
            continue
        specifier = required.get(name, SpecifierSet())
        if pinned and specifier.contains(broken.installed[name], prereleases=True):
            specifier = SpecifierSet(f"=={broken.installed[name]}")
        yield f"{name}{specifier}"
    for name, specifier in required.items():
        if name not in own and name not in (*TENSORFLOW, METAL):
            yield f"{name}{specifier}"


def _required(constraints: Sequence[Constraint]) -> dict[str, SpecifierSet]:
    """Everything that the findings require, by distribution."""
    found: dict[str, SpecifierSet] = {}
    for constraint in constraints:
        if constraint.kind is not ConstraintKind.REQUIREMENT:
            continue
        try:
            requirement = Requirement(constraint.value)
        except InvalidRequirement:
            continue
        name = normalise(requirement.name)
        found[name] = found.get(name, SpecifierSet()) & requirement.specifier
    return found


def needs_other_python(constraints: Sequence[Constraint]) -> bool:
    """Whether a finding asks for another Python than the environment's."""
    return any(constraint.kind in _PYTHON_KINDS for constraint in constraints)


def as_installed(candidate: Candidate, broken: Broken) -> Candidate:
    """Keep the name of TensorFlow's CPU distribution for Linux where that is the one installed."""
    if "tensorflow-cpu" not in broken.installed or candidate.gpu:
        return candidate
    if "tensorflow" in broken.installed or "tensorflow-macos" in broken.installed:
        return candidate
    old = f"tensorflow=={candidate.tensorflow}"
    new = f"tensorflow-cpu=={candidate.tensorflow}"
    return msgspec.structs.replace(
        candidate,
        requirements=tuple(new if text == old else text for text in candidate.requirements),
    )


def as_pins(installed: Mapping[str, str]) -> tuple[Pin, ...]:
    """Write what is installed as pins, as far as the versions can be read."""
    return tuple(
        Pin(name=name, version=version)
        for name, version in installed.items()
        if _VERSION.fullmatch(version)
    )


def exchanged(root: str, plan: Plan, broken: Broken) -> tuple[ExchangePins, ...]:
    """What brings an environment to a plan where it is; what the plan does not name stays."""
    pins = tuple(
        pin
        for pin in plan.pins
        if broken.installed.get(pin.name) != pin.version or pin.name in broken.damaged
    )
    return (
        ExchangePins(
            environment=root,
            pins=pins,
            removed=gone(broken, plan),
            again=tuple(pin.name for pin in pins if pin.name in broken.damaged),
        ),
    )


def gone(broken: Broken, plan: Plan) -> tuple[str, ...]:
    """Which distributions must not stay: another TensorFlow, and a plug-in that is not planned."""
    return tuple(
        name
        for name in (*TENSORFLOW_NAMES, METAL)
        if name in broken.installed and plan.version(name) is None
    )


def differences(broken: Broken, plan: Plan, *, whole: bool) -> Iterator[Difference]:
    """What a plan changes; ``whole`` where the environment is made anew and holds nothing else."""
    planned = {pin.name: pin.version for pin in plan.pins}
    going = set(broken.installed) - _INSTALLERS if whole else set(gone(broken, plan))
    for name in sorted({*planned, *going}):
        before, after = broken.installed.get(name), planned.get(name)
        if before != after or name in broken.damaged:
            yield Difference(name=name, before=before, after=after)
