"""Model files, read by a process of their own that is kept, replaced when it dies, and limited.

``read_model`` and ``models_in`` are all that others need; ``ModelReader`` is for who reads many
files with limits of their own and wants to know how often the process died.
"""

import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from functools import lru_cache
from typing import IO, Optional, Union

import msgspec

from tfmac.formats.json_text import readable
from tfmac.observe.child import ChildCannotStart, child_variables, signal_name
from tfmac.observe.limits import LIBRARY_VARIABLES
from tfmac.observe.model_messages import Reply, Request
from tfmac.observe.model_search import models_in
from tfmac.schema.model_content import Content, ModelFormat, Problem

__all__ = ["ModelReader", "ModelsExtraMissing", "models_in", "read_model"]

PathLike = Union[str, "os.PathLike[str]"]
TIME_LIMIT = 60.0
MEMORY_LIMIT = 192 << 20
_LARGEST_REPLY = 1 << 28
_CHUNK = 1 << 20
# HDF5's library does not give everything back that damaged files made it take.
_MOST_FILES = 2000
_SOURCE_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from tfmac.observe.model_worker import serve; serve(int(sys.argv[2]))"
)


class ModelsExtraMissing(Exception):
    """What reads HDF5 is not installed, or does not work."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"reading this model needs h5py: pip install 'tfmac[models]' ({detail})")
        self.detail = detail


def read_model(
    path: PathLike, *, time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
) -> Content:
    """Read one model: a file, the folder of a SavedModel, a checkpoint by its prefix or index.

    Whatever the file does to the reading becomes a problem of the content. Raises
    ``FileNotFoundError`` when there is nothing of that name, ``ModelsExtraMissing``, and
    ``ChildCannotStart`` when no process can be started.
    """
    return _reader(os.getpid(), memory_limit).read(path, time_limit=time_limit)


@lru_cache(maxsize=1)
def _reader(_process: int, memory_limit: int) -> "ModelReader":
    """Keep one reader; a process that was forked off gets its own."""
    return ModelReader(memory_limit=memory_limit)


class ModelReader:
    """Reads models in one child process, which is started when it is needed.

    ``deaths``, ``hangs`` and ``mistakes`` count what ended a reading: the process died, it ran
    out of time, or an exception of ours. ``peak`` is the most memory that a process has had.
    """

    def __init__(self, *, memory_limit: int = MEMORY_LIMIT) -> None:
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._worker: Optional[_Worker] = None
        self.deaths = 0
        self.hangs = 0
        self.mistakes: list[str] = []
        self.peak = 0

    def __enter__(self) -> "ModelReader":  # noqa: PYI034 - Python 3.9 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def process(self) -> Optional[int]:
        """The number of the process, while there is one."""
        return None if self._worker is None else self._worker.number

    def close(self) -> None:
        """End the process, if there is one."""
        if self._worker is not None:
            self._worker.end()
            self._worker = None

    def read(self, path: PathLike, *, time_limit: float = TIME_LIMIT) -> Content:
        """Read one model; see ``read_model``."""
        path = os.fspath(path)
        if not os.path.exists(path) and not os.path.isfile(f"{path}.index"):
            raise FileNotFoundError(f"there is no {path}")
        with self._lock:
            try:
                content = self._read(os.path.abspath(path), time_limit)
            except BaseException:
                # An answer that nobody waited for would be taken for the next one's.
                self.close()
                raise
        return msgspec.structs.replace(content, path=readable(path))

    def _read(self, path: str, time_limit: float) -> Content:
        fresh = self._worker is None or not self._worker.answered
        try:
            return self._attempt(path, time_limit)
        except _Failed as failure:
            if fresh:
                return _unread(path, str(failure))
        # It may have been the files before: a new process tells.
        try:
            return self._attempt(path, time_limit)
        except _Failed as failure:
            return _unread(path, str(failure))

    def _attempt(self, path: str, time_limit: float) -> Content:
        """Read in the process that is there; raise ``_Failed`` when a new one may do better."""
        try:
            reply = self._ask(path, time_limit)
        except _TimeIsUp:
            self.hangs += 1
            self.close()
            return _unread(path, f"could not be read within {time_limit:g} seconds")
        except _Died as death:
            self.deaths += 1
            self.close()
            raise _Failed(f"ends the process that reads it ({death})") from None
        self.peak = max(self.peak, reply.peak)
        return self._content(reply, path)

    def _content(self, reply: Reply, path: str) -> Content:
        if reply.missing:
            raise ModelsExtraMissing(reply.missing)
        if reply.out_of_memory:
            self.close()
            raise _Failed("needs more memory to be read than a model's structure takes")
        if reply.content is None:
            self.mistakes.append(reply.crash)
            last = reply.crash.strip().splitlines()[-1:] or ["unknown"]
            return _unread(path, f"tfmac could not read it, which is a mistake of ours: {last[0]}")
        return reply.content

    def _ask(self, path: str, time_limit: float) -> Reply:
        if self._worker is not None and (self._worker.answered >= _MOST_FILES or self._worker.gone):
            self.close()
        if self._worker is None:
            self._worker = _Worker(self._memory_limit)
        return self._worker.ask(Request(path=os.fsencode(path), time_limit=time_limit))


class _TimeIsUp(Exception):
    """The process did not answer in time."""


class _Failed(Exception):
    """A reading that ended without a content; says what the file did."""


class _Died(Exception):
    """The process ended without an answer."""


class _Worker:
    """One process and its pipes."""

    def __init__(self, memory_limit: int) -> None:
        self.answered = 0
        paths = [one for one in sys.path if os.path.isabs(one)]
        arguments = (msgspec.json.encode([*paths, _SOURCE_FOLDER]).decode(), str(memory_limit))
        try:
            self._process = subprocess.Popen(
                # No site module: it would run every ``.pth`` file again.
                [sys.executable, "-I", "-S", "-c", _PROGRAM, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_variables(LIBRARY_VARIABLES),
                # Ctrl-C is for the user's own process, which ends this one.
                start_new_session=True,
            )
        except OSError as error:
            raise ChildCannotStart(f"{error.strerror} ({error.filename})") from error
        self._ended = weakref.finalize(self, _end, self._process)

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def gone(self) -> bool:
        """Whether the process ended while nobody asked it."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Kill the process and close its pipes."""
        self._ended()

    def ask(self, request: Request) -> Reply:
        """Send a request and wait for its reply."""
        deadline = time.monotonic() + request.time_limit
        try:
            requests = _pipe(self._process.stdin)
            requests.write(msgspec.json.encode(request) + b"\n")
            requests.flush()
            line = self._line(deadline)
        except BrokenPipeError:
            raise _Died(self._death()) from None
        self.answered += 1
        return msgspec.json.decode(line, type=Reply)

    def _line(self, deadline: float) -> bytes:
        replies = _pipe(self._process.stdout).fileno()
        line = bytearray()
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([replies], [], [], left)[0]:
                raise _TimeIsUp
            data = os.read(replies, _CHUNK)
            if not data or len(line) > _LARGEST_REPLY:
                raise _Died(self._death())
            line += data
        return bytes(line)

    def _death(self) -> str:
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it closed its pipe"
        return signal_name(-status) if status < 0 else f"exit status {status}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    # A request that was not taken is still in the pipe's buffer.
    with suppress(BrokenPipeError):
        _pipe(process.stdin).close()
    _pipe(process.stdout).close()


def _pipe(pipe: Optional[IO[bytes]]) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - both are pipes
    return pipe


def _unread(path: str, statement: str) -> Content:
    problem = Problem(statement=statement, cause="model-file-damaged")
    try:
        size = os.stat(path).st_size
    except OSError:
        size = 0
    return Content(path=path, format=ModelFormat.UNKNOWN, bytes=size, problems=(problem,))
