"""Runs a child process that may hang, die or flood its output, and always ends it."""

import contextlib
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
    running = RunningChild(command, variables=variables, folder=folder)
    try:
        running.wait(time_limit)
    except BaseException:
        running.end()
        raise
    return running.end(stacks=stacks_on_hang)


class RunningChild:
    """A command in a process group of its own, with pipes that never fill; ``end`` must be called.

    ``told`` gives it a standard input that ``tell`` writes to; else it has none. Raise
    ``ChildCannotStart`` when the operating system refuses the program.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        variables: Mapping[str, str],
        folder: Optional[str] = None,
        told: bool = False,
    ) -> None:
        try:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE if told else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(variables),
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            raise ChildCannotStart(f"{error.strerror} ({error.filename})") from error
        self._output = _EndReader(self._process.stdout, STDOUT_LIMIT)
        self._errors = _EndReader(self._process.stderr, STDERR_LIMIT)

    def ended(self) -> bool:
        """Tell whether the process itself has ended."""
        return self._process.poll() is not None

    def tell(self, line: str) -> bool:
        """Write a line to its standard input; False when it does not listen any more."""
        stream = self._process.stdin
        if stream is None:
            raise ValueError("this child was started without a standard input")
        try:
            stream.write(line.encode() + b"\n")
            stream.flush()
        except OSError:
            return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most so long; tell whether it has ended."""
        # Popen.wait looks every 50 ms in the end, which is long beside a child that takes 60.
        soon = time.monotonic() + min(seconds, _CLOSELY_SECONDS)
        while not self.ended() and time.monotonic() < soon:
            time.sleep(_GLANCE_SECONDS)
        try:
            self._process.wait(max(0.0, seconds - _CLOSELY_SECONDS))
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, *, stacks: bool = False) -> ChildEnd:
        """Kill what is left of it and of the processes that it started; say how it had ended.

        With ``stacks`` one that still runs gets SIGUSR1 first and a moment to write where it is.
        """
        status = self._process.poll()
        if status is None and stacks:
            self._process.send_signal(signal.SIGUSR1)
            time.sleep(_DUMP_SECONDS)
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # Nothing is left; macOS says "not permitted" for a group of zombies.
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        output, errors = self._output.text(), self._errors.text()
        return ChildEnd(status=status, output=output, errors=errors)


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
