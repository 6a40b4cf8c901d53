"""Runs each piece of work in a forked child with a limit on its time and memory.

The release is imported once, by the parent, which does nothing with it: a child that crashes
or hangs spoils no other. Standard library alone, valid Python 3.7.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Generator, Iterable
from typing import Any, Callable, Dict, NamedTuple  # noqa: UP035 - see Outcome

Work = Callable[[], Any]
Outcome = Dict[str, Any]  # noqa: UP006 - Python 3.7 evaluates it
"""Under ``given`` what the work gave; else ``exc`` and ``message``."""
_MEMORY = 16 * 2**30
_PAUSE = 0.02
_GRACE = 5
"""Seconds after its limit in which a child ends that has lost its parent."""
_MESSAGE_LIMIT = 1000


class _Child(NamedTuple):
    steps: Generator[Work, Any, None]
    process: int
    began: float
    answer: str


def run(tasks: Iterable[Generator[Work, Any, None]], workers: int, seconds: float) -> None:
    """Drive generators, each of which yields work and is sent its outcome."""
    waiting = iter(tasks)
    running: list[_Child] = []
    while True:
        while len(running) < workers:
            steps = next(waiting, None)
            if steps is None:
                break
            running += _advance(steps, None, seconds)
        if not running:
            return
        time.sleep(_PAUSE)
        for child in list(running):
            outcome = _ended(child, seconds)
            if outcome is not None:
                running.remove(child)
                running += _advance(child.steps, outcome, seconds)


def say(**entry: Any) -> None:  # noqa: ANN401 - JSON
    """Write one line of the answer."""
    sys.__stdout__.write(json.dumps(entry) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def raised(error: BaseException) -> Outcome:
    """Describe an error."""
    message = str(error)
    return {"exc": type(error).__name__, "message": message[:_MESSAGE_LIMIT]}


def _advance(
    steps: Generator[Work, Any, None], outcome: Outcome | None, seconds: float
) -> list[_Child]:
    try:
        work = steps.send(outcome)
    except StopIteration:
        return []
    handle, answer = tempfile.mkstemp(suffix=".json")
    os.close(handle)
    process = os.fork()
    if process == 0:
        _be_child(work, answer, seconds)
    return [_Child(steps, process, time.monotonic(), answer)]


def _be_child(work: Work, answer: str, seconds: float) -> None:
    """Do the work, write what it gave, and leave without what an interpreter does at its end."""
    try:
        os.setsid()
        signal.alarm(int(seconds) + _GRACE)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        try:
            outcome: Outcome = {"given": work()}
        except BaseException as error:  # noqa: BLE001 - whatever a release raises is the answer
            outcome = {**raised(error), "trace": traceback.format_exc()[-_MESSAGE_LIMIT:]}
        with open(answer, "w") as stream:
            json.dump(outcome, stream)
    finally:
        os._exit(0)


def _ended(child: _Child, seconds: float) -> Outcome | None:
    process, status = os.waitpid(child.process, os.WNOHANG)
    late = time.monotonic() - child.began > seconds
    if process == 0 and not late:
        return None
    if process == 0:
        os.killpg(child.process, signal.SIGKILL)
        os.waitpid(child.process, 0)
    try:
        with open(child.answer) as stream:
            text = stream.read()
    finally:
        os.unlink(child.answer)
    if process == 0:
        return {"exc": "Timeout", "message": f"not done after {seconds:g} s"}
    if not text:
        return {"exc": "Crash", "message": f"ended by signal {status & 0x7F}"}
    outcome: Outcome = json.loads(text)
    return outcome
