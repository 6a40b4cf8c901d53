"""Which native extension loads into which framework: the tables, a verdict, and its document.

An *extension* is a distribution with native code that is loaded into another one, the *framework*:
a GPU plug-in or a library of operations into TensorFlow, jax-metal into jaxlib.
"""

import enum
from typing import Optional

import msgspec

from tfmac.schema.knowledge import Source


class AbiVerdict(enum.Enum):
    """Whether the loader accepts an extension beside a framework."""

    LOADS = "loads"
    CANNOT_LOAD = "cannot-load"
    LOADS_BUT_UNSAFE = "loads-but-unsafe"
    UNKNOWN = "unknown"


class Strength(enum.Enum):
    """How a verdict was come by, weakest last."""

    RAN_HERE = "ran-here"
    STATIC = "static"
    VENDOR_TABLE = "vendor-table"
    USER_REPORT = "user-report"


class Opened(enum.Enum):
    """When a library of an extension is opened, and what its failure means."""

    IMPORT = "import"
    """By the import, which fails with it."""
    CAUGHT = "caught"
    """By the import, which goes on without it."""
    FIRST_USE = "first-use"
    """Later, when something of it is used."""


class Library(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A native library of an extension, by its path in ``site-packages``."""

    path: str
    opened: Opened = Opened.IMPORT
    module: bool = False
    """Whether Python opens it, as an extension module, and not the framework."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the loader makes of an extension's libraries; many pairs share one.

    ``library`` is the first one that cannot be loaded, those of the import first; message and
    missing names are its own.
    """

    examined: int
    """Names that were looked up, over all libraries."""
    images: int
    """Libraries that the framework loads."""
    failed: int = 0
    """Libraries that cannot be loaded."""
    library: Optional[Library] = None
    message: Optional[str] = None
    unresolved_libraries: tuple[str, ...] = ()
    missing_symbols: tuple[int, ...] = ()
    """Places in the table's ``symbols``, in bind order."""
    copies: tuple[str, ...] = ()
    """Libraries of the framework of which the extension loads a copy of its own."""


class Build(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The wheels of one extension release that need the same of a framework."""

    version: str
    pythons: tuple[str, ...]
    minimum_macos: Optional[str] = None
    built_for: Optional[str] = None
    """The framework release whose headers it was compiled with: the newest that it loads into of
    those published on its own day or before."""
    hands_over: tuple[str, ...] = ()
    """The functions that it exports for the framework, through which structs pass."""
    libraries: tuple[Library, ...] = ()
    sources: tuple[Source, ...] = ()
    """Its wheels, that of the newest Python first."""
    outcomes: tuple[Optional[int], ...] = ()
    """For each framework of the table a place in ``outcomes``; None for what was not judged."""


class Framework(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One framework release that extensions were judged beside."""

    name: str
    version: str
    pythons: tuple[str, ...]
    minimum_macos: Optional[str] = None
    carrier: Optional[str] = None
    """``name==version`` of the distribution with the code, where this one is an empty shell."""
    without_code: bool = False
    """Whether neither it nor what it requires brings a library."""
    sources: tuple[Source, ...] = ()
    """The wheel with the code, then that of the shell."""

    def __str__(self) -> str:
        """Write it as a requirement."""
        return f"{self.name}=={self.version}"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A reason why a build of an extension release is unsafe in frameworks that they load into."""

    version: str
    pythons: tuple[str, ...]
    """Those of the build."""
    frameworks: tuple[str, ...]
    """``name==version`` of each distribution that carries the code."""
    reason: str


class VendorPair(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the vendor's own table: framework releases from one minor to another."""

    version: str
    """The extension's."""
    first: str
    last: str


class ExtensionTable(msgspec.Struct, frozen=True, kw_only=True):
    """All builds of one extension beside all releases of its frameworks."""

    schema_version: int
    extension: str
    vendor: tuple[VendorPair, ...]
    vendor_source: Optional[Source]
    differences: tuple[Difference, ...]
    skipped: dict[str, str]
    """What could not be read when the table was made, with the reason."""
    frameworks: tuple[Framework, ...]
    builds: tuple[Build, ...]
    outcomes: tuple[Outcome, ...]
    symbols: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people reported of one pair in a public thread."""

    extension: str
    """``name==version``."""
    framework: str
    statement: str
    address: str
    loads: bool = True
    """Whether it speaks of trouble after loading; False for a pair that did not load."""


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """All reports of pairs."""

    schema_version: int
    reports: tuple[Report, ...]


class StructLayout(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a struct, in order, in the releases that declare it so."""

    struct: str
    fields: tuple[tuple[str, str], ...]
    """Name and type of each."""
    releases: tuple[str, ...]


class HeaderTable(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of the framework releases declare for plug-ins."""

    schema_version: int
    sources: dict[str, Source]
    """The wheel of each release, ``name==version``."""
    functions: dict[str, tuple[str, ...]]
    """The declared functions that structs pass through; a plug-in exports some of them."""
    layouts: tuple[StructLayout, ...]


class AbiPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict over one build of an extension release beside one framework release."""

    extension: str
    """``name==version``."""
    framework: str
    """``name==version`` of the distribution that the user names."""
    verdict: AbiVerdict
    strength: Strength
    carrier: Optional[str] = None
    """The distribution that carries the code when ``framework`` is an empty shell."""
    message: Optional[str] = None
    """What the user will see, predicted."""
    unresolved_libraries: tuple[str, ...] = ()
    missing_symbols: tuple[str, ...] = ()
    """All that the first library lacks that cannot be loaded, in bind order."""
    reasons: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    """Those of the reasons that make a pair unsafe which loads."""
    common_python: tuple[str, ...] = ()
    """Python minors with a macOS arm64 wheel of both, for example ``3.12``."""
    minimum_macos: Optional[str] = None
    """The greatest of what the binaries were built for and the wheels are tagged for."""
    sources: tuple[Source, ...] = ()


class AbiAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Document: whether an extension loads into a framework."""

    schema_version: int
    extension: str
    framework: str
    carrier: Optional[str]
    verdict: AbiVerdict
    strength: Strength
    message: Optional[str]
    missing_symbols: tuple[str, ...]
    unresolved_libraries: tuple[str, ...]
    reasons: tuple[str, ...]
    common_python: tuple[str, ...]
    minimum_macos: Optional[str]
    sources: tuple[Source, ...]


class AbiMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """Document: all pairs of one extension, oldest release first."""

    schema_version: int
    extension: str
    pairs: tuple[AbiAnswer, ...]


class StackRow(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with one TensorFlow release on a machine."""

    tensorflow: str
    """``name==version`` of the distribution to ask for."""
    pythons: tuple[str, ...]
    minimum_macos: Optional[str]
    requires: dict[str, str]
    """For each package of the table the versions that TensorFlow declares, empty for any."""
    plugin: Optional[str]
    """The best tensorflow-metal release for it, None where none loads."""
    plugin_verdict: Optional[AbiVerdict]
    plugin_pythons: tuple[str, ...]


class StackMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """Document: what goes with each TensorFlow release, newest first."""

    schema_version: int
    target: str
    rows: tuple[StackRow, ...]
