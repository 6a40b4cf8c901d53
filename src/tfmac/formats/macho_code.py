"""The code of a Mach-O image: which functions it defines, and the bytes at an address.

Structures are those of ``mach-o/loader.h`` and ``mach-o/nlist.h``.
"""

import bisect
import struct
from typing import NamedTuple, Optional

from tfmac.formats.reading import InvalidBinary, Window

_SEGMENT = 0x19  # LC_SEGMENT_64
_SYMTAB = 0x2
_HEADER = struct.Struct("<8I")
_COMMAND = struct.Struct("<2I")
_SECTION_HEAD = struct.Struct("<2QI")  # address, size, offset: after the two names
_SEGMENT_SIZE = 72
_SECTION_SIZE = 80
_NLIST = struct.Struct("<IBBHQ")
_STAB, _TYPE, _DEFINED_HERE = 0xE0, 0x0E, 0x0E
_ZERO_FILLED = (0x1, 0xC, 0x12)  # section types without bytes in the file
_MOST_COMMANDS = 10_000
_MOST_SYMBOLS = 2_000_000


class Function(NamedTuple):
    """A defined symbol of the code, with the bytes up to the next one."""

    name: str
    address: int
    code: bytes


class Section(NamedTuple):
    """Where a section lies in memory and in the file."""

    name: str
    address: int
    size: int
    offset: int


class CodeImage:
    """One 64-bit image of a Mach-O file. Raises ``InvalidBinary`` on anything damaged."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._sections: list[Section] = []
        self._symbols: dict[int, str] = {}
        _, _, _, _, count, size, _, _ = window.unpack(_HEADER, 0, "Mach-O header")
        if count > _MOST_COMMANDS:
            raise window.fault(f"{count} load commands", 16, "Mach-O header")
        self._read_commands(window.part(_HEADER.size, size, "load commands"), count)
        self._sections.sort(key=lambda section: section.address)
        self._starts = [section.address for section in self._sections]
        self._places = sorted(self._symbols)

    def name_at(self, address: int) -> str:
        """Name the symbol that begins at an address; empty where none does."""
        return self._symbols.get(address, "")

    def function(self, address: int) -> Optional[Function]:
        """Give the function that begins at an address; None where none does."""
        section = self._section(address)
        if section is None or address not in self._symbols:
            return None
        following = bisect.bisect_right(self._places, address)
        end = section.address + section.size
        if following < len(self._places):
            end = min(end, self._places[following])
        code = self.read(address, end - address)
        return None if code is None else Function(self._symbols[address], address, code)

    def functions(self) -> list[Function]:
        """List the functions of the code section, by address."""
        text = [section for section in self._sections if section.name == "__text"]
        return [
            found
            for section in text
            for place in self._places
            if section.address <= place < section.address + section.size
            for found in [self.function(place)]
            if found is not None
        ]

    def read(self, address: int, size: int) -> Optional[bytes]:
        """Read what the file holds for an address; None where it holds nothing."""
        section = self._section(address)
        if section is None or address + size > section.address + section.size:
            return None
        return self._window.take(section.offset + address - section.address, size, "section")

    def _section(self, address: int) -> Optional[Section]:
        place = bisect.bisect_right(self._starts, address) - 1
        if place < 0:
            return None
        section = self._sections[place]
        return section if address < section.address + section.size else None

    def _read_commands(self, area: Window, count: int) -> None:
        offset = 0
        for _ in range(count):
            number, size = area.unpack(_COMMAND, offset, "load command")
            if size < _COMMAND.size:
                raise area.fault(f"load command of {size} bytes", offset, "load command")
            command = area.part(offset, size, "load command")
            if number == _SEGMENT:
                self._read_sections(command)
            elif number == _SYMTAB:
                self._read_symbols(command)
            offset += size

    def _read_sections(self, command: Window) -> None:
        count = command.u32(64, "LC_SEGMENT_64")
        for index in range(count):
            start = _SEGMENT_SIZE + index * _SECTION_SIZE
            raw = command.take(start, 16, "section name")
            address, size, offset = command.unpack(_SECTION_HEAD, start + 32, "section")
            if command.u32(start + 64, "section flags") & 0xFF not in _ZERO_FILLED:
                name = raw.rstrip(b"\0").decode("ascii", "replace")
                self._sections.append(Section(name, address, size, offset))

    def _read_symbols(self, command: Window) -> None:
        place, count, strings, size = command.unpack(struct.Struct("<4I"), 8, "LC_SYMTAB")
        if count > _MOST_SYMBOLS:
            raise command.fault(f"{count} symbols", 8, "LC_SYMTAB")
        table = self._window.part(place, count * _NLIST.size, "symbol table")
        text = self._window.part(strings, size, "string table").take(0, size, "string table")
        for index in range(count):
            name, kind, _, _, value = table.unpack(_NLIST, index * _NLIST.size, "symbol")
            if kind & _STAB or kind & _TYPE != _DEFINED_HERE:
                continue
            end = text.find(b"\0", name)
            if end < 0:
                raise InvalidBinary("a name without end", offset=name, reading="string table")
            self._symbols.setdefault(value, text[name:end].decode("utf-8", "replace"))
