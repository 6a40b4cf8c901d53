"""Records of what public names there were in which release, and the answer made from them."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.knowledge import Source


class ApiKind(enum.Enum):
    """What a name stands for."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    METHOD = "method"
    PROPERTY = "property"
    ATTRIBUTE = "attribute"
    ALIAS = "alias"
    """Another name of a module."""
    OTHER = "other"
    """A constant, or something that the source does not tell the kind of."""


class ApiSpan(msgspec.Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True):
    """What a name was in a run of releases; numbers count in the tables of its file."""

    first: int
    last: int
    kind: int
    """Place in the order of ``ApiKind``."""
    signature: int = -1
    """-1 where there is none, or where the source does not tell it."""
    definition: int = -1
    """Where it is defined; for an alias the name that it stands for."""


class ApiText(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What was said of a name in a run of releases."""

    first: int
    last: int
    text: str


class ApiNames(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a package's names, without the package's own."""

    schema_version: int
    package: str
    part: str
    releases: tuple[str, ...]
    signatures: tuple[str, ...]
    definitions: tuple[str, ...]
    open: dict[str, tuple[ApiText, ...]]
    """Modules that took all names of one outside: what else they had is unknown."""
    names: dict[str, tuple[ApiSpan, ...]]


class ApiNamesUnread(msgspec.Struct, frozen=True, kw_only=True):
    """The same as ``ApiNames``; what a name was is read when it is asked for."""

    schema_version: int
    part: str
    signatures: tuple[str, ...]
    definitions: tuple[str, ...]
    open: dict[str, tuple[ApiText, ...]]
    names: dict[str, msgspec.Raw]


class ApiClass(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A class by its definition: its bases, and the members that it has itself."""

    bases: tuple[ApiText, ...]
    """Joined by spaces; after ``~`` the full name of one from outside, nothing if not told."""
    members: dict[str, tuple[ApiSpan, ...]]


class ApiClasses(msgspec.Struct, frozen=True, kw_only=True):
    """The classes of a package."""

    schema_version: int
    package: str
    part: str
    releases: tuple[str, ...]
    signatures: tuple[str, ...]
    classes: dict[str, ApiClass]


class ApiClassesUnread(msgspec.Struct, frozen=True, kw_only=True):
    """The same as ``ApiClasses``; a class is read when it is asked for."""

    schema_version: int
    signatures: tuple[str, ...]
    classes: dict[str, msgspec.Raw]


class ApiAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """What sources say to use instead; names of members start with their class's definition."""

    schema_version: int
    package: str
    releases: tuple[str, ...]
    said: dict[str, tuple[ApiText, ...]]
    renames: dict[str, str]
    """Names of before the first release read, by the package's own upgrade tool."""
    renames_source: Optional[str]
    """The file that they were read from."""


class ApiRelease(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A minor release, and what it was read from."""

    minor: str
    version: str
    artifacts: tuple[Source, ...]
    keras: tuple[str, ...] = ()
    """Minor releases of Keras that may serve as its ``tf.keras``, where that is a choice."""


class ApiReleases(msgspec.Struct, frozen=True, kw_only=True):
    """The releases of a package that were read."""

    schema_version: int
    package: str
    reader: int
    """Counts changes of how sources are read; another one reads everything again."""
    releases: tuple[ApiRelease, ...]
    private: tuple[str, ...] = ()
    """What the names of the private part begin with."""
    skipped: dict[str, str]
    """Minor releases that could not be read, with the reason."""


class ApiLived(msgspec.Struct, frozen=True, kw_only=True):
    """A run of releases in which a name was the same thing."""

    first: str
    last: str
    kind: ApiKind
    parameters: Optional[tuple[str, ...]]
    """As a call has them: ``x``, ``axis=``, ``*``; null where the source does not tell."""
    keywords: tuple[str, ...]
    """Accepted through ``**kwargs``, as far as the source says."""
    open: bool
    """Whether other keywords may be accepted too."""


class ApiLife(msgspec.Struct, frozen=True, kw_only=True):
    """The history of a name in one package."""

    package: str
    name: str
    note: Optional[str]
    read: tuple[str, ...]
    """The minor releases that were read, oldest first."""
    lived: tuple[ApiLived, ...]
    """Empty when none of them has the name."""
    unknown: tuple[str, ...]
    """Releases that may have it: what they have there is not told by their sources."""


class ApiReplacement(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in for a name that is gone or going, and how that is known."""

    name: str
    replacement: str
    known_from: str


class ApiPage(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``api NAME``."""

    schema_version: int
    asked: str
    found: bool
    """Whether some release that was read has the name."""
    lives: tuple[ApiLife, ...]
    replacements: tuple[ApiReplacement, ...]
    elsewhere: tuple[ApiLife, ...]
    """The same path in other packages, where there is one."""
    near: tuple[str, ...]
    """Names that are spelled alike, when the name itself was found nowhere."""
