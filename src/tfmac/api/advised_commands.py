"""From the constraints of advice to commands that a machine can carry out, without a network.

The planner chooses by the knowledge alone, as for ``tfmac plan``; pip or uv resolve the rest.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Optional

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfmac.planner.stacks import Candidate
    from tfmac.schema.findings import Constraint
    from tfmac.schema.plans import Wish
    from tfmac.schema.platform import Target

_NEW = ".venv-tf"
# Parts of every TensorFlow: what its releases need of them and do not declare is said too.
_ALWAYS_THERE = frozenset({"numpy", "protobuf", "keras", "ml-dtypes", "h5py"})


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where commands are to be carried out."""

    target: Target
    python: Optional[str] = None
    """Its minor version, None where any will do."""
    interpreter: Optional[str] = None
    """The path of the Python whose environment may be changed."""
    by_uv: bool = False
    """Whether the environment has no pip of its own."""
    native: bool = True
    """Whether the interpreter is of the chip's own architecture."""
    installed: dict[str, str] = {}

    def __str__(self) -> str:
        python = f"Python {self.python}" if self.python else "any Python"
        return f"{self.target}, {python}"


def commands(constraints: Sequence[Constraint], machine: Machine) -> tuple[str, ...]:
    """Write what brings about some constraints on a machine; nothing where no set fits."""
    from tfmac.schema.findings import ConstraintKind

    kinds = {one.kind for one in constraints}
    lines = [f"export {one.value}" for one in constraints if one.kind is ConstraintKind.VARIABLE]
    if kinds <= {ConstraintKind.VARIABLE, ConstraintKind.MACOS}:
        return tuple(lines)
    removed = [one.value for one in constraints if one.kind is ConstraintKind.REMOVE]
    found = _candidate(constraints, machine)
    if found is None:
        return tuple(lines)
    candidate, wish = found
    stays = (
        machine.interpreter is not None
        and machine.native
        and candidate.python == machine.python
        and ConstraintKind.ARCHITECTURE not in kinds
    )
    wanted = _requirements(candidate, wish)
    if stays and machine.interpreter is not None:
        lines += _in_place(machine, machine.interpreter, removed, wanted, kinds)
    else:
        lines += _anew(candidate.python, wanted, machine)
    return tuple(lines)


def _candidate(
    constraints: Sequence[Constraint], machine: Machine
) -> Optional[tuple[Candidate, Wish]]:
    """Choose the set that changes least."""
    from tfmac.planner import choosing, repair
    from tfmac.planner.demands import InvalidWish
    from tfmac.planner.stacks import METAL
    from tfmac.schema.plans import NoPlan

    gpu = True if _asks_for(constraints, METAL) else None
    for python in _pythons(constraints, machine):
        broken = repair.Broken(
            target=machine.target,
            python=python,
            installed=machine.installed,
            own=(),
            constraints=tuple(constraints),
            gpu=gpu if gpu or METAL not in machine.installed else None,
        )
        for wish in repair.wishes(broken):
            try:
                choice = choosing.choose(wish)
            except InvalidWish:
                return None
            if not isinstance(choice, NoPlan):
                return choice.best, wish
    return None


def _asks_for(constraints: Sequence[Constraint], name: str) -> bool:
    from tfmac.schema.findings import ConstraintKind

    return any(
        one.kind is ConstraintKind.REQUIREMENT
        and one.value.partition("=")[0].rstrip("<>!~ ") == name
        for one in constraints
    )


def _pythons(constraints: Sequence[Constraint], machine: Machine) -> Iterator[Optional[str]]:
    """The Python that is there goes before any other; those that are excluded are left out."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from tfmac.knowledge import tensorflow
    from tfmac.schema.findings import ConstraintKind

    bounds = [one.value for one in constraints if one.kind is ConstraintKind.PYTHON]
    try:
        specifier = SpecifierSet(",".join(bounds))
    except InvalidSpecifier:
        return
    if machine.python is not None and specifier.contains(machine.python):
        yield machine.python
    if not bounds:
        yield None
        return
    for python in reversed(tensorflow.supported_pythons(machine.target)):
        if specifier.contains(python) and python != machine.python:
            yield python


def _requirements(candidate: Candidate, wish: Wish) -> tuple[str, ...]:
    from packaging.requirements import Requirement

    from tfmac.formats.distinfo import normalise

    texts = [*candidate.requirements, *(demand.text for demand in wish.demands)]
    named = {normalise(Requirement(text).name) for text in texts}
    for text in candidate.constraints:
        name = normalise(Requirement(text).name)
        if name in _ALWAYS_THERE and name not in named:
            texts.append(text)
    return tuple(dict.fromkeys(texts))


def _in_place(
    machine: Machine,
    interpreter: str,
    removed: Sequence[str],
    wanted: Sequence[str],
    kinds: object,
) -> Iterator[str]:
    path = shlex.quote(interpreter)
    pip = f"uv pip {{}} --python {path}" if machine.by_uv else f"{path} -m pip {{}}"
    if removed:
        yes = "" if machine.by_uv else " -y"
        yield f"{pip.format('uninstall')}{yes} {_quoted(removed)}"
    from tfmac.schema.findings import ConstraintKind

    if isinstance(kinds, set) and kinds - {ConstraintKind.REMOVE, ConstraintKind.VARIABLE}:
        yield f"{pip.format('install')} {_quoted(wanted)}"


def _anew(python: str, wanted: Sequence[str], machine: Machine) -> Iterator[str]:
    # On Apple silicon uv would take an Intel Python that it finds first.
    arm = machine.target.apple_silicon
    name = f"cpython-{python}-macos-aarch64-none" if arm else python
    yield f"uv venv --python {name} {_NEW}"
    yield f"uv pip install --python {_NEW}/bin/python {_quoted(wanted)}"


def _quoted(texts: Sequence[str]) -> str:
    return " ".join(map(shlex.quote, texts))
