"""Mach-O images: header, load commands and universal ("fat") files.

Constants are those of ``mach-o/loader.h``, ``mach-o/fat.h`` and ``mach/machine.h``. Only 64-bit
little-endian images are read: every Mac that TensorFlow has wheels for uses them.
"""

import enum
import struct
from typing import Optional

import msgspec

from tfmac.formats.macho_exports import Export, ExportTrie, SymbolTable
from tfmac.formats.macho_imports import Import, bound_imports, chained_imports
from tfmac.formats.reading import Buffer, InvalidBinary, RawBuffer, Window, as_buffer, as_text

MAGIC_64 = b"\xcf\xfa\xed\xfe"  # MH_MAGIC_64, as little-endian files begin
_OTHER_MAGICS = {
    b"\xce\xfa\xed\xfe": "32-bit image",
    b"\xfe\xed\xfa\xce": "big-endian 32-bit image",
    b"\xfe\xed\xfa\xcf": "big-endian image",
}
FAT_MAGIC = b"\xca\xfe\xba\xbe"  # fat.h: always big-endian
FAT_MAGIC_64 = b"\xca\xfe\xba\xbf"
# Java class files share FAT_MAGIC; there the next number is a class version of 45 or more.
MOST_SLICES = 42

_CPU_NAMES = {0x0100_000C: "arm64", 0x0100_0007: "x86_64", 12: "arm", 7: "i386"}
_ARM64E = 2  # CPU_SUBTYPE_ARM64E
_X86_64H = 8  # CPU_SUBTYPE_X86_64_H
_SUBTYPE_MASK = 0x00FF_FFFF  # the high byte holds capability bits

_HEADER = struct.Struct("<8I")  # mach_header_64
_COMMAND = struct.Struct("<2I")
_TWO_LEVEL = 0x80  # MH_TWOLEVEL

_SYMTAB = 0x2
_DYSYMTAB = 0xB
_ID_DYLIB = 0xD
_RPATH = 0x8000_001C
_DYLD_INFO = (0x22, 0x8000_0022)
_VERSION_MIN_MACOSX = 0x24
_BUILD_VERSION = 0x32
_EXPORTS_TRIE = 0x8000_0033
_CHAINED_FIXUPS = 0x8000_0034
_PLATFORM_MACOS = 1
# Far above what any image has (TensorFlow's have about thirty).
_MOST_COMMANDS = 10_000


class LinkKind(enum.Enum):
    """How an image depends on a library; the value is the load command's number."""

    NORMAL = 0xC
    WEAK = 0x8000_0018
    REEXPORT = 0x8000_001F
    LAZY = 0x20
    UPWARD = 0x8000_0023


_LINK_KINDS = {kind.value: kind for kind in LinkKind}


class Link(msgspec.Struct, frozen=True):
    """A library that an image depends on, under the name that its load command gives."""

    name: str
    kind: LinkKind


class Portion(msgspec.Struct, frozen=True):
    """Where one architecture's image lies in a file: byte offset and size, and its machine."""

    machine: str
    offset: int
    size: int


def machine_name(cpu_type: int, cpu_subtype: int) -> str:
    """Name a processor as Apple's tools do; unknown ones are shown by number."""
    subtype = cpu_subtype & _SUBTYPE_MASK
    name = _CPU_NAMES.get(cpu_type, f"cpu-{cpu_type}")
    if name == "arm64" and subtype == _ARM64E:
        return "arm64e"
    return "x86_64h" if name == "x86_64" and subtype == _X86_64H else name


def is_macho(magic: bytes) -> bool:
    """Whether four bytes begin a Mach-O or universal file, readable here or not."""
    return magic in (MAGIC_64, FAT_MAGIC, FAT_MAGIC_64) or magic in _OTHER_MAGICS


def portions(raw: RawBuffer) -> tuple[Portion, ...]:
    """List the images of a thin or universal file from its first bytes alone.

    The first 1,352 bytes are enough. Offsets are as written, not checked against the file.
    """
    window = Window(as_buffer(raw))
    magic = window.take(0, 4, "magic number")
    if magic in (FAT_MAGIC, FAT_MAGIC_64):
        return _fat_portions(window, wide=magic == FAT_MAGIC_64)
    if magic not in (MAGIC_64, *_OTHER_MAGICS):
        raise window.fault("not a Mach-O file", 0, "magic number")
    order = ">" if magic.startswith(b"\xfe") else "<"
    machine = machine_name(*window.unpack(struct.Struct(order + "2I"), 4, "Mach-O header"))
    return (Portion(machine, 0, window.size),)


def _fat_portions(window: Window, *, wide: bool) -> tuple[Portion, ...]:
    # fat_header.nfat_arch has 32 bits in both forms; only fat_arch_64 has wide fields.
    count = int.from_bytes(window.take(4, 4, "universal header"), "big")
    if not 0 < count <= MOST_SLICES:
        raise window.fault(f"{count} architectures", 4, "universal header")
    layout = struct.Struct(">2I2Q2I" if wide else ">5I")
    found = []
    for index in range(count):
        fields = window.unpack(layout, 8 + index * layout.size, "universal header")
        found.append(Portion(machine_name(fields[0], fields[1]), fields[2], fields[3]))
    return tuple(found)


def read_images(raw: RawBuffer) -> "tuple[MachImage, ...]":
    """Open every image of a thin or universal file; raise ``InvalidBinary`` when damaged."""
    buffer = as_buffer(raw)
    return tuple(read_image(buffer, portion) for portion in portions(buffer))


def read_image(buffer: Buffer, portion: Portion) -> "MachImage":
    """Open one image of a file."""
    window = Window(buffer).part(portion.offset, portion.size, "universal header")
    return MachImage(window)


def minimum_os(head: RawBuffer, machine: str) -> Optional[str]:
    """Tell which macOS a machine's image was built for, from the first bytes of a file.

    They have to hold the image's load commands; None where they do not say, or lie further on.
    Raises ``InvalidBinary`` for what is no Mach-O file, or is damaged.
    """
    buffer = as_buffer(head)
    for portion in portions(buffer):
        if portion.machine == machine and portion.offset < len(buffer):
            window = Window(buffer, portion.offset, len(buffer) - portion.offset)
            if window.take(0, 4, "magic number") == MAGIC_64:
                return _minimum_os(window)
    return None


def _minimum_os(window: Window) -> Optional[str]:
    _, _, _, _, count, size, _, _ = window.unpack(_HEADER, 0, "Mach-O header")
    for command in _commands(window, count, size):
        number = command.u32(0, "load command")
        if number == _VERSION_MIN_MACOSX:
            return _version(command.u32(8, "LC_VERSION_MIN_MACOSX"))
        if number == _BUILD_VERSION and command.u32(8, "LC_BUILD_VERSION") == _PLATFORM_MACOS:
            return _version(command.u32(12, "LC_BUILD_VERSION"))
    return None


class MachImage:
    """One Mach-O image: what its load commands say, exports and imports on demand.

    Names are raw bytes with their leading underscore. Load commands are read at once; tries and
    bind information only when asked for. Raises ``InvalidBinary`` on anything damaged.
    """

    __slots__ = (
        "_chained",
        "_imports",
        "_info",
        "_symbols",
        "_trie",
        "_window",
        "identity",
        "links",
        "machine",
        "minimum_os",
        "rpaths",
        "two_level",
    )

    def __init__(self, window: Window) -> None:
        self._window = window
        magic = window.take(0, 4, "magic number")
        if magic != MAGIC_64:
            problem = _OTHER_MAGICS.get(magic, "not a Mach-O image")
            raise window.fault(f"{problem}, only 64-bit little-endian is read", 0, "magic number")
        _, cpu, subtype, _, count, size, flags, _ = window.unpack(_HEADER, 0, "Mach-O header")
        self.machine = machine_name(cpu, subtype)
        self.two_level = bool(flags & _TWO_LEVEL)
        self.identity: Optional[str] = None
        self.minimum_os: Optional[str] = None
        self._info: Optional[tuple[int, ...]] = None
        self._trie: Optional[ExportTrie] = None
        self._chained: Optional[Window] = None
        self._imports: Optional[tuple[Import, ...]] = None
        self._symbols = SymbolTable(window)
        links: list[Link] = []
        rpaths: list[str] = []
        for command in _commands(window, count, size):
            self._read(command, links, rpaths)
        self.links = tuple(links)
        self.rpaths = tuple(rpaths)

    def export(self, name: bytes) -> Optional[Export]:
        """Look one name up in the export trie, or in the symbol table where there is no trie."""
        if self._trie is not None:
            return self._trie.find(name)
        return self._symbols.find(name)

    def imports(self) -> tuple[Import, ...]:
        """Names that this image needs, in the order in which dyld binds them, each once."""
        if self._imports is None:
            self._imports = self._read_imports()
        return self._imports

    def _read_imports(self) -> tuple[Import, ...]:
        if self._chained is not None:
            return chained_imports(self._chained)
        if self._info is None:
            return ()
        _, _, bind, bind_size, weak, weak_size, lazy, lazy_size, _, _ = self._info
        return bound_imports(
            bind=self._window.part(bind, bind_size, "bind opcodes"),
            lazy=self._window.part(lazy, lazy_size, "lazy bind opcodes"),
            weak=self._window.part(weak, weak_size, "weak bind opcodes"),
        )

    def _read(self, command: Window, links: list[Link], rpaths: list[str]) -> None:
        number = command.u32(0, "load command")
        if number in _LINK_KINDS:
            links.append(Link(_path_of(command), _LINK_KINDS[number]))
        elif number == _RPATH:
            rpaths.append(_path_of(command))
        elif number == _ID_DYLIB:
            self.identity = _path_of(command)
        elif number == _BUILD_VERSION:
            self._read_build_version(command)
        elif number == _VERSION_MIN_MACOSX:
            self.minimum_os = _version(command.u32(8, "LC_VERSION_MIN_MACOSX"))
        else:
            self._read_tables(number, command)

    def _read_build_version(self, command: Window) -> None:
        if command.u32(8, "LC_BUILD_VERSION") == _PLATFORM_MACOS:
            self.minimum_os = _version(command.u32(12, "LC_BUILD_VERSION"))

    def _read_tables(self, number: int, command: Window) -> None:
        if number in _DYLD_INFO:
            self._info = command.unpack(struct.Struct("<10I"), 8, "LC_DYLD_INFO")
            offset, size = self._info[8:]
            if size and self._trie is None:
                self._trie = ExportTrie(self._window.part(offset, size, "export trie"))
        elif number == _EXPORTS_TRIE:
            offset, size = command.unpack(_COMMAND, 8, "LC_DYLD_EXPORTS_TRIE")
            self._trie = ExportTrie(self._window.part(offset, size, "export trie"))
        elif number == _CHAINED_FIXUPS:
            offset, size = command.unpack(_COMMAND, 8, "LC_DYLD_CHAINED_FIXUPS")
            self._chained = self._window.part(offset, size, "chained fixups")
        elif number == _SYMTAB:
            self._symbols.place(command.unpack(struct.Struct("<4I"), 8, "LC_SYMTAB"))
        elif number == _DYSYMTAB:
            # dysymtab_command: the externally defined symbols are fields three and four.
            first, count = command.unpack(_COMMAND, 16, "LC_DYSYMTAB")
            self._symbols.narrow(first, count)


def _commands(window: Window, count: int, size: int) -> list[Window]:
    area = window.part(_HEADER.size, size, "load commands")
    if count > min(size // _COMMAND.size, _MOST_COMMANDS):
        raise window.fault(f"{count} load commands in {size} bytes", 16, "Mach-O header")
    found = []
    offset = 0
    for _ in range(count):
        command_size = area.u32(offset + 4, "load command")
        if command_size < _COMMAND.size:
            raise area.fault(f"load command of {command_size} bytes", offset, "load command")
        found.append(area.part(offset, command_size, "load command"))
        offset += command_size
    return found


def _path_of(command: Window) -> str:
    # The path's offset is the first field of dylib_command and of rpath_command; it is padded
    # with NULs up to the command's end, and may fill it exactly.
    offset = command.u32(8, "path of a load command")
    if not _COMMAND.size <= offset <= command.size:
        raise command.fault("path outside its load command", 8, "path of a load command")
    raw = command.take(offset, command.size - offset, "path of a load command")
    return as_text(raw.split(b"\0", 1)[0])


def _version(packed: int) -> str:
    # loader.h: sixteen bits of major, eight of minor and eight of patch level
    major, minor, patch = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF
    return f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"


__all__ = [
    "Export",
    "Import",
    "InvalidBinary",
    "Link",
    "LinkKind",
    "MachImage",
    "Portion",
    "is_macho",
    "machine_name",
    "portions",
    "read_image",
    "read_images",
]
