"""Runs a user's program as if it were started directly, and keeps what it writes to stderr.

Nothing is put into the program or around its interpreter: stdin and stdout are the user's own.
stderr goes through a pseudo-terminal where it is a terminal, else through a pipe, and from there
to where it would have gone, byte for byte.
"""

import contextlib
import errno
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Callable, Optional

import msgspec

_CHUNK = 1 << 16
_HEAD = 1 << 20
_TAIL = 4 << 20
_WATCH_SECONDS = 0.2
_GRACE_SECONDS = 5.0
# How long to read on after the program has ended: what it left running may hold its stderr open.
_LAST_WORDS_SECONDS = 1.0
_FORWARDED = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGALRM")


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended."""

    code: int
    """Its exit code; of one that a signal killed, the signal's number with a minus."""
    stderr: bytes
    """What it wrote there: the beginning and the end of what is very long."""
    timed_out: bool = False

    @property
    def signal(self) -> Optional[int]:
        """The number of the signal that killed it."""
        return -self.code if self.code < 0 else None


class CannotStart(Exception):
    """The interpreter could not be started."""


def run_through(
    command: Sequence[str],
    *,
    timeout: Optional[float] = None,
    variables: Optional[Mapping[str, str]] = None,
    stderr: int = 2,
) -> Ended:
    """Run a command to its end; end it when ``timeout`` seconds are over. Raises ``CannotStart``.

    Signals that this process gets are handed on. ``stderr`` is where the program's goes.
    """
    with _channel(stderr) as (ours, theirs):
        try:
            child = subprocess.Popen(list(command), stderr=theirs, env=variables)
        except OSError as error:
            raise CannotStart(f"{command[0]} cannot be started: {error.strerror}") from error
        finally:
            os.close(theirs)
        with _signals_for(child, stderr, ours):
            return _followed(child, ours, stderr, timeout)


@contextlib.contextmanager
def _channel(stderr: int) -> Iterator[tuple[int, int]]:
    """Give our end and the program's end of its stderr."""
    if os.isatty(stderr):
        ours, theirs = pty.openpty()
        _copy_size(stderr, ours)
        # What is written is for the real terminal, which does its own processing.
        tty.setraw(theirs)
    else:
        ours, theirs = os.pipe()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


def _copy_size(terminal: int, ours: int) -> None:
    with contextlib.suppress(OSError):
        size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(ours, termios.TIOCSWINSZ, size)


@contextlib.contextmanager
def _signals_for(child: "subprocess.Popen[bytes]", stderr: int, ours: int) -> Iterator[None]:
    """Hand signals on to the program while it runs.

    Ctrl-C at a terminal reaches the program by itself: handed on, it would arrive twice.
    """

    def forward(number: int, _frame: Optional[FrameType]) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    def interrupt(number: int, frame: Optional[FrameType]) -> None:
        if not _in_foreground():
            forward(number, frame)

    def resize(_number: int, _frame: Optional[FrameType]) -> None:
        _copy_size(stderr, ours)

    handlers: dict[int, Callable[[int, Optional[FrameType]], None]] = {
        **{getattr(signal, name): forward for name in _FORWARDED},
        signal.SIGINT: interrupt,
        signal.SIGQUIT: interrupt,
        signal.SIGWINCH: resize,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether a terminal sends its signals to this process and the program alike."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _followed(
    child: "subprocess.Popen[bytes]", ours: int, stderr: int, timeout: Optional[float]
) -> Ended:
    kept = _Kept()
    deadline = None if timeout is None else time.monotonic() + timeout
    timed_out = False
    open_, ended_at = True, None
    while True:
        if open_:
            open_ = _pass_on(ours, stderr, kept)
        else:
            time.sleep(_WATCH_SECONDS / 10)
        code = child.poll()
        now = time.monotonic()
        if code is not None:
            ended_at = ended_at or now
            if not open_ or now - ended_at > _LAST_WORDS_SECONDS or not _readable(ours):
                return Ended(code=code, stderr=kept.all(), timed_out=timed_out)
        elif deadline is not None and now > deadline:
            if timed_out:
                child.kill()
            else:
                child.terminate()
            timed_out, deadline = True, now + _GRACE_SECONDS


def _pass_on(ours: int, stderr: int, kept: "_Kept") -> bool:
    """Hand on what is there; False at the end."""
    if not _readable(ours, _WATCH_SECONDS):
        return True
    try:
        data = os.read(ours, _CHUNK)
    except OSError as error:
        if error.errno == errno.EIO:  # a pseudo-terminal that nobody writes to any more
            return False
        raise
    if not data:
        return False
    kept.add(data)
    _write(stderr, data)
    return True


def _readable(descriptor: int, seconds: float = 0.0) -> bool:
    return bool(select.select([descriptor], [], [], seconds)[0])


def _write(stderr: int, data: bytes) -> None:
    """Write all of it; that nobody reads any more is no reason to stop the program."""
    view = memoryview(data)
    with contextlib.suppress(BrokenPipeError):
        while view:
            view = view[os.write(stderr, view) :]


class _Kept:
    """The beginning and the end of what was written."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._lost = False

    def add(self, data: bytes) -> None:
        """Keep a piece, forget the middle."""
        room = _HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * _TAIL:
            del self._tail[:-_TAIL]
            self._lost = True

    def all(self) -> bytes:
        """Give both, with a line between where something is left out."""
        return bytes(self._head) + (b"\n...\n" if self._lost else b"") + bytes(self._tail)
