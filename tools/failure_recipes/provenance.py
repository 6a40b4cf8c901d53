"""Where each log comes from: ``tests/data/logs/provenance.json``."""

import fcntl
from collections.abc import Iterable
from pathlib import Path

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """How one log came to be."""

    how: str
    """``recorded``, ``composed from binary strings``, ``thread`` or ``composed``."""
    source: str
    """The recipe, the binary or the address."""
    versions: tuple[str, ...] = ()


class Provenance:
    """The file's new lines; what others wrote into it meanwhile stays."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._new: dict[str, Origin] = {}

    def add(self, path: Path, *, how: str, source: str, versions: Iterable[str] = ()) -> None:
        """Note where a log comes from."""
        name = path.relative_to(self._logs).as_posix()
        self._new[name] = Origin(how=how, source=source, versions=tuple(versions))

    def save(self) -> None:
        """Write the lines into the file, sorted."""
        path = self._logs / "provenance.json"
        path.touch()
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            there = msgspec.json.decode(file.read() or b"{}", type=dict[str, object])
            lines = dict(sorted({**there, **self._new}.items()))
            file.seek(0)
            file.truncate()
            file.write(msgspec.json.format(msgspec.json.encode(lines), indent=2) + b"\n")
