"""The dynamic symbol table of an ELF file: look-ups by hash, and symbol versions.

Layouts: System V gABI, "Symbol Table" and "Hash Table"; LSB core, "Symbol Versioning";
``DT_GNU_HASH`` as binutils and glibc implement it.
"""

import struct
from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.formats.reading import NameBudget, Window

_SYMBOL = struct.Struct("<I2BH2Q")  # Elf64_Sym
_LOCAL, _WEAK = 0, 2  # STB_LOCAL, STB_WEAK
# Both bounds are far above what a linker writes (its chains have a handful of entries).
_LONGEST_CHAIN = 1 << 16
_MOST_VERSIONS = 1 << 15  # version indexes have 15 bits
_VERSION_MASK = 0x7FFF
_FIRST_VERSION = 2  # VER_NDX_LOCAL and VER_NDX_GLOBAL come before it
_BASE = 1  # VER_FLG_BASE: the file's own name, not a version

_VERNEED = struct.Struct("<2H3I")  # Elf64_Verneed
_VERNAUX = struct.Struct("<I2H2I")  # Elf64_Vernaux
_VERDEF = struct.Struct("<4H3I")  # Elf64_Verdef


class Symbol(msgspec.Struct, frozen=True, gc=False):
    """One entry of the dynamic symbol table."""

    name: bytes
    defined: bool
    local: bool
    weak: bool


class Provision(msgspec.Struct, frozen=True, gc=False):
    """A definition of a name; ``version`` is None for a plain one."""

    index: int
    version: Optional[bytes]


class Versions:
    """Which version each symbol index needs or defines."""

    __slots__ = ("_defined", "_indexes", "_needed")

    def __init__(
        self,
        *,
        strings: Window,
        indexes: Optional[Window],
        needed: Optional[Window],
        needed_count: int,
        defined: Optional[Window],
        defined_count: int,
    ) -> None:
        self._indexes = indexes
        self._needed = _needed_versions(needed, needed_count, strings)
        self._defined = _defined_versions(defined, defined_count, strings)

    def needed(self, index: int) -> "tuple[Optional[bytes], Optional[bytes]]":
        """Name the version that a symbol needs and the library it was linked from."""
        return self._needed.get(self._number(index), (None, None))

    def defined(self, index: int) -> Optional[bytes]:
        """Name the version in which a symbol is defined; None for a plain definition."""
        return self._defined.get(self._number(index))

    def _number(self, index: int) -> int:
        if self._indexes is None:
            return 0
        return self._indexes.u16(index * 2, "version indexes") & _VERSION_MASK


def _needed_versions(
    table: Optional[Window], count: int, strings: Window
) -> dict[int, tuple[bytes, bytes]]:
    found: dict[int, tuple[bytes, bytes]] = {}
    if table is None:
        return found
    budget, steps, reading = NameBudget(), 0, "needed versions"
    for offset, (_, uses, file, first, _) in _records(table, _VERNEED, 0, count, 4):
        library = budget.spend(strings.string(file, reading), strings, file, reading)
        for _, (_, _, number, name, _) in _records(table, _VERNAUX, offset + first, uses, 4):
            steps += 1
            if steps > _MOST_VERSIONS:
                raise table.fault("too many versions", offset, reading)
            version = budget.spend(strings.string(name, reading), strings, name, reading)
            found[number & _VERSION_MASK] = version, library
    return found


def _defined_versions(table: Optional[Window], count: int, strings: Window) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if table is None:
        return found
    budget, reading = NameBudget(), "defined versions"
    for offset, (_, flags, number, _, _, first, _) in _records(table, _VERDEF, 0, count, 6):
        if not flags & _BASE and number >= _FIRST_VERSION:
            name = table.u32(offset + first, reading)
            version = budget.spend(strings.string(name, reading), strings, name, reading)
            found[number & _VERSION_MASK] = version
    return found


def _records(
    table: Window, layout: struct.Struct, offset: int, count: int, link: int
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Walk a chain of records; field ``link`` is the distance to the next, forward only."""
    for _ in range(min(count, _MOST_VERSIONS)):
        fields = table.unpack(layout, offset, "symbol versions")
        yield offset, fields
        if not fields[link]:
            return
        offset += fields[link]


class SymbolIndex:
    """Single look-ups in a dynamic symbol table."""

    __slots__ = ("_gnu_hash", "_strings", "_system_v_hash", "_table", "_versions")

    def __init__(
        self,
        *,
        table: Optional[Window],
        strings: Window,
        gnu_hash: Optional[Window],
        system_v_hash: Optional[Window],
        versions: Versions,
    ) -> None:
        self._table = table
        self._strings = strings
        self._gnu_hash = gnu_hash
        self._system_v_hash = system_v_hash
        self._versions = versions

    def symbol(self, index: int) -> Symbol:
        """Read one entry."""
        if self._table is None:
            raise self._strings.fault("no symbol table", 0, "symbol table")
        fields = self._table.unpack(_SYMBOL, index * _SYMBOL.size, "symbol table")
        name, info, _, section, _, _ = fields
        return Symbol(
            name=self._strings.string(name, "symbol name"),
            defined=section != 0,  # SHN_UNDEF
            local=info >> 4 == _LOCAL,
            weak=info >> 4 == _WEAK,
        )

    def find(self, name: bytes) -> Optional[Provision]:
        """Find the first definition of a name."""
        return next(self.definitions(name), None)

    def definitions(self, name: bytes) -> Iterator[Provision]:
        """Give every definition of a name: one for each version it has."""
        table, strings = self._table, self._strings
        if table is None:
            return
        wanted = name + b"\0"
        for index in self._candidates(name):
            fields = table.unpack(_SYMBOL, index * _SYMBOL.size, "symbol table")
            place, info, _, section, _, _ = fields
            if not section or info >> 4 == _LOCAL or place + len(wanted) > strings.size:
                continue
            if strings.take(place, len(wanted), "symbol name") == wanted:
                yield Provision(index, self._versions.defined(index))

    def _candidates(self, name: bytes) -> Iterator[int]:
        if self._gnu_hash is not None:
            return _gnu_candidates(self._gnu_hash, name)
        if self._system_v_hash is not None:
            return _system_v_candidates(self._system_v_hash, name)
        return iter(())


def gnu_hash(name: bytes) -> int:
    """Hash a name as ``DT_GNU_HASH`` does (Bernstein's, 32 bits)."""
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFF_FFFF
    return value


def system_v_hash(name: bytes) -> int:
    """Hash a name as ``DT_HASH`` does (gABI, "Hash Table")."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFF_FFFF
    return value


def _gnu_candidates(table: Window, name: bytes) -> Iterator[int]:
    """Give the indexes whose 32-bit hash agrees; the Bloom filter ends most misses at once."""
    reading = "GNU hash table"
    buckets, first, words, shift = table.unpack(struct.Struct("<4I"), 0, reading)
    if not buckets or not words:
        return
    value = gnu_hash(name)
    word = table.u64(16 + value // 64 % words * 8, reading)
    if not (word >> value % 64) & (word >> (value >> shift) % 64) & 1:
        return
    bucket_place = 16 + words * 8
    chain_place = bucket_place + buckets * 4
    index = table.u32(bucket_place + value % buckets * 4, reading)
    if index < first:
        return
    for step in range(index, index + _LONGEST_CHAIN):
        entry = table.u32(chain_place + (step - first) * 4, reading)
        if entry | 1 == value | 1:
            yield step
        if entry & 1:
            return
    raise table.fault("endless chain", chain_place, reading)


def _system_v_candidates(table: Window, name: bytes) -> Iterator[int]:
    reading = "hash table"
    buckets, symbols = table.unpack(struct.Struct("<2I"), 0, reading)
    if not buckets:
        return
    index = table.u32(8 + system_v_hash(name) % buckets * 4, reading)
    for _ in range(min(symbols, _LONGEST_CHAIN) + 1):
        if not index:
            return
        yield index
        index = table.u32(8 + (buckets + index) * 4, reading)
    raise table.fault("endless chain", 0, reading)
