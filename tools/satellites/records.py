"""The journal of what was run: one JSON object a line."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.schema.satellites import Stage

JOURNAL = "satellites.jsonl"
"""The name of the journal in a work directory."""


class Tried(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A release beside a TensorFlow, as it was run or as it could not be."""

    tensorflow: str
    python: str
    package: str
    day: str
    version: Optional[str] = None
    """None where the resolver was asked for any release and had none."""
    beside: tuple[str, ...] = ()
    """What was asked for beside them."""
    stage: Optional[Stage] = None
    """None where there was nothing to run; ``error`` says why."""
    error: Optional[str] = None
    said: str = ""
    """The last part of what the program wrote, for naming a cause."""
    native: bool = False
    """It failed in compiled code: tensorflow-cpu is another build than TensorFlow's own."""
    keras: Optional[str] = None
    tf_keras: Optional[str] = None
    any_release: bool = False
    """The resolver chose the release."""
    seconds: float = 0.0


class Journal:
    """All that was tried in a work directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_bytes().splitlines() if path.exists() else []
        self.records = [msgspec.json.decode(line, type=Tried) for line in lines if line]

    def add(self, record: Tried) -> None:
        """Write one record behind the others."""
        self.records.append(record)
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(record) + b"\n")


def by_release(records: Iterable[Tried]) -> Iterator[list[Tried]]:
    """Give the last walk over each release beside each TensorFlow; a walk begins with it alone."""
    walks: dict[tuple[str, Optional[str], str], list[Tried]] = {}
    for one in records:
        walk = walks.setdefault((one.package, one.version, one.tensorflow), [])
        if not one.beside:
            walk.clear()
        walk.append(one)
    return iter(walks.values())
