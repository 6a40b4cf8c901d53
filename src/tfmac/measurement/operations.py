"""Has all operations run in child processes that may die or hang in any of them."""

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Optional

import msgspec

from tfmac.measurement import operation_runs
from tfmac.measurement.children import Child, Event
from tfmac.measurement.devices import logical_cpus
from tfmac.measurement.operation_events import case_of, failure_of, interrupted_case
from tfmac.schema.operation_parity import (
    OperationCase,
    OperationEnvironment,
    OperationRun,
    RunFailure,
)

Progress = Callable[[int, int], None]

START_SECONDS = 300.0
"""How long a child may say nothing: importing a framework on a slow disk says nothing.

A case that takes too long is ended by the child itself; this is for one that a driver holds fast.
"""
# A device that is lost again and again, or a child that dies before it has done anything.
_MOST_FRUITLESS = 3
# The operations are small: threads that wait for each other cost more than they do.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")


class CannotBegin(Exception):
    """The list of cases could not be had; ``failure`` says why."""

    def __init__(self, failure: RunFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What computes, and the cases that there are for it, by their names."""

    environment: OperationEnvironment
    cases: dict[str, dict[str, str]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a run, and why some are missing if they are."""

    cases: tuple[OperationCase, ...]
    resumed: int
    run_file: str
    failure: Optional[RunFailure]


def plan(run: OperationRun) -> Planned:
    """Ask the interpreter what it has and which cases there are; raise ``CannotBegin``."""
    events: list[Event] = []
    with _child(run, {"list": True}) as child:
        events += child.events(patience=START_SECONDS)
        death, errors = child.death, child.errors
    found = {event["event"]: event for event in events}
    if "planned" not in found or "environment" not in found:
        raise CannotBegin(failure_of(found.get("failed"), death, errors))
    return Planned(
        environment=msgspec.convert(found["environment"], OperationEnvironment),
        cases={case["name"]: case for case in found["planned"]["cases"]},
    )


def carry_out(run: OperationRun, planned: Planned, *, tfmac: str, progress: Progress) -> Outcome:
    """Run all cases that have no result yet. Raises ``RunInUse``, and ``OSError``."""
    key = operation_runs.RunKey(
        tfmac=tfmac,
        interpreter=run.interpreter,
        environment=planned.environment,
        logical_cpus=logical_cpus([run.device, run.reference]),
        cases=tuple(planned.cases),
        own_operations=_digest(run.own_operations),
    )
    folder = run.folder or operation_runs.runs_folder()
    with operation_runs.run_file(key, resume=run.resume, folder=folder) as file:
        before = {case.name for case in file.cases}
        left = [name for name in planned.cases if name not in before]
        work = _Work(run, planned, file, progress)
        shares = [left[number :: run.jobs] for number in range(run.jobs)]
        work.do([share for share in shares if share])
        cases = {case.name: case for case in (*file.cases, *work.cases)}
        if len(cases) == len(planned.cases):
            file.finish()
        return Outcome(
            cases=tuple(cases[name] for name in planned.cases if name in cases),
            resumed=len(before),
            run_file=file.path,
            failure=work.failure,
        )


class _Work:
    """The children of a run, as many at a time as there are shares."""

    def __init__(
        self,
        run: OperationRun,
        planned: Planned,
        file: operation_runs.RunFile,
        progress: Progress,
    ) -> None:
        self.cases: list[OperationCase] = []
        self.failure: Optional[RunFailure] = None
        self._run = run
        self._planned = planned
        self._file = file
        self._progress = progress
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._children: list[Child] = []
        progress(len(file.cases), len(planned.cases))

    def do(self, shares: Sequence[Sequence[str]]) -> None:
        """Do all shares at once; nothing of a child is left when this returns or raises."""
        threads = [threading.Thread(target=self._share, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                # In short waits, so that Ctrl-C is answered.
                while thread.is_alive():
                    thread.join(0.2)
        finally:
            self._stop("the run was stopped")
            for thread in threads:
                thread.join()

    def _stop(self, why: str) -> None:
        self._stopped.set()
        with self._lock:
            children = list(self._children)
        for child in children:
            child.give_up(why)

    def _fail(self, failure: RunFailure) -> None:
        with self._lock:
            self.failure = self.failure or failure
        self._stopped.set()

    def _share(self, share: Sequence[str]) -> None:
        try:
            self._do_share(list(share))
        except OSError as error:
            self._fail(RunFailure(kind="file", text=str(error)))

    def _do_share(self, left: list[str]) -> None:
        """Start children until no case is left; each goes on behind the one that ended the last."""
        fruitless, retried = 0, set[str]()
        while left and not self._stopped.is_set():
            ending = self._one_child(left)
            if self._stopped.is_set() or not left:
                return
            if ending.failure is not None:
                again = ending.retry is not None and ending.retry not in retried
                if not again:
                    self._fail(ending.failure)
                    return
                retried.add(ending.retry or "")
            fruitless = 0 if ending.fruitful else fruitless + 1
            if fruitless >= _MOST_FRUITLESS:
                self._fail(ending.failure or ending.fruitless())
                return

    def _one_child(self, left: list[str]) -> "_Ending":
        """Run one child as far as it comes; takes the cases that have a result off ``left``."""
        ending = _Ending()
        request = {"cases": left, "case_seconds": self._run.case_seconds}
        with _child(self._run, request) as child:
            with self._lock:
                self._children.append(child)
            for event in child.events(patience=max(START_SECONDS, 2 * self._run.case_seconds)):
                self._heard(event, ending, left)
                if self._stopped.is_set():
                    return ending
            ending.death, ending.errors = child.death, child.errors
        if not ending.done and not self._stopped.is_set():
            self._after_death(ending, left)
        return ending

    def _heard(self, event: Event, ending: "_Ending", left: list[str]) -> None:
        kind = event["event"]
        if kind == "stage":
            ending.done = event["stage"] == "done"
            if event["stage"] == "case":
                ending.at = event
        elif kind == "case":
            ending.at = None
            ending.fruitful = True
            self._add(case_of(event, self._planned.cases), left)
        elif kind == "device-unusable":
            ending.unusable = event
        elif kind == "failed":
            ending.failure = failure_of(event, None, "")

    def _after_death(self, ending: "_Ending", left: list[str]) -> None:
        """Make what ended a child the result of its case, if that is what it is."""
        if ending.unusable is not None:
            kind, said = str(ending.unusable["kind"]), str(ending.unusable["detail"])
            if kind == "device-lost":
                case = interrupted_case(ending.at or {}, self._planned.cases, said, hung=False)
                self._add(case, left)
            else:
                # It may be another process that has filled the memory: once more, in a new one.
                ending.retry = str(ending.unusable["case"])
                ending.failure = RunFailure(kind=kind, text=said)
        elif ending.failure is None and ending.at is not None:
            hung = "Timeout (" in ending.errors or "nothing came" in (ending.death or "")
            said = ending.death or "it ended without a result"
            if hung:
                said = f"no end within {self._run.case_seconds:g} s"
            self._add(interrupted_case(ending.at, self._planned.cases, said, hung=hung), left)
            ending.fruitful = True

    def _add(self, case: OperationCase, left: list[str]) -> None:
        with self._lock:
            self._file.add(case)
            self.cases.append(case)
            left.remove(case.name)
            self._progress(len(self._file.cases) + len(self.cases), len(self._planned.cases))


class _Ending:
    """How far a child came."""

    def __init__(self) -> None:
        self.done = self.fruitful = False
        self.at: Optional[Event] = None
        self.unusable: Optional[Event] = None
        self.failure: Optional[RunFailure] = None
        self.retry: Optional[str] = None
        self.death: Optional[str] = None
        self.errors = ""

    def fruitless(self) -> RunFailure:
        """Say that children end without having done anything."""
        return failure_of(None, self.death, self.errors)


def _child(run: OperationRun, request: dict[str, Any]) -> Child:
    full = {
        "backend": run.backend,
        "device": run.device,
        "reference": run.reference,
        "logical_cpus": logical_cpus([run.device, run.reference]),
        "only": run.only,
        "dtypes": run.dtypes,
        "extra_catalogue": run.own_operations and os.path.abspath(run.own_operations),
        "without_catalogue": run.without_catalogue,
        **request,
    }
    variables: dict[str, Optional[str]] = dict(_ONE_THREAD)
    if run.backend:
        variables["KERAS_BACKEND"] = run.backend
    return Child(run.interpreter, "operations", full, variables=variables)


def _digest(path: Optional[str]) -> str:
    if path is None:
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
