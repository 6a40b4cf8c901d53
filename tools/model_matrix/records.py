"""The journal of a measurement, and the rows of the matrix that follow from it."""

import gzip
import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Optional, Union

import msgspec

THRESHOLD = 1e-4
"""The largest difference of outputs that counts as the same."""
HALF_THRESHOLD = 5e-3
"""The same where a model computes in half precision."""
NOT_BUILT = "Missing"
"""The error of a reader that cannot build the model whose weights it should load: no result."""
_SHORT_LIMIT = 160


class Made(msgspec.Struct, frozen=True, kw_only=True, tag="made"):
    """An environment was made."""

    release: str
    packages: dict[str, str]


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model in one format, or why the release did not write it."""

    format: str
    file: Optional[str] = None
    reason: Optional[str] = None


class Written(msgspec.Struct, frozen=True, kw_only=True, tag="written"):
    """A model in all formats of a release."""

    writer: str
    model: str
    half: bool
    files: tuple[File, ...]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One way to load a file: the difference of outputs, or the error."""

    way: str
    difference: Optional[float] = None
    """-1 where outputs could not be compared: other shapes, not a number."""
    exc: Optional[str] = None
    message: Optional[str] = None


class Read(msgspec.Struct, frozen=True, kw_only=True, tag="read"):
    """The attempts to load a file in a release, up to the first that loaded."""

    reader: str
    path: str
    attempts: tuple[Attempt, ...]


Record = Union[Made, Written, Read]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the matrix: one file in one reader."""

    writer: str
    reader: str
    format: str
    model: str
    path: str
    status: str
    diff: Optional[float]
    exc: Optional[str]
    short: Optional[str]
    message: Optional[str]
    best: Optional[str]
    best_status: str


class Journal:
    """What was done in a work directory, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: list[Record] = []
        if path.exists():
            whole = _whole_lines(path)
            if len(whole) != path.stat().st_size:  # the last run was killed while it wrote
                path.write_bytes(whole)
            self.records = recorded(path)

    def add(self, record: Record) -> None:
        """Write one record behind the others."""
        self.records.append(record)
        with self._path.open("ab") as stream:
            stream.write(msgspec.json.encode(record) + b"\n")

    def written(self, writer: str) -> dict[str, Written]:
        """Give what a release wrote, by model."""
        records = (one for one in self.records if isinstance(one, Written))
        return {one.model: one for one in records if one.writer == writer}

    def read(self, reader: str) -> set[str]:
        """Give the paths that a release has tried."""
        records = (one for one in self.records if isinstance(one, Read))
        return {one.path for one in records if one.reader == reader}


def recorded(path: Path) -> list[Record]:
    """Read a journal without touching it: a run may be at work on it."""
    return [msgspec.json.decode(line, type=Record) for line in _whole_lines(path).splitlines()]


def _whole_lines(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1]


def status(attempt: Attempt, *, half: bool) -> str:
    """Judge one attempt."""
    if attempt.difference is None:
        return "error"
    threshold = HALF_THRESHOLD if half else THRESHOLD
    return "ok" if 0 <= attempt.difference <= threshold else "ok-but-differs"


def rows(records: Iterable[Record]) -> Iterator[Row]:
    """Give the lines of the matrix in order; the last record of a file and reader holds."""
    known = list(records)
    files = {
        f"{one.writer}/{file.file}": (one, file.format)
        for one in known
        if isinstance(one, Written)
        for file in one.files
        if file.file is not None
    }
    reads = {(one.path, one.reader): one for one in known if isinstance(one, Read)}
    for (path, _), read in sorted(reads.items()):
        if path in files and read.attempts[0].exc != NOT_BUILT:
            yield _row(read, *files[path])


def _row(read: Read, written: Written, kind: str) -> Row:
    plain, last = read.attempts[0], read.attempts[-1]
    best = status(last, half=written.half)
    difference = plain.difference if (plain.difference or 0.0) >= 0 else None
    message = _without_paths(plain.message) if plain.message is not None else None
    return Row(
        writer=written.writer,
        reader=read.reader,
        format=kind,
        model=written.model,
        path=read.path,
        status=status(plain, half=written.half),
        diff=difference,
        exc=plain.exc,
        short=message[:_SHORT_LIMIT] if message is not None else None,
        message=message,
        best=None if best == "error" else last.way,
        best_status=best,
    )


def _without_paths(message: str) -> str:
    """Put a sign where a message names a file of the machine that measured."""
    return re.sub(r"(?<![\w<>.:/])/(?:[\w.+-]+/)+[\w.+()-]*", "<path>", " ".join(message.split()))


def write_matrix(records: Iterable[Record], path: Path) -> int:
    """Write the matrix, the same bytes for the same records; give the number of its rows."""
    lines = [msgspec.json.encode(row) + b"\n" for row in rows(records)]
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
        stream.writelines(lines)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(packed.getvalue())
    os.replace(partial, path)
    return len(lines)
