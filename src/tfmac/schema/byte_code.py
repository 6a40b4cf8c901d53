"""Record of how the releases of Python write instructions."""

import msgspec


class Instructions(msgspec.Struct, frozen=True, kw_only=True):
    """The instructions of one release; numbers are those of its compiler."""

    python: str
    """The interpreter that was asked."""
    known: tuple[int, ...]
    """All that its compiler writes."""
    caches: dict[str, int]
    """After which instructions zeros follow, two bytes each."""
    constants: tuple[int, ...]
    """Those whose argument counts in the constants."""
    names: tuple[int, ...]
    """Those whose argument counts in the names."""
    shifts: dict[str, int]
    """Of which of these arguments the lowest bits mean something else, and how many."""
    free: tuple[int, ...]
    """Of those with a name, the ones that take a variable from around the function."""
    extended: int
    """The one that carries the higher bits of the next one's argument."""
    resume: int
    """The one that every function has near its beginning; -1 before there was one."""


class ByteCode(msgspec.Struct, frozen=True, kw_only=True):
    """The instructions of each minor release, oldest first."""

    schema_version: int
    releases: dict[str, Instructions]
