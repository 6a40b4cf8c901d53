"""Workers on this machine: processes that migrate one model after the other."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Optional

import msgspec

from tfmac.migration.zoo_work import Task, Work, failed
from tfmac.observe.child import child_variables, signal_name
from tfmac.schema.migration import MigratedModel

_MOST_TRIES = 2
_PATIENCE = 5.0
_SOURCE_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Processes of multiprocessing would import the user's own program again, guarded or not.
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from tfmac.migration.zoo_workers import serve; serve(int(sys.argv[2]))"
)


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    task: Task
    tries: int = 0
    """How often a worker has died over it."""


class _Worker:
    def __init__(self, work: Work) -> None:
        self.connection, theirs = Pipe()
        paths = [os.path.abspath(one) for one in sys.path]
        arguments = (msgspec.json.encode([*paths, _SOURCE_FOLDER]).decode(), str(theirs.fileno()))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=child_variables({}),
                # Ctrl-C is for the process that started this one, which ends it.
                start_new_session=True,
            )
        self.connection.send(work)
        self.job: Optional[_Job] = None

    def give(self, job: _Job) -> None:
        self.job = job
        self.connection.send(job.task)

    def death(self) -> str:
        try:
            status = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        return signal_name(-status) if status < 0 else f"exit status {status}"

    def end(self) -> None:
        self.connection.close()
        try:
            # One that has nothing to do ends what it has started, and itself.
            self._process.wait(_PATIENCE if self.job is None else 0.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_here(tasks: Sequence[Task], work: Work, count: int) -> Iterator[tuple[Task, MigratedModel]]:
    """Give each task with what became of it, in the order in which they are finished.

    Where a worker dies another one takes its model; one that two have died over is given up.
    """
    waiting = deque(_Job(task=task) for task in tasks)
    workers = [_Worker(work) for _ in range(min(count, len(waiting)))]
    try:
        while waiting or any(worker.job for worker in workers):
            for worker in workers:
                if worker.job is None and waiting:
                    _hand_out(worker, waiting)
            for place, worker in _ready(workers):
                job, answer = worker.job, _answer(worker)
                if answer is None:
                    answer = _given_up(job, worker, waiting)
                    worker.end()
                    workers[place] = _Worker(work)
                worker.job = None
                if job is not None and answer is not None:
                    yield job.task, answer
    finally:
        for worker in workers:
            worker.end()


def _hand_out(worker: _Worker, waiting: "deque[_Job]") -> None:
    job = waiting.popleft()
    try:
        worker.give(job)
    except OSError:
        # It has died since: what is read of it next says so, and the job is tried again.
        worker.job = job


def _ready(workers: "list[_Worker]") -> "list[tuple[int, _Worker]]":
    ready = set(map(id, wait([worker.connection for worker in workers])))
    return [pair for pair in enumerate(workers) if id(pair[1].connection) in ready]


def _answer(worker: _Worker) -> Optional[MigratedModel]:
    """Receive what a worker has made; None where it has died."""
    try:
        answer: MigratedModel = worker.connection.recv()
    except (EOFError, OSError):
        return None
    return answer


def _given_up(
    job: Optional[_Job], worker: _Worker, waiting: "deque[_Job]"
) -> Optional[MigratedModel]:
    """Let another worker try, or say that the model ends them all."""
    if job is None:
        return None
    tries = job.tries + 1
    if tries < _MOST_TRIES:
        waiting.appendleft(msgspec.structs.replace(job, tries=tries))
        return None
    return failed(job.task.source, f"ended the worker that migrates it ({worker.death()}), twice")


def serve(file: int) -> None:
    """Work on what comes in until the other side has gone: what a worker's process runs."""
    connection: Connection = Connection(file)
    try:
        work: Work = connection.recv()
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, OSError):
        return
