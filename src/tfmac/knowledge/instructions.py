"""Questions to the instructions of a function: what each is called, and its argument."""

from typing import NamedTuple, Optional

from tfmac.formats.marshal_code import Code
from tfmac.knowledge import byte_code, store
from tfmac.schema.byte_code import ByteCode
from tfmac.schema.instruction_names import InstructionNames, PythonInstructions

FILE = "python_instructions.json"
"""What each interpreter calls them."""


class Step(NamedTuple):
    """One instruction."""

    name: str
    argument: int


def names(minor: str) -> Optional[InstructionNames]:
    """Give what a release calls its instructions; None where it was not asked."""
    table = store.find(FILE, PythonInstructions)
    return None if table is None else table.releases.get(minor)


def steps(code: Code, minor: str) -> tuple[Step, ...]:
    """Take a function apart as a release does; unknown instructions have no name."""
    known, called = store.load(byte_code.FILE, ByteCode).releases.get(minor), names(minor)
    if known is None or called is None:
        return ()
    found: list[Step] = []
    position, higher = 0, 0
    while position + 1 < len(code.instructions):
        number, argument = code.instructions[position], code.instructions[position + 1]
        position += 2 + 2 * known.caches.get(str(number), 0)
        argument |= higher << 8
        if number == known.extended:
            higher = argument & 0xFFFFFF
            continue
        higher = 0
        found.append(Step(called.names.get(str(number), ""), argument))
    return tuple(found)
