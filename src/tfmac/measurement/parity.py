"""Compares a model on two devices in a child, and makes a report of what it wrote."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional, TypeVar

import msgspec

from tfmac.measurement.children import Event, measure
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.parity import (
    Comparison,
    ParityFailure,
    ParityFramework,
    ParityInputs,
    ParityModel,
    ParityReport,
    ParityVerdict,
    Reason,
    StageResult,
)

T = TypeVar("T")


def compare_model(
    interpreter: str,
    request: Mapping[str, Any],
    *,
    tfmac: str,
    subject: str,
    time_limit: float,
    variables: Optional[Mapping[str, Optional[str]]] = None,
    working_directory: Optional[str] = None,
    on_event: Optional[Callable[[Event], None]] = None,
) -> ParityReport:
    """Run the comparison; however the child ends, what it had seen until then is reported."""
    begun = time.monotonic()
    measured = measure(
        interpreter,
        "parity",
        request,
        time_limit=time_limit,
        variables=variables,
        working_directory=working_directory,
        on_event=on_event,
    )
    report = report_of(
        measured.events, measured.death, measured.errors, subject=subject, interpreter=interpreter
    )
    seconds = round(time.monotonic() - begun, 1)
    return msgspec.structs.replace(report, tfmac=tfmac, seconds=seconds)


def report_of(
    events: Iterable[Event],
    death: Optional[str],
    errors: str = "",
    *,
    subject: str,
    interpreter: str,
) -> ParityReport:
    """Make a report of a journal and of how the child ended."""
    read = list(events)
    verdict = next((one for one in read if one["event"] == "verdict"), None)
    failure = None if verdict is not None else _failure(read, death, errors)
    departures = tuple(_converted(_named(read, "departs"), Comparison))
    culprit = next(iter(_converted([(verdict or {}).get("culprit")], Comparison)), None)
    return ParityReport(
        schema_version=SCHEMA_VERSION,
        tfmac="",
        subject=subject,
        interpreter=interpreter,
        verdict=_verdict(verdict),
        framework=next(iter(_converted(_named(read, "devices"), ParityFramework)), None),
        model=next(iter(_converted(_named(read, "model"), ParityModel)), None),
        inputs=tuple(_converted(_named(read, "inputs"), ParityInputs)),
        # A run that died after it saw something wrong has still seen it.
        culprit=culprit or (departures[0] if departures else None),
        departures=departures,
        stages=tuple(_converted(_named(read, "summary"), StageResult)),
        switched_off=_once(_converted(_named(read, "off"), Reason)),
        untested=_once(_converted(_named(read, "untested"), Reason)),
        reproduction=next((str(one["path"]) for one in _named(read, "reproduction")), None),
        failure=failure,
    )


def _verdict(event: Optional[Event]) -> ParityVerdict:
    try:
        return ParityVerdict((event or {}).get("verdict"))
    except ValueError:
        return ParityVerdict.COULD_NOT_FINISH


def _failure(events: list[Event], death: Optional[str], errors: str) -> ParityFailure:
    """Say what ended the run: what the child told itself, else how it died."""
    at = _stage(events)
    told = next(iter(_named(events, "failed")), None)
    if told is not None:
        return ParityFailure(
            kind=str(told.get("kind", "error")),
            # Words of ours need no name of a class before them.
            error=str(told.get("error", "")).removeprefix("WorkProblem: "),
            at=at,
            detail=str(told.get("traceback", "")),
        )
    return ParityFailure(
        kind="died", error=death or "the process ended without a verdict", at=at, detail=errors
    )


def _stage(events: list[Event]) -> str:
    last = next(reversed(_named(events, "stage")), None)
    if last is None:
        return "start"
    inputs = str(last.get("inputs", ""))
    return str(last.get("stage", "")) + (f" ({inputs})" if inputs else "")


def _named(events: Iterable[Event], name: str) -> list[Event]:
    return [one for one in events if one["event"] == name]


def _converted(values: Iterable[object], kind: type[T]) -> list[T]:
    """Return what fits a type of ours; the measured program may write to the journal as well."""
    converted = (_one(value, kind) for value in values)
    return [one for one in converted if one is not None]


def _one(value: object, kind: type[T]) -> Optional[T]:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
