"""Migration of model files: old ones in, current ``.keras`` files out, with a proof."""

import os
from collections.abc import Iterable, Sequence
from typing import Callable, Optional, Union

from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.migration.environments import Making
from tfmac.migration.files import CannotWrite, Migration, OutputExists
from tfmac.migration.proving import Settings
from tfmac.migration.zoo_cluster import ClusterExtraMissing, ClusterUnreachable
from tfmac.migration.zoo_plan import ZooRefused
from tfmac.models.migration.wanted import NoSuchKeras
from tfmac.observe.child import ChildCannotStart
from tfmac.observe.model_files import ModelsExtraMissing
from tfmac.observe.model_search import MoreThanSearched
from tfmac.schema.fact import Found
from tfmac.schema.migration import MigratedModel, MigrationReport
from tfmac.schema.platform import Target

__all__ = [
    "CannotWrite",
    "ChildCannotStart",
    "ClusterExtraMissing",
    "ClusterUnreachable",
    "EnvironmentChangeFailed",
    "Making",
    "Migration",
    "ModelsExtraMissing",
    "MoreThanSearched",
    "NoSuchKeras",
    "OutputExists",
    "Settings",
    "ZooRefused",
    "migrate_model",
    "migrate_models",
    "migration_difference",
    "wanted_keras",
]

_FIRST_KERAS_3 = "3.0.5"
PathLike = Union[str, "os.PathLike[str]"]


def wanted_keras(specification: Optional[str] = None, *, python: Optional[str] = None) -> str:
    """Choose the Keras to migrate to: what is asked for, else the newest that a Python can have.

    ``python`` is the path of an interpreter; without one, the environment that is active counts,
    else all interpreters that are here. Raises ``NoSuchKeras``, and ``NothingToInspect`` for an
    interpreter that is not there.
    """
    from tfmac.models.migration.wanted import wanted_keras as chosen

    target, pythons = _machine(python)
    return str(chosen(specification, target, pythons))


def migrate_model(
    source: PathLike, output: Optional[PathLike] = None, settings: Optional[Settings] = None
) -> MigratedModel:
    """Migrate one model file; without ``output``, into a file of its name beside it.

    Raises ``FileNotFoundError``, ``OutputExists``, ``CannotWrite``, ``ModelsExtraMissing``,
    ``ChildCannotStart`` and ``NoSuchKeras``.
    """
    from tfmac.migration.proving import migrated

    settings = settings or Settings(keras=wanted_keras())
    return _as_seen_from_here(migrated(source, output or default_output(source), settings))


def migration_difference(
    source: PathLike, output: Optional[PathLike] = None, settings: Optional[Settings] = None
) -> Migration:
    """Translate one model file and write nothing; raises as ``migrate_model`` does."""
    from tfmac.migration.proving import translated

    settings = settings or Settings(keras=wanted_keras())
    return translated(source, output or default_output(source), settings, dry_run=True)


def migrate_models(
    patterns: Iterable[PathLike],
    folder: PathLike,
    settings: Optional[Settings] = None,
    *,
    workers: Optional[int] = None,
    cluster: Optional[str] = None,
    progress: Optional[Callable[[int, int], None]] = None,
) -> MigrationReport:
    """Migrate all models of some patterns to new files below a folder, each exactly once.

    ``workers`` processes work here, by default one for each core; ``cluster`` is the address of a
    Dask scheduler whose workers do it instead. What an earlier run has finished is not done again.
    ``progress`` is called with how many are done, and of how many. Raises ``FileNotFoundError``,
    ``ZooRefused``, ``MoreThanSearched``, ``EnvironmentChangeFailed`` while another run works on the
    folder, ``ClusterExtraMissing`` and ``ClusterUnreachable``.
    """
    import msgspec

    from tfmac.migration.zoo import migrate_zoo

    report = migrate_zoo(
        patterns,
        folder,
        settings or Settings(keras=wanted_keras()),
        workers=workers,
        cluster=cluster,
        progress=progress,
    )
    return msgspec.structs.replace(report, models=tuple(map(_as_seen_from_here, report.models)))


def _as_seen_from_here(model: MigratedModel) -> MigratedModel:
    """Name the files of a model from the working directory, where they lie below it."""
    import msgspec

    source, output = (_from_here(one) for one in (model.source, model.output))
    return msgspec.structs.replace(model, source=source or model.source, output=output)


def _from_here(path: Optional[str]) -> Optional[str]:
    if path is None:
        return None
    return path.removeprefix(os.path.join(os.getcwd(), ""))


def default_output(source: PathLike) -> str:
    """Name the new file: beside the old one, and never the old one itself."""
    path = os.path.normpath(os.fspath(source))
    stem = path
    for suffix in (".weights.h5", ".h5", ".hdf5", ".keras", ".json", ".index"):
        if path.lower().endswith(suffix):
            stem = path[: -len(suffix)]
            break
    output = f"{stem}.keras"
    return f"{stem}.keras3.keras" if os.path.lexists(output) and _same(output, path) else output


def _same(one: str, other: str) -> bool:
    return os.path.abspath(one) == os.path.abspath(other)


def _machine(python: Optional[str]) -> "tuple[Target, Sequence[str]]":
    """Give this machine, and the minor versions of the Pythons that count, the first that has any.

    They are the user's own Python, and where no Keras 3 is for that, all that are here.
    """
    from tfmac.api.planning import this_machine
    from tfmac.knowledge import releases

    target, interpreters = this_machine()
    target = target or Target.parse("linux-x86_64")
    own = _own_python(python)
    newest = releases.release("keras", _FIRST_KERAS_3)
    if own is not None and (
        python is not None or (newest and releases.has_wheel(newest, target, own))
    ):
        return target, (own,)
    return target, tuple(_minor(one.version) for one in interpreters)


def _own_python(python: Optional[str]) -> Optional[str]:
    """Give the minor version of the interpreter that is meant, None where it does not tell."""
    from tfmac.observe.locate import NothingToInspect, locate

    try:
        located = locate(python=python)
    except NothingToInspect:
        if python is not None:
            raise
        return None
    if not isinstance(located.interpreter, Found):
        return None
    version = located.interpreter.value.version
    return _minor(version.value) if isinstance(version, Found) else None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
