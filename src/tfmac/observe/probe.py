"""Imports and uses what computes in the interpreter that is being diagnosed, in a child process."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Optional, TypeVar, Union

import msgspec

from tfmac.schema.proof import (
    Core,
    Death,
    DeathKind,
    Device,
    KerasProof,
    Placement,
    ProbeReport,
    Stage,
)

# What starts processes (subprocess, threading, tempfile) is loaded by the functions that do:
# a diagnosis that only reads files does not pay for it.

T = TypeVar("T")
PathLike = Union[str, "os.PathLike[str]"]
_FOLDER = os.path.dirname(os.path.abspath(__file__))
_RESULT_LIMIT = 1_000_000


def run_probe(
    interpreter: PathLike,
    *,
    core: Core = Core.TENSORFLOW,
    time_limit: float = 600.0,
    stop_after: Stage = Stage.KERAS,
    working_directory: Optional[PathLike] = None,
    environment: Optional[Mapping[str, Optional[str]]] = None,
) -> ProbeReport:
    """Import the core and its Keras in an interpreter, use them, and report what happened.

    With a working directory the child runs there and looks for modules there first, as a script
    of the user's would; without one it runs in an empty folder. ``environment`` changes single
    variables, None takes one away. However the child dies, the report says in which stage.
    """
    import tempfile  # noqa: PLC0415

    interpreter = os.fspath(interpreter)
    with tempfile.TemporaryDirectory(prefix="tfmac-probe-") as scratch:
        results = os.path.join(scratch, "results.jsonl")
        command = [
            # Not resolved: in a virtual environment the link itself is the interpreter.
            os.path.abspath(interpreter),
            os.path.join(_FOLDER, "probe_script.py"),
            results,
            *_script_options(core, stop_after, working_directory),
        ]
        ended = _run_script(
            command,
            time_limit=time_limit,
            folder=scratch if working_directory is None else os.fspath(working_directory),
            # A child that is killed cannot clear up: its temporary files go with ours.
            environment={"TMPDIR": scratch, **(environment or {})},
        )
        events = tuple(_read_events(results))
    return _report(interpreter, core, events, ended)


def _script_options(
    core: Core, stop_after: Stage, working_directory: Optional[PathLike]
) -> list[str]:
    if stop_after not in {Stage.IMPORT, Stage.DEVICES, Stage.PLACEMENT, Stage.KERAS}:
        raise ValueError(f"the probe cannot stop after {stop_after.value!r}")
    options = ["--core", core.value, "--stop-after", stop_after.value]
    if working_directory is not None:
        options += ["--path-entry", os.path.abspath(working_directory)]
    return options


def _run_script(
    command: list[str],
    *,
    time_limit: float,
    folder: str,
    environment: Mapping[str, Optional[str]],
) -> Death:
    """Run the script; return how it ended as far as the process shows, without the stage."""
    from tfmac.observe import child  # noqa: PLC0415

    try:
        end = child.run_child(
            command,
            time_limit=time_limit,
            variables=child.child_variables(environment),
            folder=folder,
            stacks_on_hang=True,
        )
    except child.ChildCannotStart as error:
        kind, detail, output = DeathKind.CANNOT_START, str(error), ""
    else:
        output = end.errors
        if end.status is None:
            kind, detail = DeathKind.HANG, f"{time_limit:g}"
        else:
            kind, detail = _death_by_status(end.status)
    return Death(stage=Stage.START, kind=kind, detail=detail, output=output)


def _death_by_status(status: int) -> tuple[DeathKind, str]:
    from tfmac.observe.child import signal_name  # noqa: PLC0415

    if status < 0:
        return DeathKind.SIGNAL, signal_name(-status)
    return DeathKind.EXIT, f"exit status {status}"


def _read_events(path: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of a result file that are ours; the diagnosed program may write there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(_RESULT_LIMIT).splitlines()
    except OSError:
        return
    events = (_event(line) for line in lines)
    yield from (event for event in events if event is not None)


def _event(line: str) -> Optional[dict[str, Any]]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    return event if event.get("stage") in [stage.value for stage in Stage] else None


def _report(
    interpreter: str, core: Core, events: tuple[dict[str, Any], ...], ended: Death
) -> ProbeReport:
    results = {event["stage"]: event for event in events if event.get("event") == "result"}
    imported = results.get("import", {})
    placed = [event for event in events if event.get("event") == "placed"]
    placements = (_converted(event, Placement) for event in placed)
    death = _death(events, ended)
    return ProbeReport(
        interpreter=interpreter,
        core=core,
        withheld=_converted(imported.get("withheld"), dict[str, str]) or {},
        versions=_converted(imported.get("versions"), dict[str, str]) or {},
        import_seconds=_converted(imported.get("seconds"), float),
        devices=_converted(results.get("devices", {}).get("devices"), tuple[Device, ...]) or (),
        placements=tuple(placement for placement in placements if placement is not None),
        keras=_keras(results.get("keras"), death),
        death=death,
    )


def _converted(value: object, kind: type[T]) -> Optional[T]:
    """Return a value as a type of ours, None when it does not fit."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _keras(result: Optional[dict[str, Any]], death: Optional[Death]) -> Optional[KerasProof]:
    if result is not None:
        return _converted(result, KerasProof)
    if death is not None and death.stage is Stage.KERAS:
        exception = death.kind is DeathKind.EXCEPTION
        return KerasProof(error=death.detail if exception else f"{death.kind.value} {death.detail}")
    return None


def _death(events: tuple[dict[str, Any], ...], ended: Death) -> Optional[Death]:
    """Complete an end by what the script wrote; None when it came to its own end.

    After that a crash while the interpreter is taken down harms nobody: it is not reported.
    """
    if not events:
        return ended
    if events[-1]["stage"] == Stage.DONE.value:
        return None
    last = events[-1]
    if last.get("event") == "exception":
        return Death(
            stage=Stage(last["stage"]),
            kind=DeathKind.EXCEPTION,
            detail=str(last.get("line", "")),
            output=str(last.get("traceback", "")),
        )
    return msgspec.structs.replace(ended, stage=Stage(last["stage"]))
