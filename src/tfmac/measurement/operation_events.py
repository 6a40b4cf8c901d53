"""What a child of ``parity --ops`` says, as parts of the report."""

from collections.abc import Mapping
from typing import Optional

import msgspec

from tfmac.measurement.children import Event
from tfmac.schema.operation_parity import OperationCase, OperationVerdict, RunFailure

Planned = Mapping[str, Mapping[str, str]]


def case_of(event: Event, planned: Planned) -> OperationCase:
    """Return the result of a case from its event."""
    fields = {name: value for name, value in event.items() if name not in {"event", "case"}}
    return msgspec.convert({**planned[event["case"]], **fields}, OperationCase)


def interrupted_case(at: Event, planned: Planned, said: str, *, hung: bool) -> OperationCase:
    """Return the result of the case in which a child ended, by its last stage.

    What ends the process on the reference says nothing of the tested device.
    """
    verdict = OperationVerdict.HUNG if hung else OperationVerdict.CRASHED
    if at.get("side") == "reference":
        verdict, said = OperationVerdict.FAILED, f"on the reference: {said}"
    told = {"verdict": verdict.value, "way": at.get("way"), "detail": said}
    return msgspec.convert({**planned[at["case"]], **told}, OperationCase)


def failure_of(event: Optional[Event], death: Optional[str], errors: str) -> RunFailure:
    """Return why a run cannot go on: what the child says itself, else how it ended."""
    if event is not None:
        return RunFailure(
            kind=str(event.get("kind", "error")),
            text=str(event.get("error", "")),
            detail=str(event.get("traceback", "")),
        )
    return RunFailure(
        kind="crashed" if death else "error",
        text=death or "the process ended without an answer",
        detail=errors,
    )
