"""Record of what the instructions of the releases of Python are called."""

import msgspec


class InstructionNames(msgspec.Struct, frozen=True, kw_only=True):
    """The instructions of one release."""

    python: str
    """The interpreter that was asked."""
    names: dict[str, str]
    """The name of each, by its number."""
    operators: tuple[str, ...] = ()
    """The operators that the instruction for two operands counts, from 3.11 on."""
    comparisons: tuple[str, ...]
    """The comparisons that their instruction counts."""
    comparison_shift: int = 0
    """How many of its lowest bits mean something else."""


class PythonInstructions(msgspec.Struct, frozen=True, kw_only=True):
    """The names of each minor release, oldest first."""

    schema_version: int
    releases: dict[str, InstructionNames]
