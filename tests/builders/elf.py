"""Tiny ELF shared objects: a dynamic section, hash tables, relocations, symbol versions."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

X86_64 = 62
AARCH64 = 183


@dataclass(frozen=True)
class Need:
    """An undefined name, with the library and version that it was linked from if it has one."""

    name: bytes
    weak: bool = False
    library: Optional[bytes] = None
    version: Optional[bytes] = None


@dataclass(frozen=True)
class Definition:
    """A defined name; a hidden version is one that plain requests do not prefer."""

    name: bytes
    version: Optional[bytes] = None


class _Strings:
    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: bytes) -> int:
        offset = len(self.data)
        self.data += text + b"\0"
        return offset


def _gnu_hash(name: bytes) -> int:
    value = 5381
    for byte in name:
        value = (value * 33 + byte) % 2**32
    return value


def _system_v_hash(name: bytes) -> int:
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF000_0000
        value = (value ^ high >> 24) & ~high
    return value


def _gnu_table(names: Sequence[bytes], first: int, buckets: int) -> bytes:
    """Names have to be sorted by bucket."""
    bloom, heads = 0, [0] * buckets
    chain = []
    for index, name in enumerate(names):
        value = _gnu_hash(name)
        bloom |= 1 << value % 64 | 1 << (value >> 6) % 64
        bucket = value % buckets
        heads[bucket] = heads[bucket] or first + index
        last = index + 1 == len(names) or _gnu_hash(names[index + 1]) % buckets != bucket
        chain.append(value & ~1 | last)
    head = struct.pack("<4IQ", buckets, first, 1, 6, bloom)
    return head + struct.pack(f"<{buckets + len(chain)}I", *heads, *chain)


def _system_v_table(names: Sequence[bytes], buckets: int) -> bytes:
    """Names are those of all symbols from index one."""
    heads, chain = [0] * buckets, [0] * (len(names) + 1)
    for index, name in enumerate(names, 1):
        bucket = _system_v_hash(name) % buckets
        chain[index], heads[bucket] = heads[bucket], index
    return struct.pack(f"<{2 + buckets + len(chain)}I", buckets, len(chain), *heads, *chain)


def _verneed(needs: Sequence[Need], strings: _Strings, first: int) -> tuple[bytes, dict[Need, int]]:
    numbers: dict[Need, int] = {}
    out = b""
    versioned = [need for need in needs if need.library and need.version]
    for index, need in enumerate(versioned):
        numbers[need] = first + index
        more = 32 if index + 1 < len(versioned) else 0
        out += struct.pack("<2H3I", 1, 1, strings.add(need.library or b""), 16, more)
        out += struct.pack("<I2H2I", 0, 0, first + index, strings.add(need.version or b""), 0)
    return out, numbers


def _verdef(versions: Sequence[bytes], soname: bytes, strings: _Strings) -> bytes:
    out = b""
    for index, version in enumerate((soname, *versions)):
        more = 28 if index < len(versions) else 0
        out += struct.pack("<4H3I", 1, int(index == 0), index + 1, 1, 0, 20, more)
        out += struct.pack("<2I", strings.add(version), 0)
    return out


def image(
    *,
    soname: Optional[str] = None,
    needed: Sequence[str] = (),
    rpath: Optional[str] = None,
    runpath: Optional[str] = None,
    defines: Sequence[Definition] = (),
    needs: Sequence[Need] = (),
    hash_style: str = "gnu",
    machine: int = X86_64,
) -> bytes:
    """Write one shared object whose single segment is the whole file at address zero."""
    strings = _Strings()
    buckets = max(1, len(defines) // 2)
    if hash_style == "gnu":
        defines = sorted(defines, key=lambda item: _gnu_hash(item.name) % buckets)
    versions = list(dict.fromkeys(item.version for item in defines if item.version))
    verneed, numbers = _verneed(needs, strings, len(versions) + 2)
    verdef = _verdef(versions, (soname or "self").encode(), strings) if versions else b""
    symbols, versym = bytes(24), struct.pack("<H", 0)
    relocations = b""
    for index, need in enumerate(needs, 1):
        symbols += struct.pack("<I2BH2Q", strings.add(need.name), (1 + need.weak) << 4, 0, 0, 0, 0)
        versym += struct.pack("<H", numbers.get(need, 1))
        relocations += struct.pack("<3Q", 0x1000, index << 32 | 6, 0)
    for item in defines:
        symbols += struct.pack("<I2BH2Q", strings.add(item.name), 1 << 4, 0, 7, 0x40, 8)
        number = versions.index(item.version) + 2 if item.version else 1
        versym += struct.pack("<H", number)
    names = [item.name for item in defines]
    if hash_style == "gnu":
        lookup = 0x6FFF_FEF5, _gnu_table(names, len(needs) + 1, buckets)
    else:
        lookup = 4, _system_v_table([*(need.name for need in needs), *names], buckets)
    texts = [(1, name) for name in needed]
    texts += [(tag, text) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    entries = [(tag, strings.add(text.encode())) for tag, text in texts]
    tables = [(5, strings.data), (6, symbols), lookup, (7, relocations)]
    if versions or numbers:
        tables += [(0x6FFF_FFF0, versym), (0x6FFF_FFFC, verdef), (0x6FFF_FFFE, verneed)]
        entries += [(0x6FFF_FFFD, len(versions) + 1), (0x6FFF_FFFF, len(numbers))]
    entries += [(10, len(strings.data)), (8, len(relocations))]
    return _assemble(entries, [table for table in tables if table[1]], machine)


def _assemble(
    entries: list[tuple[int, int]], tables: list[tuple[int, bytes]], machine: int
) -> bytes:
    dynamic_size = (len(entries) + len(tables) + 1) * 16
    offset = start = 64 + 2 * 56 + dynamic_size
    body = b""
    for tag, data in tables:
        padding = bytes(-len(body) % 8)
        body += padding
        entries.append((tag, offset + len(body)))
        body += data
    dynamic = b"".join(struct.pack("<2Q", *entry) for entry in (*entries, (0, 0)))
    size = start + len(body)
    identification = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack(
        "<16s2HI3QI6H", identification, 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0
    )
    load = struct.pack("<2I6Q", 1, 5, 0, 0, 0, size, size, 0x1000)
    place = 64 + 2 * 56
    pointer = struct.pack("<2I6Q", 2, 6, place, place, place, len(dynamic), len(dynamic), 8)
    return header + load + pointer + dynamic + body
