"""Migrates many models: each exactly once, by workers here or on a cluster, resumably."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Callable, Optional, Union

import msgspec

from tfmac._version import __version__
from tfmac.environments.lock import FolderLock
from tfmac.migration.proving import Settings
from tfmac.migration.zoo_cluster import run_on_cluster
from tfmac.migration.zoo_journal import Journal, digest_of
from tfmac.migration.zoo_plan import Planned, plan_zoo
from tfmac.migration.zoo_work import Task, Work, failed, migrate_task
from tfmac.migration.zoo_workers import run_here
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.migration import MigratedModel, MigrationReport

PathLike = Union[str, "os.PathLike[str]"]
Progress = Callable[[int, int], None]
"""Is told how many of how many models are finished."""


def migrate_zoo(
    patterns: Iterable[PathLike],
    out: PathLike,
    settings: Settings,
    *,
    workers: Optional[int] = None,
    cluster: Optional[str] = None,
    resume: bool = True,
    progress: Optional[Progress] = None,
    work: Work = migrate_task,
) -> MigrationReport:
    """Migrate all models of some patterns to new files below a folder.

    ``workers`` is how many processes work here, by default one for each core; ``cluster`` the
    address of a Dask scheduler whose workers do it instead. A model that an earlier run has
    finished is not done again while its file and its new file are what they were, unless
    ``resume`` is false. Raises ``ZooRefused``, ``MoreThanSearched``, ``EnvironmentChangeFailed``
    (busy) while another run works on the folder, ``ClusterExtraMissing`` and
    ``ClusterUnreachable``.
    """
    out = os.path.abspath(out)
    planned = plan_zoo(patterns, out)
    journal = Journal(out, settings)
    lock = FolderLock(journal.folder, subject=out)
    lock.acquire()
    try:
        zoo = _Zoo(planned, journal, settings, resume=resume)
        finished = zoo.run(_runner(workers, cluster, work), progress)
    finally:
        lock.release()
    return MigrationReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        models=tuple(finished[one.source] for one in planned),
    )


Runner = Callable[[Sequence[Task]], Iterator[tuple[Task, MigratedModel]]]


def _runner(workers: Optional[int], cluster: Optional[str], work: Work) -> Runner:
    if cluster is not None:
        return lambda tasks: run_on_cluster(tasks, work, cluster)
    return lambda tasks: run_here(tasks, work, workers or os.cpu_count() or 1)


class _Zoo:
    def __init__(
        self, planned: Sequence[Planned], journal: Journal, settings: Settings, *, resume: bool
    ) -> None:
        self._planned = planned
        self._journal = journal
        self._settings = settings
        self._done = journal.finished() if resume else {}
        self._ours = journal.claimed()

    def run(self, runner: Runner, progress: Optional[Progress]) -> dict[str, MigratedModel]:
        """Do what is not finished; give what became of each source."""
        finished: dict[str, MigratedModel] = {}

        def told(model: MigratedModel) -> None:
            finished[model.source] = model
            if progress is not None:
                progress(len(finished), len(self._planned))

        tasks, digests = [], {}
        for one in self._planned:
            entry = self._done.get(one.source)
            if entry is not None and entry.output == one.output:
                told(entry.model)
            elif self._is_foreign(one):
                told(failed(one.source, f"{one.output} is there already; --force replaces it"))
            else:
                digests[one.source] = digest_of(one.source)
                tasks.append(self._task(one))
        for task, model in runner(tasks) if tasks else ():
            named = msgspec.structs.replace(model, source=task.source)
            planned = Planned(source=task.source, output=task.output)
            self._journal.add(planned, digests[task.source], named)
            told(named)
        return finished

    def _is_foreign(self, planned: Planned) -> bool:
        """Whether somebody else's file is where the new one would be."""
        return (
            os.path.lexists(planned.output)
            and planned.output not in self._ours
            and not self._settings.force
        )

    def _task(self, planned: Planned) -> Task:
        """Prepare a model for a worker: the folder is there, and what is in its place is ours."""
        os.makedirs(os.path.dirname(planned.output), exist_ok=True)
        if planned.output not in self._ours:
            self._journal.claim(planned)
        quiet = msgspec.structs.replace(self._settings.making, progress=None)
        settings = msgspec.structs.replace(self._settings, force=True, making=quiet)
        return Task(source=planned.source, output=planned.output, settings=settings)
