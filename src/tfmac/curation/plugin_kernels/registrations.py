"""Which kernels a plug-in for TensorFlow registers: read from the functions that do it.

Apple's plug-in registers through functions of its own, ``RegisterSimpleKernels<Kernel, type>`` and
the like, which get the operation's name as a ``std::string``. Their symbols tell the types of
numbers; the names are seen by following the code of their callers (``straight_code``).
"""

import re
from collections import defaultdict
from typing import NamedTuple, Optional

from tfmac.curation.plugin_kernels.straight_code import Call, Machine
from tfmac.curation.plugin_kernels.template_types import types_in
from tfmac.formats.macho_code import CodeImage, Function

# The mangled name of a template that registers: its own name, then its template arguments.
_REGISTERS = re.compile(r"^__Z\w*?Register\w*?Kernels?I")
_CALLER = re.compile(r"^__Z\w*?(?:Register\w*|InitKernel\w*|InitPlugin\w*)")
_OPERATION = re.compile(rb"^_?[A-Z][A-Za-z0-9_]{1,60}$")
# libc++ on ARM64: 24 bytes, of which the last one is the length of a short text.
_STRING_SIZE = 24
_LONG = 0x80
_NAME_ARGUMENT = 1


class Registered(NamedTuple):
    """The operations of a plug-in's kernels with their types, and what could not be read."""

    operations: dict[str, frozenset[str]]
    unread: tuple[str, ...]
    """Functions that register a kernel whose name was not seen."""


def registered(image: CodeImage) -> Registered:
    """Read the kernels of a plug-in."""
    operations: dict[str, set[str]] = defaultdict(set)
    seen: set[str] = set()
    wanted: set[str] = set()
    for function in image.functions():
        if _REGISTERS.match(function.name):
            wanted.add(function.name)
        elif not _CALLER.match(function.name):
            continue
        for target, name in _named_calls(image, function):
            seen.add(target)
            operations[name] |= {dtype for dtype in [type_of(target)] if dtype is not None}
    return Registered(
        {name: frozenset(types) for name, types in sorted(operations.items())},
        tuple(sorted(wanted - seen)),
    )


def type_of(symbol: str) -> Optional[str]:
    """Tell the type of numbers that the kernel of a registering function computes in.

    It is the kernel's first template argument; those that follow are types of indices. Some
    kernels have none: they move bytes.
    """
    match = _REGISTERS.match(symbol)
    types = () if match is None else types_in(symbol, match.end() - 1)
    return types[0] if types else None


def _named_calls(image: CodeImage, function: Function) -> list[tuple[str, str]]:
    """Give the registering functions that a function calls, with the operations' names."""
    found = []
    machine = Machine(image.read)
    for call in machine.calls(function.code, function.address):
        target = image.name_at(call.target)
        if _REGISTERS.match(target):
            name = _text(call, call.registers[_NAME_ARGUMENT])
            if name is not None:
                found.append((target, name))
    return found


def _text(call: Call, address: Optional[int]) -> Optional[str]:
    """Read a ``std::string``; None for anything else."""
    if address is None:
        return None
    last = call.read(address + _STRING_SIZE - 1, 1)
    if last is None:
        return None
    if last[0] < _LONG:
        raw = call.read(address, last[0])
    else:
        place, length = call.read(address, 8), call.read(address + 8, 8)
        if place is None or length is None:
            return None
        raw = call.read(int.from_bytes(place, "little"), int.from_bytes(length, "little") & 0xFF)
    return raw.decode("ascii") if raw is not None and _OPERATION.match(raw) else None
