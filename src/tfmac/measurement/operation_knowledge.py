"""What a run found out becomes local knowledge, which ``device.best()`` respects."""

import time
from collections.abc import Iterable, Sequence
from typing import Optional

import msgspec

from tfmac.device import local_knowledge
from tfmac.device.local_knowledge import Entry
from tfmac.schema.operation_parity import OperationCase, OperationEnvironment, OperationVerdict

_SEVERITY = (
    OperationVerdict.SAME,
    OperationVerdict.WITHIN_TOLERANCE,
    OperationVerdict.NO_KERNEL,
    OperationVerdict.NOT_DETERMINISTIC,
    OperationVerdict.WRONG,
    OperationVerdict.HUNG,
    OperationVerdict.CRASHED,
)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is known from now on, with the file that has it and what was wrong with that file."""

    quarantined: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    file: Optional[str] = None
    problem: Optional[str] = None


def keep(environment: OperationEnvironment, cases: Sequence[OperationCase]) -> Kept:
    """Remember what was measured of each operation; a newer finding takes an older one's place."""
    measured = knowledge_of(environment, cases)
    if not measured:
        return Kept()
    released = tuple(_released(measured))
    try:
        problem = local_knowledge.remember(measured)
    except OSError as error:
        return Kept(problem=f"what was found cannot be kept: {error}")
    return Kept(
        quarantined=tuple(f"{one.operation} {one.dtype}" for one in measured if one.bad),
        released=released,
        file=local_knowledge.path(),
        problem=problem,
    )


def knowledge_of(
    environment: OperationEnvironment, cases: Sequence[OperationCase]
) -> tuple[Entry, ...]:
    """Return what a run says of each operation with each type of numbers: the worst it found."""
    worst: dict[tuple[str, str], OperationVerdict] = {}
    for case in cases:
        if case.verdict.judged:
            subject = (case.operation, case.dtype)
            before = worst.get(subject, OperationVerdict.SAME)
            worst[subject] = max(before, case.verdict, key=_SEVERITY.index)
    today = time.strftime("%Y-%m-%d")
    return tuple(
        Entry(
            framework=environment.framework,
            framework_version=environment.framework_version,
            device=environment.device.described,
            plugin_version=environment.plugin_version,
            operation=operation,
            dtype=dtype,
            verdict=verdict.value,
            measured=today,
        )
        for (operation, dtype), verdict in worst.items()
    )


def _released(measured: Iterable[Entry]) -> list[str]:
    """Name what earlier runs kept off the device and this one found sound."""
    before = {entry.subject: entry for entry in local_knowledge.known().entries if entry.bad}
    return [
        f"{one.operation} {one.dtype}" for one in measured if not one.bad and one.subject in before
    ]
