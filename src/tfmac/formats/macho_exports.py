"""Exported names of a Mach-O image: single look-ups, never a listing.

The trie's layout is described in ``mach-o/loader.h`` beside ``dyld_info_command``.
"""

from typing import Optional

import msgspec

from tfmac.formats.reading import Window

_REEXPORT = 0x08  # EXPORT_SYMBOL_FLAGS_REEXPORT

# Bytes of a trie node that are looked at, in turn: most nodes are small. At most 255 edges follow
# a node, so the last size leaves 16 KiB for each.
_NODE_SIZES = (192, 4096, 1 << 22)
_MOST_KEPT_NODES = 1 << 14
_MOST_EMPTY_LABELS = 256
# Nodes above the second size are rare; all of them together may not exceed this.
_MOST_LARGE_BYTES = 1 << 27

# Bits of the type byte of a symbol, from mach-o/nlist.h
_STAB = 0xE0
_PRIVATE_EXTERNAL = 0x10
_TYPE = 0x0E
_EXTERNAL = 0x01
_NLIST_SIZE = 16


class Export(msgspec.Struct, frozen=True):
    """An exported name.

    A re-export has ``ordinal``, the position (from 1) of the library that really holds it, and
    ``renamed``, its name there.
    """

    ordinal: Optional[int] = None
    renamed: Optional[bytes] = None


_DEFINED = Export()


class _Node(msgspec.Struct, frozen=True, gc=False):
    """A node of the trie: its export's place, and its edges by their label's first byte.

    ``otherwise`` is the child behind an empty label. Apple's older linker writes one, as the
    last edge, where a name is also the beginning of others. dyld takes the first edge that fits,
    so edges behind an empty label are out of reach and left out.
    """

    terminal: Optional[tuple[int, int]]
    edges: dict[int, tuple[bytes, int]]
    otherwise: Optional[int]

    def leave(self, name: bytes, position: int) -> tuple[bytes, Optional[int]]:
        """Choose the edge that continues a name: its label and child, None where none does."""
        edge = self.edges.get(name[position]) if position < len(name) else None
        if edge is not None and name.startswith(edge[0], position):
            return edge
        return b"", self.otherwise


class ExportTrie:
    """Single look-ups in an export trie; the work grows with the name, not with the trie.

    Names share long beginnings, so the nodes on their way are kept (a bounded number of them).
    """

    __slots__ = ("_large", "_nodes", "_trie")

    def __init__(self, trie: Window) -> None:
        self._trie = trie
        self._nodes: dict[int, _Node] = {}
        self._large = 0

    def find(self, name: bytes) -> Optional[Export]:
        """Look one name up."""
        if not self._trie.size:
            return None
        offset: Optional[int] = 0
        position = empty = 0
        while offset is not None:
            node = self._node(offset)
            if position == len(name) and node.terminal:
                return self._export(*node.terminal, name)
            label, offset = node.leave(name, position)
            position += len(label)
            # Labels with bytes end with the name; a cycle of empty ones has to be stopped.
            empty += not label
            if empty > _MOST_EMPTY_LABELS:
                raise self._trie.fault("cycle of empty labels", offset or 0, "export trie node")
        return None

    def _node(self, offset: int) -> _Node:
        node = self._nodes.get(offset)
        if node is None:
            node = self._read(offset)
            if len(self._nodes) < _MOST_KEPT_NODES:
                self._nodes[offset] = node
        return node

    def _read(self, offset: int) -> _Node:
        trie = self._trie
        if offset >= trie.size:
            raise trie.fault("node outside the trie", offset, "export trie node")
        start, end = trie.start + offset, trie.start + trie.size
        for size in _NODE_SIZES:
            self._large += min(size, end - start) if size == _NODE_SIZES[-1] else 0
            if self._large > _MOST_LARGE_BYTES:
                break
            node = _parse_node(trie.buffer[start : min(end, start + size)], offset)
            if node is not None:
                return node
        raise trie.fault("damaged node", offset, "export trie node")

    def _export(self, offset: int, size: int, name: bytes) -> Export:
        info = self._trie.part(offset, size, "export trie node")
        flags, cursor = info.uleb(0, "export flags")
        if not flags & _REEXPORT:
            return _DEFINED
        ordinal, cursor = info.uleb(cursor, "re-export ordinal")
        return Export(ordinal, info.string(cursor, "re-export name") or name)


def _parse_node(code: bytes, offset: int) -> Optional[_Node]:
    """Parse a node, or give None when the piece ends within it or it is damaged."""
    try:
        size, body = _uleb(code, 0)
        cursor = body + size + 1
        edges: dict[int, tuple[bytes, int]] = {}
        otherwise = None
        for _ in range(code[cursor - 1]):
            stop = code.find(b"\0", cursor)
            if stop < 0:
                return None
            child, following = _uleb(code, stop + 1)
            if stop == cursor:
                otherwise = child
                break
            edges.setdefault(code[cursor], (code[cursor:stop], child))
            cursor = following
    except (IndexError, OverflowError):
        return None
    return _Node((offset + body, size) if size else None, edges, otherwise)


def _uleb(code: bytes, cursor: int) -> tuple[int, int]:
    value = shift = 0
    while code[cursor] >= 0x80:
        value |= (code[cursor] & 0x7F) << shift
        shift += 7
        cursor += 1
        if shift > 63:  # longer than 64 bits: no linker writes that
            raise OverflowError
    return value | code[cursor] << shift, cursor + 1


class SymbolTable:
    """Exports of an image without a trie, from LC_SYMTAB (LC_DYSYMTAB narrows it)."""

    __slots__ = ("_image", "_places", "_range", "_strings", "_table")

    def __init__(self, image: Window) -> None:
        self._image = image
        self._table: Optional[Window] = None
        self._strings = image.part(0, 0, "string table")
        self._range: Optional[tuple[int, int]] = None
        self._places: Optional[frozenset[int]] = None

    def place(self, fields: tuple[int, ...]) -> None:
        """Note where the tables lie: symoff, nsyms, stroff, strsize of ``symtab_command``."""
        offset, count, strings, size = fields
        self._table = self._image.part(offset, count * _NLIST_SIZE, "symbol table")
        self._strings = self._image.part(strings, size, "string table")

    def narrow(self, first: int, count: int) -> None:
        """Note which symbols are defined here and visible outside (iextdefsym, nextdefsym)."""
        self._range = first, count

    def find(self, name: bytes) -> Optional[Export]:
        """Look one name up by its place in the string table."""
        places = self._external()
        strings = self._strings
        start, end = strings.start, strings.start + strings.size
        wanted = name + b"\0"
        cursor = strings.buffer.find(wanted, start, end)
        while cursor >= 0:
            if cursor - start in places:
                return _DEFINED
            cursor = strings.buffer.find(wanted, cursor + 1, end)
        return None

    def _external(self) -> frozenset[int]:
        if self._places is None:
            self._places = frozenset(self._read_external())
        return self._places

    def _read_external(self) -> list[int]:
        if self._table is None:
            return []
        table = self._table
        if self._range is not None:
            first, count = self._range
            table = table.part(first * _NLIST_SIZE, count * _NLIST_SIZE, "symbol table")
        found = []
        for offset in range(0, table.size, _NLIST_SIZE):
            place = table.u32(offset, "symbol table")
            if _is_external_definition(table.take(offset + 4, 1, "symbol table")[0]):
                found.append(place)
        return found


def _is_external_definition(kind: int) -> bool:
    if kind & _STAB or kind & _PRIVATE_EXTERNAL:
        return False
    return bool(kind & _EXTERNAL) and bool(kind & _TYPE)
