"""What is written down of a proof: one JSON object a line, so that a stopped run goes on."""

import enum
import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Optional, Union

import msgspec


class End(enum.Enum):
    """How a child process that tried to load something ended."""

    DONE = "done"
    RAISED = "raised"
    KILLED = "killed"
    TIMEOUT = "timeout"


class LibraryVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the files say of one library; ``loads`` is None where they cannot be read.

    ``named`` tells whether the package's own Python code opens it.
    """

    path: str
    named: bool
    loads: Optional[bool]
    message: Optional[str] = None


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag="judged", tag_field="record"):
    """The static verdicts about one release beside one TensorFlow.

    ``declared`` tells whether its metadata admits that TensorFlow, None where it names none.
    """

    engine: str
    tensorflow: str
    release: str
    libraries: tuple[LibraryVerdict, ...]
    declared: Optional[bool]


class Sealed(msgspec.Struct, frozen=True, kw_only=True, tag="sealed", tag_field="record"):
    """All verdicts about one TensorFlow were written; ``sha256`` is that of their records."""

    engine: str
    tensorflow: str
    at: str
    releases: int
    sha256: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one child process.

    ``immediate`` and ``lazy`` are the loader's words when the library is opened without
    TensorFlow's function, in either mode of binding; None when it opened or was not tried.
    ``mapped`` are the libraries of the tree that an import had in memory at its end.
    """

    target: str
    end: End
    status: int = 0
    message: str = ""
    immediate: Optional[str] = None
    lazy: Optional[str] = None
    mapped: tuple[str, ...] = ()
    said: str = ""


class Loaded(msgspec.Struct, frozen=True, kw_only=True, tag="loaded", tag_field="record"):
    """What really happened with one release beside one TensorFlow."""

    tensorflow: str
    release: str
    at: str
    machine: str
    libraries: tuple[Attempt, ...]
    imported: Attempt


class Unavailable(msgspec.Struct, frozen=True, kw_only=True, tag="unavailable", tag_field="record"):
    """A TensorFlow or a release that could not be had or run, and why; tried again next time."""

    subject: str
    at: str
    reason: str


Record = Union[Judged, Sealed, Loaded, Unavailable]
_DECODER = msgspec.json.Decoder(Record)


def now() -> str:
    """Tell the time as records have it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def digest(records: Iterable[Judged]) -> str:
    """Hash verdicts as they stand in the journal."""
    total = hashlib.sha256()
    for record in records:
        total.update(msgspec.json.encode(record) + b"\n")
    return total.hexdigest()


class Journal:
    """The records of a work folder, in the order in which they were made."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.records: list[Record] = list(_read(path))

    def write(self, record: Record) -> None:
        """Add a record; it is on the disk when this returns."""
        with open(self._path, "ab") as file:
            if file.tell() and not _ends_whole(self._path):
                file.write(b"\n")  # after a line that a killed run left torn
            file.write(msgspec.json.encode(record) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.records.append(record)

    def judged(self, engine: str, tensorflow: str) -> "dict[str, Judged]":
        """Give the verdicts of this engine about one TensorFlow, by release."""
        return {
            record.release: record
            for record in self.records
            if isinstance(record, Judged)
            and (record.engine, record.tensorflow) == (engine, tensorflow)
        }

    def loaded(self, tensorflow: str) -> "dict[str, Loaded]":
        """Give what really happened beside one TensorFlow, by release."""
        return {
            record.release: record
            for record in self.records
            if isinstance(record, Loaded) and record.tensorflow == tensorflow
        }

    def judged_first(self, engine: str, tensorflow: str) -> bool:
        """Whether this engine's verdicts were sealed before anything was loaded."""
        for record in self.records:
            if isinstance(record, Sealed) and record.engine == engine:
                if record.tensorflow == tensorflow:
                    return True
            elif isinstance(record, Loaded) and record.tensorflow == tensorflow:
                return False
        return False


def _read(path: str) -> Iterator[Record]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return
    for line in content.splitlines():
        record = _decoded(line)
        if record is not None:
            yield record


def _decoded(line: bytes) -> Optional[Record]:
    """Read a line; one torn by a killed run tells nothing, and its work is done again."""
    try:
        record: Record = _DECODER.decode(line)
    except msgspec.DecodeError:
        return None
    return record


def _ends_whole(path: str) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
