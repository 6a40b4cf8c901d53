"""Workers of a Dask cluster. They see the same files under the same paths."""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from typing import Any

from tfmac.migration.zoo_work import Task, Work, failed
from tfmac.schema.migration import MigratedModel

CONNECT_SECONDS = 20


class ClusterExtraMissing(Exception):
    """What talks to a cluster is not installed, or does not work."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"a cluster needs dask.distributed: pip install 'tfmac[cluster]' ({detail})"
        )
        self.detail = detail


class ClusterUnreachable(Exception):
    """No scheduler answers at the address, or it has gone while it was working."""


def run_on_cluster(
    tasks: Sequence[Task], work: Work, address: str
) -> Iterator[tuple[Task, MigratedModel]]:
    """Give each task with what became of it, in the order in which they are finished.

    Where a worker dies the scheduler gives its model to another one. Raises
    ``ClusterExtraMissing`` and ``ClusterUnreachable``.
    """
    try:
        # An extra, and slow to import: only for who has a cluster.
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ClusterExtraMissing(str(error)) from error
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterUnreachable(f"no scheduler answers at {address}: {error}") from error
    with client:
        # A key of its own for each run: a scheduler keeps the answers to those that it knows.
        run = uuid.uuid4().hex
        futures = {
            client.submit(work, task, key=f"tfmac-{run}-{number}", pure=False): task
            for number, task in enumerate(tasks)
        }
        for future in distributed.as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            yield task, _outcome(task, future)
            future.release()


def _outcome(task: Task, future: object) -> MigratedModel:
    try:
        answer: MigratedModel = future.result()  # type: ignore[attr-defined] # of distributed
    except CancelledError as error:
        raise ClusterUnreachable("the scheduler has gone") from error
    except Exception as error:  # noqa: BLE001 - what a worker died of comes as any exception
        return failed(task.source, f"the cluster gave it up: {type(error).__name__}: {error}")
    return answer
