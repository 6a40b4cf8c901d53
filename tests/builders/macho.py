"""Tiny Mach-O images: load commands, bind opcodes, chained fixups, export tries, fat files."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional, Union

ARM64 = (0x0100_000C, 0)
ARM64E = (0x0100_000C, 2)
X86_64 = (0x0100_0007, 3)

NORMAL, WEAK, REEXPORT = 0xC, 0x8000_0018, 0x8000_001F


@dataclass(frozen=True)
class Bind:
    """An import: ordinals below one are special, as in the file."""

    name: bytes
    ordinal: int = 1
    weak: bool = False


@dataclass(frozen=True)
class Reexport:
    """An export that stands for a name of a linked library."""

    ordinal: int
    renamed: bytes = b""


Exports = Mapping[bytes, Optional[Reexport]]
Libraries = Sequence[Union[str, tuple[str, int]]]


def uleb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


@dataclass
class _Node:
    payload: bytes = b""
    edges: list[tuple[bytes, "_Node"]] = field(default_factory=list)
    offset: int = 0

    def encoded(self) -> bytes:
        out = uleb(len(self.payload)) + self.payload + bytes((len(self.edges),))
        for label, child in self.edges:
            out += label + b"\0" + uleb(child.offset)
        return out

    def everything(self) -> "list[_Node]":
        return [self, *(node for _, child in self.edges for node in child.everything())]


def _grow(entries: Sequence[tuple[bytes, bytes]]) -> _Node:
    """Make the node of names that share what was cut off already."""
    node = _Node()
    by_initial: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for name, payload in entries:
        if name:
            by_initial.setdefault(name[:1], []).append((name, payload))
        else:
            node.payload = payload
    for group in by_initial.values():
        label = _common([name for name, _ in group])
        rest = [(name[len(label) :], payload) for name, payload in group]
        node.edges.append((label, _grow(rest)))
    return node


def _common(names: Sequence[bytes]) -> bytes:
    first, last = min(names), max(names)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]


def trie(exports: Exports) -> bytes:
    """Write an export trie; child offsets are repeated until their sizes agree."""
    root = _grow([(name, _payload(target)) for name, target in exports.items()])
    nodes = root.everything()
    while True:
        offset, stable = 0, True
        for node in nodes:
            stable = stable and node.offset == offset
            node.offset = offset
            offset += len(node.encoded())
        if stable:
            return b"".join(node.encoded() for node in nodes)


def _payload(target: Optional[Reexport]) -> bytes:
    if target is None:
        return uleb(0) + uleb(0x4000)
    return uleb(8) + uleb(target.ordinal) + target.renamed + b"\0"


def opcodes(binds: Sequence[Bind], *, lazy: bool = False) -> bytes:
    """Write a bind or lazy bind stream with the moves that linkers put between."""
    out = b""
    for bind in binds:
        out += b"\x51" if not lazy else b""
        out += b"\x72" + uleb(0x80)
        if bind.ordinal < 0:
            out += bytes((0x30 | bind.ordinal & 0xF,))
        elif bind.ordinal < 16:
            out += bytes((0x10 | bind.ordinal,))
        else:
            out += b"\x20" + uleb(bind.ordinal)
        out += bytes((0x40 | int(bind.weak),)) + bind.name + b"\0"
        out += b"\x90" + (b"\0" if lazy else b"\xb1\xc0" + uleb(3) + uleb(8))
    return out + b"\0"


def chained(binds: Sequence[Bind], layout: int) -> bytes:
    """Write the part of LC_DYLD_CHAINED_FIXUPS that holds imports; layout is 1, 2 or 3."""
    names, table = b"\0", b""
    for bind in binds:
        if layout == 3:
            packed = bind.ordinal & 0xFFFF | bind.weak << 16 | len(names) << 32
            table += struct.pack("<QQ", packed, 0)
        else:
            packed = bind.ordinal & 0xFF | bind.weak << 8 | len(names) << 9
            table += struct.pack("<I", packed) + (bytes(4) if layout == 2 else b"")
        names += bind.name + b"\0"
    header = struct.pack("<7I", 0, 28, 28, 28 + len(table), len(binds), layout, 0)
    return header + table + names


def symbol_table(names: Sequence[bytes], hidden: Sequence[bytes] = ()) -> tuple[bytes, bytes]:
    """Write nlist_64 entries, hidden ones as private externals, and their strings."""
    strings, table = b"\0", b""
    for name in (*names, *hidden):
        kind = 0x1F if name in hidden else 0x0F
        table += struct.pack("<IBBHQ", len(strings), kind, 1, 0, 0x4000)
        strings += name + b"\0"
    return table, strings


def _path_command(number: int, path: str, extra: bytes = b"") -> bytes:
    raw = path.encode() + b"\0"
    size = 12 + len(extra) + len(raw)
    raw += bytes(-size % 8)
    return struct.pack("<3I", number, 12 + len(extra) + len(raw), 12 + len(extra)) + extra + raw


def image(
    *,
    identity: Optional[str] = None,
    links: Libraries = (),
    rpaths: Sequence[str] = (),
    exports: Optional[Exports] = None,
    binds: Sequence[Bind] = (),
    lazy: Sequence[Bind] = (),
    weak_binds: Sequence[Bind] = (),
    chained_layout: Optional[int] = None,
    symbols: Optional[tuple[bytes, bytes]] = None,
    minimum_os: Optional[tuple[int, int, int]] = (12, 0, 0),
    cpu: tuple[int, int] = ARM64,
    flags: int = 0x80,
) -> bytes:
    """Write one image; with a chained layout, binds go there and the trie has its own command."""
    commands = [_path_command(0xD, identity, bytes(12))] if identity else []
    for link in links:
        name, kind = (link, NORMAL) if isinstance(link, str) else link
        commands.append(_path_command(kind, name, bytes(12)))
    commands += [_path_command(0x8000_001C, path) for path in rpaths]
    if minimum_os:
        packed = minimum_os[0] << 16 | minimum_os[1] << 8 | minimum_os[2]
        commands.append(struct.pack("<6I", 0x32, 24, 1, packed, packed, 0))
    tables = _Tables(32 + sum(map(len, commands)) + 120)
    if chained_layout:
        place = tables.add(chained(binds, chained_layout))
        commands.append(struct.pack("<4I", 0x8000_0034, 16, *place))
        if exports is not None:
            commands.append(struct.pack("<4I", 0x8000_0033, 16, *tables.add(trie(exports))))
    else:
        info = [
            *tables.add(opcodes(binds)),
            *tables.add(opcodes(weak_binds)),
            *tables.add(opcodes(lazy, lazy=True)),
            *tables.add(b"" if exports is None else trie(exports)),
        ]
        commands.append(struct.pack("<12I", 0x8000_0022, 48, 0, 0, *info))
    if symbols is not None:
        place, strings = tables.add(symbols[0]), tables.add(symbols[1])
        count = len(symbols[0]) // 16
        commands.append(struct.pack("<6I", 0x2, 24, place[0], count, *strings))
    body = b"".join(commands)
    header = b"\xcf\xfa\xed\xfe" + struct.pack("<7I", *cpu, 6, len(commands), len(body), flags, 0)
    return (header + body).ljust(tables.start, b"\0") + tables.data


class _Tables:
    """What lies behind the load commands, with offsets from the start of the image."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.data = b""

    def add(self, table: bytes) -> tuple[int, int]:
        offset = self.start + len(self.data)
        self.data += table
        return offset, len(table)


def fat(images: Sequence[tuple[tuple[int, int], bytes]], *, wide: bool = False) -> bytes:
    """Write a universal file: FAT_MAGIC, or FAT_MAGIC_64 when wide."""
    head = struct.pack(">2I", 0xCAFE_BABF if wide else 0xCAFE_BABE, len(images))
    entry = ">2I2Q2I" if wide else ">5I"
    offset = len(head) + struct.calcsize(entry) * len(images)
    body = b""
    for cpu, data in images:
        fields = (*cpu, offset + len(body), len(data), 3)
        head += struct.pack(entry, *fields, 0) if wide else struct.pack(entry, *fields)
        body += data
    return head + body
