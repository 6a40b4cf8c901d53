"""Starts ``device`` in the user's interpreter, follows its journal, and always ends it."""

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import msgspec

from tfmac.observe.child import (
    ChildCannotStart,
    ChildEnd,
    RunningChild,
    child_variables,
    signal_name,
)

Event = dict[str, Any]
_DEVICE = Path(__file__).resolve().parent.parent / "device"
_LOOK_SECONDS = 0.02
_ERRORS_QUOTED = 2000
# Variables that would let work run elsewhere than where it is asked to: a missing kernel of Metal
# would be answered by the CPU, and jax would take all of a GPU's memory at once beside another
# process.
_WITHHELD: dict[str, Optional[str]] = {
    "PYTORCH_ENABLE_MPS_FALLBACK": None,
    "TF_ENABLE_GPU_GARBAGE_COLLECTION": None,
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}
_QUIET: dict[str, Optional[str]] = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a child wrote, and how it ended.

    ``death`` is None when it ended by itself with status 0; else it says what happened. ``errors``
    is the end of what it wrote to standard error.
    """

    events: tuple[Event, ...]
    death: Optional[str]
    errors: str


class Child:
    """A process of the user's interpreter that does one verb of ``device``.

    Use it as a context: whatever happens, nothing of it is left. ``told`` opens a standard input
    for ``tell``.
    """

    def __init__(
        self,
        interpreter: str,
        verb: str,
        request: Mapping[str, Any],
        *,
        variables: Optional[Mapping[str, Optional[str]]] = None,
        working_directory: Optional[str] = None,
        told: bool = False,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="tfmac-measure-")
        scratch = Path(self._scratch.name)
        self._journal = scratch / "journal.jsonl"
        self._read_bytes = 0
        self._kept = b""
        self._end: Optional[ChildEnd] = None
        self._running: Optional[RunningChild] = None
        self._refused: Optional[str] = None
        self._overran: Optional[str] = None
        asked = scratch / "request.json"
        asked.write_text(json.dumps(dict(request)), encoding="utf-8")
        command = [
            # Not resolved: in a virtual environment the link itself is the interpreter.
            os.path.abspath(interpreter),
            os.fspath(_DEVICE),
            verb,
            os.fspath(asked),
            os.fspath(self._journal),
        ]
        # A child that is killed cannot clear up: its temporary files go with ours.
        changed = {**_WITHHELD, **_QUIET, "TMPDIR": self._scratch.name, **(variables or {})}
        try:
            self._running = RunningChild(
                command,
                variables=child_variables(changed),
                folder=working_directory or self._scratch.name,
                told=told,
            )
        except ChildCannotStart as error:
            self._refused = f"it could not be started: {error}"

    def __enter__(self) -> "Child":  # noqa: PYI034 (typing.Self is newer than Python 3.9)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.finish()

    def tell(self, line: str) -> bool:
        """Write a line to its standard input; False when it does not listen any more."""
        return self._running is not None and self._running.tell(line)

    def events(self, *, patience: float, time_limit: float = math.inf) -> Iterator[Event]:
        """Yield its events as they come, until it ends.

        A child that writes nothing for ``patience`` seconds, or has not ended ``time_limit``
        seconds from now, is ended; ``death`` says so then.
        """
        heard = started = time.monotonic()
        while self._running is not None:
            over = self._running.ended()
            for event in self._new_events():
                yield event
                heard = time.monotonic()
            if over:
                break
            if time.monotonic() - heard > patience:
                self.give_up(f"nothing came from it for {patience:g} s")
                break
            if time.monotonic() - started > time_limit:
                self.give_up(f"it had not ended after {time_limit:g} s")
                break
            self._running.wait(_LOOK_SECONDS)

    def give_up(self, why: str) -> None:
        """End it for a reason; ``death`` says that reason."""
        if self._end is None:
            self._overran = why
        self.finish()

    def finish(self) -> None:
        """End it if it still runs, and throw its files away."""
        if self._running is not None and self._end is None:
            self._end = self._running.end()
        self._scratch.cleanup()

    @property
    def death(self) -> Optional[str]:
        """How it ended, if not well; only after its events are over."""
        if self._refused is not None:
            return self._refused
        if self._overran is not None:
            return self._overran
        self.finish()
        status = self._end.status if self._end is not None else None
        if status is None:
            return "it was ended before it was done"
        if status < 0:
            return f"it was killed by {signal_name(-status)}"
        return f"it ended with status {status}" if status else None

    @property
    def errors(self) -> str:
        """The end of what it wrote to standard error; ends it."""
        self.finish()
        return "" if self._end is None else self._end.errors[-_ERRORS_QUOTED:]

    def _new_events(self) -> Iterator[Event]:
        try:
            with self._journal.open("rb") as file:
                file.seek(self._read_bytes)
                new = file.read()
        except OSError:
            return
        self._read_bytes += len(new)
        # A line may come in two pieces.
        *lines, self._kept = (self._kept + new).split(b"\n")
        yield from (event for line in lines if (event := _event(line)) is not None)


def measure(
    interpreter: str,
    verb: str,
    request: Mapping[str, Any],
    *,
    time_limit: float,
    variables: Optional[Mapping[str, Optional[str]]] = None,
    working_directory: Optional[str] = None,
    on_event: Optional[Callable[[Event], None]] = None,
) -> Measured:
    """Run one child to its end, at most ``time_limit`` seconds; ``on_event`` sees what comes."""
    events: list[Event] = []
    with Child(
        interpreter, verb, request, variables=variables, working_directory=working_directory
    ) as child:
        for event in child.events(patience=time_limit, time_limit=time_limit):
            events.append(event)
            if on_event is not None:
                on_event(event)
        return Measured(events=tuple(events), death=child.death, errors=child.errors)


def _event(line: bytes) -> Optional[Event]:
    """Return a line of the journal; None for what the measured program wrote there."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
