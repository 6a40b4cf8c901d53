"""Runs a child process that may hang, die or flood its output, and always ends it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Optional

import msgspec

STDERR_LIMIT = 16_000
STDOUT_LIMIT = 1_000_000
_CHUNK = 8192
_CLOSELY_SECONDS = 0.5
_GLANCE_SECONDS = 0.003
_DUMP_SECONDS = 1.0
_READER_SECONDS = 5.0
# On macOS the launcher of a framework Python leaves this behind for its children, which then
# take themselves for that interpreter.
_LAUNCHER_VARIABLE = "__PYVENV_LAUNCHER__"


class ChildCannotStart(Exception):
    """The operating system refused to start a program."""


class ChildEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a child process ended.

    ``status`` is the exit status, or the negated number of the signal that ended it; None when
    it did not end in time and was killed.
    """

    status: Optional[int]
    output: str
    errors: str


def child_variables(
    overrides: Mapping[str, Optional[str]], base: Optional[Mapping[str, str]] = None
) -> dict[str, str]:
    """Return the environment for a child: ours with changes; None takes a variable away."""
    variables = dict(os.environ if base is None else base)
    variables.pop(_LAUNCHER_VARIABLE, None)
    for name, value in overrides.items():
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables


def signal_name(number: int) -> str:
    """Return the name of a signal, for example ``SIGILL``."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run_child(
    command: Sequence[str],
    *,
    time_limit: float,
    variables: Mapping[str, str],
    folder: Optional[str] = None,
    stacks_on_hang: bool = False,
) -> ChildEnd:
    """Run a command in a process group of its own; nothing of the group outlives this call.

    With ``stacks_on_hang`` a child that overruns its time gets SIGUSR1 first and a moment to
    write where it hangs.
    """
    process = _start(command, variables, folder)
    readers = [
        _EndReader(process.stdout, STDOUT_LIMIT),
        _EndReader(process.stderr, STDERR_LIMIT),
    ]
    try:
        status = _wait(process, time_limit, stacks_on_hang=stacks_on_hang)
    finally:
        _end_group(process)
    output, errors = (reader.text() for reader in readers)
    return ChildEnd(status=status, output=output, errors=errors)


def _start(
    command: Sequence[str], variables: Mapping[str, str], folder: Optional[str]
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(variables),
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise ChildCannotStart(f"{error.strerror} ({error.filename})") from error


def _wait(
    process: "subprocess.Popen[bytes]", time_limit: float, *, stacks_on_hang: bool
) -> Optional[int]:
    # Popen.wait looks every 50 ms in the end, which is long beside a child that takes 60.
    soon = time.monotonic() + min(time_limit, _CLOSELY_SECONDS)
    while process.poll() is None and time.monotonic() < soon:
        time.sleep(_GLANCE_SECONDS)
    try:
        return process.wait(max(0.0, time_limit - _CLOSELY_SECONDS))
    except subprocess.TimeoutExpired:
        if stacks_on_hang:
            process.send_signal(signal.SIGUSR1)
            time.sleep(_DUMP_SECONDS)
        return None


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of the child and of the processes that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nothing is left; macOS says "not permitted" for a group of zombies.
        process.kill()
    process.wait()


class _EndReader:
    """Reads a stream to its end in a thread and keeps the last bytes of it."""

    def __init__(self, stream: Optional[IO[bytes]], limit: int) -> None:
        assert stream is not None  # noqa: S101 - every stream is a pipe
        self._stream = stream
        self._limit = limit
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), _CHUNK):
                self._kept += chunk
                del self._kept[: -self._limit]

    def text(self) -> str:
        # A process that left the group may hold the pipe open: what came until now is taken.
        self._thread.join(_READER_SECONDS)
        return bytes(self._kept).decode("utf-8", "replace")
