"""What of a zoo is finished, kept beside the new files, so that a run can be taken up again."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from typing import Optional, TypeVar

import msgspec

from tfmac.migration.proving import Settings
from tfmac.migration.zoo_plan import JOURNAL_FOLDER, Planned
from tfmac.observe.model_paths import DATA, INDEX, checkpoint_prefix
from tfmac.schema.migration import MigratedModel, Verified

T = TypeVar("T")
_CHUNK = 1 << 20
_NAME = "journal.jsonl"
_CLAIMED = "claimed.jsonl"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One finished model: what it was made of, by what was asked, and what came out."""

    source: str
    output: str
    asked: str
    source_digest: str
    output_digest: Optional[str]
    model: MigratedModel


class Journal:
    """The journal of one folder; one process at a time writes it."""

    def __init__(self, out: str, settings: Settings) -> None:
        self.folder = os.path.join(out, JOURNAL_FOLDER)
        self._path = os.path.join(self.folder, _NAME)
        self._claims = os.path.join(self.folder, _CLAIMED)
        self._asked = asked_digest(settings)
        self._verify = settings.verify

    def finished(self) -> dict[str, Entry]:
        """Give what need not be done again: by its source, as it lies there now."""
        latest = {entry.source: entry for entry in self.entries()}
        return {source: entry for source, entry in latest.items() if self._holds(entry)}

    def entries(self) -> Iterator[Entry]:
        """Give all lines; what a killed run has left of one is passed over."""
        yield from _decoded(self._path, Entry)

    def add(self, planned: Planned, source_digest: str, model: MigratedModel) -> None:
        """Write that a model is finished, so that it stays written."""
        entry = Entry(
            source=planned.source,
            output=planned.output,
            asked=self._asked,
            source_digest=source_digest,
            output_digest=digest_of(planned.output) if model.migrated else None,
            model=model,
        )
        _append(self._path, msgspec.json.encode(entry))

    def claim(self, planned: Planned) -> None:
        """Write that a new file is ours to make: nothing was there before."""
        _append(self._claims, msgspec.json.encode(planned.output))

    def claimed(self) -> frozenset[str]:
        """Name the files that runs of ours have set out to make."""
        return frozenset(_decoded(self._claims, str))

    def _holds(self, entry: Entry) -> bool:
        model = entry.model
        proved = model.verified is Verified.YES or not self._verify
        return (
            model.migrated
            and proved
            and entry.asked == self._asked
            and bool(entry.output_digest)
            and entry.output_digest == digest_of(entry.output)
            and entry.source_digest == digest_of(entry.source)
        )


def asked_digest(settings: Settings) -> str:
    """Name what was asked for, as far as it decides what is written and how it is proved."""
    asked = (
        settings.keras,
        settings.architecture,
        settings.custom,
        settings.folder if settings.custom else None,
        settings.strip_optimizer,
        settings.verify,
    )
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()


def digest_of(path: str) -> str:
    """Give the digest of a model: a file, a folder, a checkpoint by its index; ``""`` for none."""
    digest = hashlib.sha256()
    try:
        for one in _files_of(path):
            digest.update(os.path.relpath(one, path).encode("utf-8", "surrogateescape") + b"\0")
            with open(one, "rb") as file:
                while data := file.read(_CHUNK):
                    digest.update(data)
    except OSError:
        return ""
    return digest.hexdigest()


def _files_of(path: str) -> Iterator[str]:
    prefix = checkpoint_prefix(path)
    if os.path.isdir(path):
        for folder, inner, names in os.walk(path):
            inner.sort()
            yield from (os.path.join(folder, name) for name in sorted(names))
    elif prefix is not None:
        folder = os.path.dirname(prefix) or "."
        start = f"{os.path.basename(prefix)}{DATA}"
        yield f"{prefix}{INDEX}"
        names = sorted(name for name in os.listdir(folder) if name.startswith(start))
        yield from (os.path.join(folder, name) for name in names)
    else:
        yield path


def _decoded(path: str, kind: type[T]) -> Iterator[T]:
    for line in _lines(path):
        # A run that was killed has left half a line.
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=kind)


def _lines(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def _append(path: str, line: bytes) -> None:
    """Add a line; one that a killed run has left unfinished must not swallow it."""
    with open(path, "ab+") as file:
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
