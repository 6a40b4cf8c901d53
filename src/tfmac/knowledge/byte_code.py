"""Questions to the instructions of Python's releases: whose byte code is it, what does it name."""

from collections.abc import Iterator
from typing import NamedTuple, Optional

from tfmac.formats.marshal_code import Code
from tfmac.knowledge import store
from tfmac.schema.byte_code import ByteCode, Instructions

FILE = "byte_code.json"
"""What each interpreter says of itself."""

_LAYOUTS = {"2": ((2, 0), (2, 99)), "3.0-3.7": ((3, 0), (3, 7)), "3.8-3.10": ((3, 8), (3, 10))}
_LATER = ((3, 11), (99, 0))
# From 3.10 on the table of lines says how far each entry reaches (PEP 626), to the last one.
_LINES_TO_THE_END = (3, 10)


class _Step(NamedTuple):
    """One instruction: its number, and its argument with the bits of what stood before it."""

    number: int
    argument: int


def pythons(code: Code) -> tuple[str, ...]:
    """Name the releases of Python that may have compiled a function, oldest first.

    Those that were not measured are not among them, so that none means unknown.
    """
    if code.layout == "2":
        return ("2.7",)
    return tuple(minor for minor, known in _releases(code) if _fits(code, minor, known))


def globals_of(code: Code) -> Optional[tuple[str, ...]]:
    """Name what a function, and those in it, take from around them; None where that is unknown."""
    found: dict[str, None] = {}
    fitting = set(pythons(code))
    known = next((one for minor, one in _releases(code) if minor in fitting), None)
    if known is None:
        return None
    for function in code.functions():
        for step in _steps(function.instructions, known) or ():
            place = step.argument >> known.shifts.get(str(step.number), 0)
            if step.number in known.free and place < len(function.names):
                found[function.names[place]] = None
    return tuple(found)


def _releases(code: Code) -> Iterator[tuple[str, Instructions]]:
    """Give the measured releases that arrange a code object's fields so."""
    first, last = _LAYOUTS.get(code.layout, _LATER)
    table = store.find(FILE, ByteCode)
    for minor, known in table.releases.items() if table else ():
        if first <= _numbers(minor) <= last:
            yield minor, known


def _numbers(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))


def _fits(code: Code, minor: str, known: Instructions) -> bool:
    """Whether a release's compiler may have written a function and those in it."""
    functions = code.functions()
    if code.layout == "3.8-3.10":
        to_the_end = _numbers(minor) >= _LINES_TO_THE_END
        if any(_reaches_the_end(one) is not to_the_end for one in functions):
            return False
    return all(_function_fits(one, known) for one in functions)


def _reaches_the_end(code: Code) -> bool:
    """Whether the table of lines covers all instructions, to the byte."""
    return sum(code.lines[::2]) == len(code.instructions)


def _function_fits(code: Code, known: Instructions) -> bool:
    steps = _steps(code.instructions, known)
    if not steps:
        return False
    # What takes captured variables over stands before it.
    beginning = [step.number for step in steps[:64]]
    if known.resume >= 0 and known.resume not in beginning:
        return False
    return all(_argument_fits(step, code, known) for step in steps)


def _argument_fits(step: _Step, code: Code, known: Instructions) -> bool:
    place = step.argument >> known.shifts.get(str(step.number), 0)
    if step.number in known.names:
        return place < len(code.names)
    return step.number not in known.constants or place < len(code.constants)


def _steps(instructions: bytes, known: Instructions) -> Optional[list[_Step]]:
    """Take instructions apart; None where a release has no such instruction."""
    if len(instructions) % 2:
        return None
    allowed, steps, position, higher = set(known.known), [], 0, 0
    while position < len(instructions):
        number, argument = instructions[position], instructions[position + 1]
        position += 2
        if number not in allowed:
            return None
        argument |= higher << 8
        if number == known.extended:
            higher = argument & 0xFFFFFF
            continue
        higher = 0
        steps.append(_Step(number, argument))
        caches = 2 * known.caches.get(str(number), 0)
        if instructions[position : position + caches] != b"\0" * caches:
            return None
        position += caches
    return steps
