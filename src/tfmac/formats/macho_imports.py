"""Imported names of a Mach-O image, from bind opcodes or from chained fixups.

Constants are those of ``mach-o/loader.h`` (BIND_*) and ``mach-o/fixup-chains.h``.
"""

import struct
from collections.abc import Iterator

import msgspec

from tfmac.formats.reading import NameBudget, Window

SELF = 0  # BIND_SPECIAL_DYLIB_SELF
MAIN_EXECUTABLE = -1
FLAT_LOOKUP = -2
WEAK_LOOKUP = -3

_DONE = 0x00
_SET_ORDINAL_ULEB = 0x20
_SET_ORDINAL_SPECIAL = 0x30
_SET_ORDINAL = (0x10, _SET_ORDINAL_ULEB, _SET_ORDINAL_SPECIAL)
_SET_SYMBOL = 0x40  # bit 0 of its immediate is BIND_SYMBOL_FLAGS_WEAK_IMPORT
_BINDS = (0x90, 0xA0, 0xB0, 0xC0)
_THREADED = 0xD0  # sub-opcode 0 is followed by one number, sub-opcode 1 by none
# How many LEB128 numbers follow: type, addend, segment and offset, add address, four binds.
_OPERANDS = {0x50: 0, 0x60: 1, 0x70: 1, 0x80: 1, 0x90: 0, 0xA0: 1, 0xB0: 0, 0xC0: 2}

_FIXUPS_HEADER = struct.Struct("<7I")  # dyld_chained_fixups_header
_ENTRY_SIZES = {1: 4, 2: 8, 3: 16}  # DYLD_CHAINED_IMPORT, _ADDEND, _ADDEND64


class Import(msgspec.Struct, frozen=True, gc=False):
    """A name that an image needs.

    ``ordinal`` is the position (from 1) of the library in the load commands, or ``SELF``,
    ``MAIN_EXECUTABLE``, ``FLAT_LOOKUP`` or ``WEAK_LOOKUP``. ``weak`` ones may be missing.
    """

    name: bytes
    ordinal: int
    weak: bool


def bound_imports(*, bind: Window, lazy: Window, weak: Window) -> tuple[Import, ...]:
    """Read the three opcode streams in dyld's order, each (name, library) pair once.

    The weak stream only offers replacements for what is already bound, so its names may be
    missing.
    """
    found: dict[tuple[bytes, int], Import] = {}
    for stream, lazily in ((bind, False), (lazy, True)):
        for name, ordinal, weakly in _run(stream, through_done=lazily):
            found.setdefault((name, ordinal), Import(name, ordinal, weakly))
    for name, _, _ in _run(weak, through_done=False):
        found.setdefault((name, WEAK_LOOKUP), Import(name, WEAK_LOOKUP, weak=True))
    return tuple(found.values())


def _run(stream: Window, *, through_done: bool) -> Iterator[tuple[bytes, int, bool]]:
    """Run a stream, giving name, ordinal and weak flag at each bind.

    Repeat counts are not unrolled, so the work is bounded by the stream's length. In the lazy
    stream DONE only separates entries.
    """
    code = stream.take(0, stream.size, "bind opcodes")
    name, ordinal, weak = b"", SELF, False
    fresh = False  # whether anything changed since the last bind of this name
    offset = 0
    while offset < len(code):
        byte = code[offset]
        opcode = byte & 0xF0
        offset += 1
        if opcode == _SET_SYMBOL:
            name, weak, fresh = stream.string(offset, "bind opcodes"), bool(byte & 1), True
            offset += len(name) + 1
        elif opcode in _SET_ORDINAL:
            ordinal, offset = _ordinal(stream, offset, byte)
            fresh = True
        elif byte == _DONE:
            if not through_done:
                return
        else:
            if fresh and opcode in _BINDS:
                fresh = False
                yield name, ordinal, weak
            offset = _skip(stream, code, offset, byte)


def _ordinal(stream: Window, offset: int, byte: int) -> tuple[int, int]:
    immediate = byte & 0x0F
    if byte & 0xF0 == _SET_ORDINAL_ULEB:
        return stream.uleb(offset, "bind opcodes")
    if byte & 0xF0 == _SET_ORDINAL_SPECIAL and immediate:
        return immediate - 16, offset
    return immediate, offset


def _skip(stream: Window, code: bytes, offset: int, byte: int) -> int:
    """Pass over the numbers that follow an opcode; signed ones have the same length rule."""
    count = _OPERANDS.get(byte & 0xF0)
    if byte & 0xF0 == _THREADED and byte & 0x0F <= 1:
        count = 1 - (byte & 0x0F)
    if count is None:
        raise stream.fault(f"unknown opcode {byte:#x}", offset - 1, "bind opcodes")
    for _ in range(count):
        while offset < len(code) and code[offset] >= 0x80:
            offset += 1
        offset += 1
    if offset > len(code):
        raise stream.fault("file ends too early", offset, "bind opcodes")
    return offset


def chained_imports(fixups: Window) -> tuple[Import, ...]:
    """Read the imports table of LC_DYLD_CHAINED_FIXUPS, each (name, library) pair once."""
    fields = fixups.unpack(_FIXUPS_HEADER, 0, "chained fixups header")
    _, _, imports_offset, symbols_offset, count, layout, compression = fields
    if layout not in _ENTRY_SIZES:
        raise fixups.fault(f"unknown imports format {layout}", 20, "chained fixups header")
    if compression:
        raise fixups.fault("compressed names are not read", 24, "chained fixups header")
    table = fixups.part(imports_offset, count * _ENTRY_SIZES[layout], "chained imports")
    names = fixups.part(symbols_offset, fixups.size - symbols_offset, "chained import names")
    budget = NameBudget()
    found: dict[tuple[int, int], Import] = {}
    for ordinal, weak, place in _entries(table, layout):
        if (place, ordinal) not in found:
            name = budget.spend(names.string(place, "chained import names"), names, place, "names")
            found[place, ordinal] = Import(name, ordinal, weak)
    return tuple(found.values())


def _entries(table: Window, layout: int) -> Iterator[tuple[int, bool, int]]:
    """Unpack (ordinal, weak, name offset) triples of an imports table."""
    if layout == 3:
        for offset in range(0, table.size, 16):
            packed = table.u64(offset, "chained imports")
            yield _signed(packed & 0xFFFF, 16), bool(packed >> 16 & 1), packed >> 32
        return
    for offset in range(0, table.size, _ENTRY_SIZES[layout]):
        packed = table.u32(offset, "chained imports")
        yield _signed(packed & 0xFF, 8), bool(packed >> 8 & 1), packed >> 9


def _signed(value: int, bits: int) -> int:
    # Only the last sixteen values are special; larger counts of libraries stay positive.
    top = 1 << bits
    return value - top if value > top - 16 else value
