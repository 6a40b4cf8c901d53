"""Records of the compatibility knowledge; each names the artifact or thread it was made from."""

import enum
from typing import Optional

import msgspec


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a record comes from: a published artifact, or a public thread or page."""

    name: str
    """File name of the artifact, or the address of the thread."""
    sha256: Optional[str] = None
    """Digest of the artifact; None for a thread."""


class Wheel(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One published wheel of a release: its compressed tag set and its size in bytes."""

    tags: str
    """As in the file name, for example ``cp312-cp312-macosx_12_0_arm64``."""
    size: Optional[int]


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the wheel for another platform declares, where that differs from the release's own.

    TensorFlow 2.13.0 is an example: its wheel for ARM Macs is an empty shell.
    """

    platforms: tuple[str, ...]
    """``macos-arm64``, ``macos-x86_64``, ``linux-x86_64`` or ``linux-aarch64``."""
    source: Source
    requires_python: Optional[str] = None
    requires: tuple[str, ...] = ()


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One release of a distribution as the package index publishes it.

    ``requires`` is right for ARM Macs whenever there is a wheel for them; a platform that is named
    in ``variants`` has its own.
    """

    version: str
    date: str
    """Day of the first upload, ISO 8601."""
    source: Source
    """The artifact whose METADATA gave the requirements."""
    requires_python: Optional[str] = None
    requires: tuple[str, ...] = ()
    """Requires-Dist, markers included, in the order of METADATA."""
    variants: tuple[Variant, ...] = ()
    wheels: tuple[Wheel, ...] = ()
    sdist: bool = False
    yanked: Optional[str] = None
    """The reason that was given (may be empty), or None when the release is not yanked."""


class PackageReleases(msgspec.Struct, frozen=True, kw_only=True):
    """All releases of one distribution, oldest version first."""

    schema_version: int
    name: str
    releases: tuple[Release, ...]
    skipped: dict[str, str] = {}
    """Versions that could not be recorded, with the reason."""


class AbiVerdict(enum.Enum):
    """Whether the loader accepts a plug-in beside a TensorFlow release."""

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


class PluginPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict over one plug-in release beside one TensorFlow release."""

    plugin: str
    """``name==version`` of the plug-in."""
    tensorflow: str
    """``name==version`` of the distribution that the user names."""
    verdict: AbiVerdict
    strength: Strength
    carrier: Optional[str] = None
    """The distribution that carries the code when ``tensorflow`` is an empty shell."""
    message: Optional[str] = None
    """What the user will see, predicted."""
    missing_libraries: tuple[str, ...] = ()
    missing_symbols: tuple[str, ...] = ()
    """The first ones in bind order; ``reasons`` tells how many there are."""
    reasons: tuple[str, ...] = ()
    common_python: tuple[str, ...] = ()
    """Python minors with a macOS arm64 wheel of both, for example ``3.12``."""
    minimum_macos: Optional[str] = None
    """The greater of what the two binaries were built for."""
    sources: tuple[Source, ...] = ()


class PluginTable(msgspec.Struct, frozen=True, kw_only=True):
    """All pairs of one plug-in with TensorFlow releases."""

    schema_version: int
    plugin: str
    pairs: tuple[PluginPair, ...]


class Step(enum.Enum):
    """How far a program gets in a measured environment."""

    IMPORT = "import"
    FIT = "fit"
    SAVE_LOAD = "save-load"
    TF_DATA = "tf-data"
    WORKS = "works"


class Combination(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One environment that was really run: a working TensorFlow with one package exchanged.

    ``step`` is the first step that failed, or ``works``.
    """

    tensorflow: str
    package: str
    version: Optional[str]
    """The exchanged version, or None for a package that was taken out."""
    python: str
    step: Step
    error: Optional[str] = None
    """Last line of the exception, or the signal."""


class CombinationTable(msgspec.Struct, frozen=True, kw_only=True):
    """Measured environments; ``measured`` is the day and ``platform`` where they ran."""

    schema_version: int
    measured: str
    platform: str
    baselines: dict[str, dict[str, str]]
    """For each TensorFlow release the versions of the working environment it started from."""
    combinations: tuple[Combination, ...]


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One cause of the vocabulary: what it is, how it shows, what has to change."""

    cause: str
    category: str
    definition: str
    sign: str
    remedy: str
    found_by: tuple[str, ...]
    references: tuple[str, ...] = ()
    harmless: bool = False
