"""Runs a tool and keeps the end of what it says on standard error, shown at the same time."""

import contextlib
import fcntl
import os
import pty
import re
import subprocess
import tempfile
import termios
from collections.abc import Mapping, Sequence
from typing import IO, Optional, TextIO

import msgspec

_CHUNK = 4096
_KEPT = 32_000
_PATIENCE = 5.0
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
_WINDOW_BYTES = 8


class ToolEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a tool ended: exit status (or negated signal), output, end of its messages."""

    status: int
    output: str
    messages: str


def run_tool(
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    given: str = "",
    shown: Optional[TextIO] = None,
    held: Sequence[int] = (),
) -> ToolEnd:
    """Run a command to its end; ``given`` is its standard input.

    Messages go to ``shown`` while they come; on a terminal the tool is given one, so that it
    draws its progress there. It keeps the ``held`` files open. Whatever interrupts this call, the
    tool does not outlive it. Raise ``OSError`` when it cannot be started.
    """
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as output:
        source.write(given.encode())
        source.seek(0)
        status, messages = _run(command, variables, (source, output), shown, held)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    return ToolEnd(status=status, output=text, messages=plain(messages.decode("utf-8", "replace")))


def plain(text: str) -> str:
    """Take colours and progress drawing out of a terminal's text."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    # What a carriage return was to overwrite is gone from the terminal, too.
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in lines).strip()


def _run(
    command: Sequence[str],
    variables: Mapping[str, str],
    streams: tuple[IO[bytes], IO[bytes]],
    shown: Optional[TextIO],
    held: Sequence[int],
) -> tuple[int, bytes]:
    reading, writing = _message_channel(shown)
    source, output = streams
    try:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=source,
                stdout=output,
                stderr=writing,
                env=dict(variables),
                pass_fds=held,
            )
        finally:
            os.close(writing)
        try:
            messages = _follow(reading, shown)
            return process.wait(), messages
        finally:
            _end(process)
    finally:
        os.close(reading)


def _message_channel(shown: Optional[TextIO]) -> tuple[int, int]:
    """Return both ends of a pipe, or of a pseudo-terminal where messages go to a terminal."""
    if shown is None or not shown.isatty():
        return os.pipe()
    reading, writing = pty.openpty()
    with contextlib.suppress(OSError, ValueError):
        window = fcntl.ioctl(shown.fileno(), termios.TIOCGWINSZ, b"\0" * _WINDOW_BYTES)
        fcntl.ioctl(writing, termios.TIOCSWINSZ, window)
    return reading, writing


def _follow(reading: int, shown: Optional[TextIO]) -> bytes:
    kept = bytearray()
    while chunk := _read(reading):
        kept += chunk
        del kept[:-_KEPT]
        if shown is not None:
            shown.write(chunk.decode("utf-8", "replace"))
            shown.flush()
    return bytes(kept)


def _read(reading: int) -> bytes:
    try:
        return os.read(reading, _CHUNK)
    except OSError:
        # Linux reports the end of a pseudo-terminal as an input/output error.
        return b""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process that still runs to end, then make it."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
