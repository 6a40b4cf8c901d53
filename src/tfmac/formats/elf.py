"""ELF shared objects: the dynamic section, exports by hash look-up, imports by relocation.

Constants are those of the System V gABI ("Object Files", "Dynamic Linking") and, for symbol
versions and ``DT_GNU_HASH``, of the LSB core specification. Only 64-bit little-endian files are
read. Everything is found through program headers, as the loader does; sections may be stripped.
"""

import struct
from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.formats.elf_symbols import Provision, SymbolIndex, Versions
from tfmac.formats.reading import NameBudget, RawBuffer, Window, as_buffer, as_text

MAGIC = b"\x7fELF"
_CLASS_64 = 2  # ELFCLASS64
_LITTLE_ENDIAN = 1  # ELFDATA2LSB
_MACHINES = {62: "x86_64", 183: "aarch64", 3: "i386", 40: "arm"}  # EM_*
_HEADER = struct.Struct("<16s2HI3QI6H")  # Elf64_Ehdr
_PROGRAM = struct.Struct("<2I6Q")  # Elf64_Phdr
_DYNAMIC = struct.Struct("<2Q")  # Elf64_Dyn
_RELOCATION = struct.Struct("<3Q")  # Elf64_Rela
_LOAD = 1  # PT_LOAD
_DYNAMIC_SEGMENT = 2  # PT_DYNAMIC
_MOST_DYNAMIC_ENTRIES = 1 << 14

_NEEDED, _PLT_SIZE, _HASH, _STRINGS, _SYMBOLS = 1, 2, 4, 5, 6
_RELA, _RELA_SIZE, _STRINGS_SIZE, _SONAME, _RPATH = 7, 8, 10, 14, 15
_PLT, _RUNPATH, _RELA_COUNT, _GNU_HASH = 23, 29, 0x6FFF_FFF9, 0x6FFF_FEF5
_VERSYM, _VERDEF, _VERDEF_COUNT = 0x6FFF_FFF0, 0x6FFF_FFFC, 0x6FFF_FFFD
_VERNEED, _VERNEED_COUNT = 0x6FFF_FFFE, 0x6FFF_FFFF


class ElfImport(msgspec.Struct, frozen=True, gc=False):
    """A name that an image needs; ``weak`` ones may be missing.

    ``version`` and ``version_library`` (the SONAME it was linked from) are None for a plain name.
    """

    name: bytes
    weak: bool
    version: Optional[bytes] = None
    version_library: Optional[bytes] = None


def machine_name(machine: int) -> str:
    """Name a processor as ``uname -m`` does; unknown ones are shown by number."""
    return _MACHINES.get(machine, f"machine-{machine}")


def read_machine(raw: RawBuffer) -> str:
    """Read the processor from a file's first 20 bytes, of any class and byte order."""
    window = Window(as_buffer(raw))
    if window.take(0, 4, "magic number") != MAGIC:
        raise window.fault("not an ELF file", 0, "magic number")
    big = window.take(5, 1, "ELF header")[0] != _LITTLE_ENDIAN
    return machine_name(
        int.from_bytes(window.take(18, 2, "ELF header"), "big" if big else "little")
    )


def read_image(raw: RawBuffer) -> "ElfImage":
    """Open a shared object; raise ``InvalidBinary`` when it is damaged or of another class."""
    return ElfImage(Window(as_buffer(raw)))


class ElfImage:
    """One ELF shared object: what its dynamic section says, exports and imports on demand.

    Raises ``InvalidBinary`` on anything damaged; a file without a dynamic section has no links,
    exports or imports.
    """

    __slots__ = (
        "_budget",
        "_dynamic",
        "_imports",
        "_index",
        "_segments",
        "_strings",
        "_versions",
        "_window",
        "identity",
        "links",
        "machine",
        "rpaths",
        "runpaths",
    )

    def __init__(self, window: Window) -> None:
        self._window = window
        self._budget = NameBudget()
        self._imports: Optional[tuple[ElfImport, ...]] = None
        self._index: Optional[SymbolIndex] = None
        fields = _read_header(window)
        self.machine = machine_name(fields[2])
        self._segments, dynamic = self._read_programs(fields)
        needed, self._dynamic = self._read_dynamic(dynamic)
        self._strings = self._at(_STRINGS, self._dynamic.get(_STRINGS_SIZE, 0), "string table")
        self._versions: Optional[Versions] = None
        self.identity = self._text(_SONAME)
        self.links = tuple(self._path(offset) for offset in needed)
        self.rpaths = _split(self._text(_RPATH))
        self.runpaths = _split(self._text(_RUNPATH))

    def export(self, name: bytes) -> Optional[Provision]:
        """Look one defined name up through ``DT_GNU_HASH``, else through ``DT_HASH``."""
        return self._symbols().find(name)

    def provides(self, name: bytes, version: Optional[bytes] = None) -> bool:
        """Whether the name is defined here in the version that is asked for.

        A plain definition satisfies every version and an unversioned request is satisfied by
        any definition, as in glibc's ``do_lookup_x``.
        """
        return any(
            version is None or definition.version in (None, version)
            for definition in self._symbols().definitions(name)
        )

    def imports(self) -> tuple[ElfImport, ...]:
        """Undefined names in the order of the relocations that need them, each once."""
        if self._imports is None:
            self._imports = tuple(self._read_imports())
        return self._imports

    def _read_imports(self) -> Iterator[ElfImport]:
        symbols = self._symbols()
        seen: set[int] = set()
        for index in self._relocated():
            if index in seen:
                continue
            seen.add(index)
            symbol = symbols.symbol(index)
            if symbol.defined or symbol.local:
                continue
            name = self._budget.spend(symbol.name, self._strings, 0, "import names")
            version, library = self._version_table().needed(index)
            yield ElfImport(name, symbol.weak, version, library)

    def _relocated(self) -> Iterator[int]:
        """Give the symbol indexes of all relocations, immediate ones first."""
        skip = self._dynamic.get(_RELA_COUNT, 0)  # leading relative ones name no symbol
        for tag, size_tag in ((_RELA, _RELA_SIZE), (_PLT, _PLT_SIZE)):
            size = self._dynamic.get(size_tag, 0)
            table = self._at(tag, size - size % _RELOCATION.size, "relocations")
            start = min(skip * _RELOCATION.size, table.size) if tag == _RELA else 0
            for _, info, _ in _RELOCATION.iter_unpack(
                table.take(start, table.size - start, "relocations")
            ):
                if info >> 32:
                    yield info >> 32

    def _symbols(self) -> SymbolIndex:
        if self._index is None:
            self._index = SymbolIndex(
                table=self._from(_SYMBOLS, "symbol table"),
                strings=self._strings,
                gnu_hash=self._from(_GNU_HASH, "GNU hash table"),
                system_v_hash=self._from(_HASH, "hash table"),
                versions=self._version_table(),
            )
        return self._index

    def _version_table(self) -> Versions:
        if self._versions is None:
            self._versions = Versions(
                strings=self._strings,
                indexes=self._from(_VERSYM, "version indexes"),
                needed=self._from(_VERNEED, "needed versions"),
                needed_count=self._dynamic.get(_VERNEED_COUNT, 0),
                defined=self._from(_VERDEF, "defined versions"),
                defined_count=self._dynamic.get(_VERDEF_COUNT, 0),
            )
        return self._versions

    def _read_programs(
        self, header: tuple[int, ...]
    ) -> "tuple[tuple[tuple[int, int, int], ...], Optional[Window]]":
        """List the loaded ranges (address, offset, size) and find the dynamic section."""
        offset, entry_size, count = header[5], header[9], header[10]
        segments, dynamic = [], None
        if count and entry_size < _PROGRAM.size:
            raise self._window.fault(f"entries of {entry_size} bytes", 54, "ELF header")
        for index in range(count):
            fields = self._window.unpack(_PROGRAM, offset + index * entry_size, "program header")
            kind, _, start, address, _, size, _, _ = fields
            if kind == _LOAD:
                segments.append((address, start, size))
            elif kind == _DYNAMIC_SEGMENT:
                dynamic = self._window.part(start, size, "dynamic section")
        return tuple(segments), dynamic

    def _read_dynamic(self, section: Optional[Window]) -> tuple[list[int], dict[int, int]]:
        needed: list[int] = []
        entries: dict[int, int] = {}
        if section is None:
            return needed, entries
        count = min(section.size // _DYNAMIC.size, _MOST_DYNAMIC_ENTRIES)
        for index in range(count):
            tag, value = section.unpack(_DYNAMIC, index * _DYNAMIC.size, "dynamic section")
            if tag == 0:  # DT_NULL
                break
            if tag == _NEEDED:
                needed.append(value)
            else:
                entries[tag] = value
        return needed, entries

    def _from(self, tag: int, reading: str) -> Optional[Window]:
        """Open the range that begins at an address of the dynamic section and ends its segment."""
        address = self._dynamic.get(tag)
        if address is None:
            return None
        for start, offset, size in self._segments:
            if start <= address < start + size:
                skipped = address - start
                return self._window.part(offset + skipped, size - skipped, reading)
        raise self._window.fault(f"address {address:#x} is in no segment", 0, reading)

    def _at(self, tag: int, size: int, reading: str) -> Window:
        window = self._from(tag, reading) if size > 0 else None
        return (
            Window(self._window.buffer, 0, 0) if window is None else window.part(0, size, reading)
        )

    def _text(self, tag: int) -> Optional[str]:
        offset = self._dynamic.get(tag)
        return None if offset is None else self._path(offset)

    def _path(self, offset: int) -> str:
        name = self._strings.string(offset, "string table")
        return as_text(self._budget.spend(name, self._strings, offset, "string table"))


def _read_header(window: Window) -> tuple[int, ...]:
    if window.take(0, 4, "magic number") != MAGIC:
        raise window.fault("not an ELF file", 0, "magic number")
    if window.take(4, 2, "ELF header") != bytes((_CLASS_64, _LITTLE_ENDIAN)):
        raise window.fault("only 64-bit little-endian files are read", 4, "ELF header")
    return window.unpack(_HEADER, 0, "ELF header")


def _split(paths: Optional[str]) -> tuple[str, ...]:
    return tuple(path for path in (paths or "").split(":") if path)
