"""The documents of ``tfmac knowledge``: what was built, what there is, whether it is sound."""

from typing import Optional

import msgspec


class BuiltFile(msgspec.Struct, frozen=True, kw_only=True):
    """One data file that was to be brought up to date."""

    file: str
    """Its path below the folder of the knowledge, with slashes."""
    records: int = 0
    changed: bool = False
    skipped: dict[str, str] = {}
    """Records that could not be made, with the reason; an old one was kept."""
    problem: Optional[str] = None
    """Why nothing could be read for it: the old file stays as it was."""


class BuildReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``knowledge build``."""

    schema_version: int
    folder: str
    files: tuple[BuiltFile, ...]


class PackageStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of one distribution."""

    name: str
    releases: int
    newest: Optional[str]
    date: Optional[str]
    """Day of the newest release, ISO 8601."""
    unread: int
    """Releases whose requirements could not be read."""
    newer: tuple[str, ...]
    """Releases that the shipped snapshot does not have: nothing was judged beside them."""


class TableStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How much one of the other tables holds; ``counts`` are by kind of record."""

    name: str
    counts: dict[str, int]


class KnowledgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``knowledge status``."""

    schema_version: int
    tfmac: str
    folders: tuple[str, ...]
    """Where the data is read from, the first one first."""
    snapshot: str
    """Day of the newest release in the shipped data, ISO 8601."""
    packages: tuple[PackageStatus, ...]
    tables: tuple[TableStatus, ...]


class ReleaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """One release, as it is for a machine."""

    version: str
    date: str
    pythons: tuple[str, ...]
    """Pythons that have a wheel for the machine; none means that only its source can be built."""
    minimum_macos: Optional[str]
    requires_python: Optional[str]
    requires: tuple[str, ...]
    yanked: Optional[str]
    in_snapshot: bool
    """False for one that the index has and the shipped knowledge does not."""
    source: str
    sha256: Optional[str]
    limits: tuple[str, ...] = ()
    """What it needs beyond what it declares."""


class PackageKnowledge(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``knowledge show PACKAGE``, newest release first."""

    schema_version: int
    name: str
    target: str
    releases: tuple[ReleaseLine, ...]
    unread: dict[str, str]


class KnowledgeProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong in a data file."""

    file: str
    problem: str


class KnowledgeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``knowledge check``."""

    schema_version: int
    files: int
    problems: tuple[KnowledgeProblem, ...]
