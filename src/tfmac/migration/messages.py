"""What goes between a migration and the process that carries it out."""

from typing import Any, Optional

import msgspec

from tfmac.schema.migration import MigratedModel


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A file to migrate."""

    source: bytes
    """Paths as the operating system has them."""
    output: bytes
    keras: str
    architecture: Optional[bytes] = None
    custom: tuple[str, ...] = ()
    strip_optimizer: bool = False
    force: bool = False
    dry_run: bool = False


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it; without a model, one of the others says why."""

    model: Optional[MigratedModel] = None
    before: Optional[Any] = None
    after: Optional[Any] = None
    sources: dict[str, str] = {}
    missing: str = ""
    """The extra that reads HDF5 is not there."""
    exists: str = ""
    """There is a file of the output's name."""
    unwritable: str = ""
    crash: str = ""
