"""The file of a run of ``parity --ops``: what was measured stays, whatever ends the run.

A line of JSON a result, on the disk before the next case begins. The name of the file follows from
all that the results depend on, so that nobody goes on with another device's.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Optional, Union

import msgspec

from tfmac.schema.operation_parity import OperationCase, OperationEnvironment

_FINISHED = b'{"finished":true}'


class RunInUse(Exception):
    """Another process is measuring the same at this moment."""


class RunKey(msgspec.Struct, frozen=True, kw_only=True):
    """What the results of a run depend on."""

    tfmac: str
    interpreter: str
    environment: OperationEnvironment
    logical_cpus: int
    cases: tuple[str, ...]
    own_operations: str = ""
    """The digest of the user's file of operations."""

    def file_name(self) -> str:
        """The name of the run's file."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()
        return f"{self.environment.framework}-{digest[:24]}.jsonl"


def runs_folder() -> str:
    """The folder of the files of runs, in the user's cache."""
    import platformdirs  # noqa: PLC0415 (whoever names a folder does without)

    return os.path.join(platformdirs.user_cache_dir("tfmac"), "operations")


class RunFile:
    """An open run file; ``cases`` are the results that it began with."""

    def __init__(self, path: str, file: IO[bytes], cases: Sequence[OperationCase]) -> None:
        self.path = path
        self.cases = tuple(cases)
        self._file = file

    def add(self, case: OperationCase) -> None:
        """Append a result; it is on the disk when this returns."""
        self._append(msgspec.json.encode(case))

    def finish(self) -> None:
        """Say that nothing is missing: the next run begins anew."""
        self._append(_FINISHED)

    def _append(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def run_file(key: RunKey, *, resume: Optional[bool], folder: str) -> Iterator[RunFile]:
    """Open the file of a run, with its results where the run goes on.

    ``resume`` None goes on where an earlier run was cut short, True takes over a finished one too,
    False begins anew. Raises ``RunInUse``, and ``OSError``.
    """
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, key.file_name())
    with open(path, "a+b") as file:
        _lock(file)
        cases, finished, whole = _read(file)
        # What was cut off in the middle of a line has no value.
        file.truncate(whole)
        if resume is False or (finished and resume is None):
            cases = []
            file.truncate(0)
        yield RunFile(path, file, cases)


def _read(file: IO[bytes]) -> tuple[list[OperationCase], bool, int]:
    """Return the results, whether the run was finished, and where its last whole line ends."""
    file.seek(0)
    cases: dict[str, OperationCase] = {}
    finished, whole = False, 0
    for line in file:
        if not line.endswith(b"\n"):
            break
        found = _line(line)
        if found is None:
            break
        if isinstance(found, OperationCase):
            cases[found.name] = found
        finished = found is True
        whole += len(line)
    return list(cases.values()), finished, whole


def _line(line: bytes) -> Union[OperationCase, bool, None]:
    if line.strip() == _FINISHED:
        return True
    try:
        return msgspec.json.decode(line, type=OperationCase)
    except msgspec.DecodeError:
        return None


def _lock(file: IO[bytes]) -> None:
    """Keep the file to this process as long as it is open; the system lets go of it by itself."""
    try:
        import fcntl  # noqa: PLC0415 (there is none on Windows)
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RunInUse("another tfmac is measuring the same operations now") from error
