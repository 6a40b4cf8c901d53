"""Native libraries as read from their files, and how their imports bind to loaded images."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.platform import Architecture


class BinaryFormat(enum.Enum):
    """A container format of native code."""

    MACHO = "mach-o"
    ELF = "elf"


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """One architecture's share of a native library; a thin file has exactly one.

    ``identity`` is the name that other images use for this one: LC_ID_DYLIB or SONAME.
    ``minimum_os`` comes from LC_BUILD_VERSION/LC_VERSION_MIN_MACOSX and is None for ELF.
    """

    architecture: Architecture
    machine: str
    identity: Optional[str]
    minimum_os: Optional[str]
    links: tuple[str, ...]
    rpaths: tuple[str, ...]


class BinaryImage(msgspec.Struct, frozen=True, kw_only=True):
    """A native library file: its format and its slices."""

    path: str
    format: BinaryFormat
    slices: tuple[Slice, ...]


class MissingSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """An import that no loaded image satisfies.

    ``library`` is the library that a two-level import names; None means the flat namespace.
    ``version`` is the symbol version that an ELF import asks for.
    """

    name: str
    library: Optional[str]
    version: Optional[str] = None


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """What the loader would make of one library beside the images that are loaded before it.

    ``missing_libraries`` stand in load-command order and ``missing_symbols`` in bind order, so
    the first entry is the one in the message that a user sees. ``examined`` counts the imports
    that were looked up, ``loaded`` the images of the closure they were looked up in. ``format``
    tells which loader's rules and words apply.
    """

    missing_libraries: tuple[str, ...]
    missing_symbols: tuple[MissingSymbol, ...]
    examined: int
    loaded: tuple[str, ...]
    format: BinaryFormat = BinaryFormat.MACHO

    @property
    def loads(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing_libraries and not self.missing_symbols
