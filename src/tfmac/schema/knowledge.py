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


class Step(enum.Enum):
    """How far a program gets in a measured environment."""

    IMPORT = "import"
    FIT = "fit"
    SAVE_LOAD = "save-load"
    TF_DATA = "tf-data"
    WORKS = "works"


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
