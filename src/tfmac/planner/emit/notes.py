"""What a plan needs beyond its pins, in lines of comment that are read back.

They stand right below the heading of the files that have no other place for it.
"""

import re
from collections.abc import Iterable
from typing import Optional

import msgspec

from tfmac.planner.emit.quoting import comment
from tfmac.planner.stacks import METAL
from tfmac.schema.plans import Plan, StackKind, Variable
from tfmac.schema.platform import Target

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_BUILT = re.compile(rf"# ({_NAME}) is built against the others")
_VARIABLE = re.compile(r"# ([A-Za-z_][A-Za-z0-9_]*)=([!-~]*) has to be set")
_DEVICES = {"# it is for the CPU": False, "# it is for the GPU": True}

_WITH_GPU = {
    StackKind.TENSORFLOW_METAL,
    StackKind.TENSORFLOW_MACOS_METAL,
    StackKind.TENSORFLOW_METAL_PLUGIN,
    StackKind.TENSORFLOW_CUDA,
}
_PLUGINS = {METAL, StackKind.TENSORFLOW_METAL_PLUGIN.value}


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines say; ``gpu`` is None where it is as usual for the stack."""

    built: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    gpu: Optional[bool] = None


def usual_gpu(stack: StackKind, target: Target, names: Iterable[str]) -> bool:
    """Whether a set of packages is for the GPU, unless somebody wished otherwise."""
    if stack is StackKind.KERAS_TORCH:
        return target.apple_silicon
    if stack is StackKind.TF_KERAS:
        return not _PLUGINS.isdisjoint(names)
    return stack in _WITH_GPU


def notes(plan: Plan) -> list[str]:
    """Write the lines of a plan; raise ``ValueError`` for what no such line can hold."""
    lines = [*built_notes(plan), *(_variable_note(one) for one in plan.variables)]
    if plan.gpu is not usual_gpu(plan.stack, plan.target, [pin.name for pin in plan.pins]):
        lines += [text for text, gpu in _DEVICES.items() if gpu is plan.gpu]
    return lines


def built_notes(plan: Plan) -> list[str]:
    """Write which distributions have no wheel."""
    return [_readable(f"# {name} is built against the others", _BUILT) for name in plan.built]


def _variable_note(variable: Variable) -> str:
    return _readable(f"# {variable} has to be set", _VARIABLE)


def _readable(line: str, form: "re.Pattern[str]") -> str:
    if not form.fullmatch(line) or line != comment(line[2:]):
        raise ValueError(f"{line!r} is no line of comment that can be read back")
    return line


def read_notes(lines: Iterable[str]) -> Notes:
    """Read the lines below a heading, up to the first that is no note."""
    built: list[str] = []
    variables: list[Variable] = []
    gpu = None
    for line in lines:
        name, variable = _BUILT.fullmatch(line), _VARIABLE.fullmatch(line)
        if name:
            built.append(name[1])
        elif variable:
            variables.append(Variable(name=variable[1], value=variable[2]))
        elif line in _DEVICES:
            gpu = _DEVICES[line]
        else:
            break
    return Notes(built=tuple(built), variables=tuple(variables), gpu=gpu)
