"""What a release needs of Python, macOS or the processor and its metadata does not say."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.abi import Strength
from tfmac.schema.knowledge import Source


class LimitKind(enum.Enum):
    """What a limit speaks about."""

    PYTHON = "python"
    MACOS = "macos"
    PROCESSOR = "processor"


class Limit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A limit of the releases of one distribution from ``first`` to ``last``, both included."""

    name: str
    first: str
    last: str
    kind: LimitKind
    value: str
    """``<3.12`` for Python, ``>=13.0`` for macOS, ``avx`` for the processor."""
    statement: str
    cause: str
    strength: Strength
    unless: Optional[str] = None
    """A distribution that lifts the limit when it is installed."""
    systems: tuple[str, ...] = ()
    """Only the wheels for these machines, such as ``macos-x86_64``; empty for all."""
    sources: tuple[Source, ...] = ()


class LimitTable(msgspec.Struct, frozen=True, kw_only=True):
    """All limits, by distribution and kind."""

    schema_version: int
    limits: tuple[Limit, ...]


class RemovedModules(msgspec.Struct, frozen=True, kw_only=True):
    """Modules that left the standard library: for each Python minor those that it first lacks."""

    schema_version: int
    compared: dict[str, str]
    """The interpreters whose ``sys.stdlib_module_names`` were compared: minor to version."""
    removed: dict[str, tuple[str, ...]]
