"""Migrates one model and proves it, before the new file takes its place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional, Union

import msgspec
from packaging.version import Version

from tfmac.migration.environments import Making
from tfmac.migration.files import TIME_LIMIT, CannotWrite, Migration, OutputExists, migrate_file
from tfmac.migration.verify import Original, Verifier
from tfmac.schema.migration import MigratedModel, Verified

PathLike = Union[str, "os.PathLike[str]"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How models are to be migrated; it travels to the workers of a zoo."""

    keras: str
    """The version of Keras 3 to write for."""
    architecture: Optional[str] = None
    custom: tuple[str, ...] = ()
    folder: Optional[str] = None
    """Where the modules of ``custom`` are looked for."""
    strip_optimizer: bool = False
    force: bool = False
    verify: bool = True
    keep_unverified: bool = False
    time_limit: float = TIME_LIMIT
    making: Making = Making()


def translated(
    source: PathLike, output: PathLike, settings: Settings, *, dry_run: bool = False
) -> Migration:
    """Migrate one file without a proof; ``dry_run`` writes nothing. Raises as ``migrate_file``."""
    return migrate_file(
        source,
        output,
        keras=Version(settings.keras),
        architecture=settings.architecture,
        custom=settings.custom,
        strip_optimizer=settings.strip_optimizer,
        force=settings.force,
        dry_run=dry_run,
        time_limit=settings.time_limit,
    )


def migrated(
    source: PathLike, output: PathLike, settings: Settings, verifier: Optional[Verifier] = None
) -> MigratedModel:
    """Migrate one file, prove it, and only then put it in its place.

    A file that is not proved although that is wanted is kept only where the settings say so. Raises
    as ``migrate_file``.
    """
    if not settings.verify:
        return translated(source, output, settings).model
    output = os.fspath(output)
    if os.path.lexists(output) and not settings.force:
        raise OutputExists(f"{output} is there already")
    with _beside(output) as place:
        migration = translated(source, place, settings)
        model = migration.model
        if not model.migrated:
            return msgspec.structs.replace(model, output=None)
        model = _verified(source, migration, settings, verifier)
        if model.verified is not Verified.YES and not settings.keep_unverified:
            return msgspec.structs.replace(model, output=None)
        if os.path.lexists(output) and not settings.force:
            raise OutputExists(f"{output} has appeared meanwhile")
        os.replace(place, output)
        return msgspec.structs.replace(model, output=output)


def _verified(
    source: PathLike, migration: Migration, settings: Settings, verifier: Optional[Verifier]
) -> MigratedModel:
    original = Original(
        path=os.fspath(source),
        architecture=settings.architecture,
        custom=settings.custom,
        folder=settings.folder,
        sources=migration.sources,
    )
    if verifier is not None:
        return verifier.verify(original, migration.model)
    with Verifier(settings.making) as own:
        return own.verify(original, migration.model)


@contextmanager
def _beside(output: str) -> Iterator[str]:
    """Give a file of the same name in a hidden folder beside it: Keras goes by the suffix."""
    parent, name = os.path.split(os.path.abspath(output))
    try:
        folder = tempfile.mkdtemp(prefix=".tfmac-", dir=parent)
    except OSError as error:
        raise CannotWrite(f"{output} cannot be written: {error.strerror}") from error
    try:
        yield os.path.join(folder, name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
