"""What is measured, and the journal of what was: one JSON object a line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Optional

import msgspec
from tools.combinations.program import Outcome

from tfmac.schema.knowledge import Step

BASELINE = ""
"""As the package of a point: nothing was changed."""


class Point(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One environment to run: a version of a package, or its absence, beside a TensorFlow."""

    tensorflow: str
    python: str
    package: str
    version: Optional[str]
    """None takes the package out."""
    beside: tuple[tuple[str, str], ...] = ()
    """Further packages with their versions, in alphabetical order."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the journal."""

    point: Point
    day: str
    outcome: Optional[Outcome] = None
    """None when there was nothing to run; ``note`` says why."""
    note: str = ""
    baseline: dict[str, str] = {}
    loaded: tuple[str, ...] = ()
    """Of a baseline: the distributions whose code the program had loaded."""
    void: bool = False
    """The environment did not stand the check at its end."""


class Journal:
    """The finished points of a work directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[Record] = []
        if path.exists():
            lines = path.read_bytes().splitlines()
            self.records = [msgspec.json.decode(line, type=Record) for line in lines if line]

    def add(self, record: Record) -> None:
        """Write one record behind the others."""
        self.records.append(record)
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(record) + b"\n")


def counting(records: Iterable[Record]) -> list[Record]:
    """Leave out what was measured in an environment after it was spoiled.

    When that is found out only at its end, it counts up to the last point that worked.
    """
    kept: list[Record] = []
    current: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        environment = (record.point.tensorflow, record.point.python)
        session = current.pop(environment, [])
        if record.void:
            kept += _sound(session)
            continue
        if record.point.package == BASELINE:
            kept += session
            session = []
        current[environment] = [*session, record]
    for group in current.values():
        kept += group
    return kept


def _sound(session: list[Record]) -> list[Record]:
    """Give the records up to the last one that worked."""
    worked = [
        place
        for place, record in enumerate(session)
        if record.outcome is not None and record.outcome.step is Step.WORKS
    ]
    return session[: worked[-1] + 1] if worked else []
