"""Deaths without a traceback: the words of shells, of Jupyter and of the C++ runtime."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from tfmac.explainer.events import Event
from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log, squeeze
from tfmac.schema.log_signatures import EventKind

_LINES_AROUND = 30
_MOST_EVENTS = 20

KERNEL = "kernel"
"""The type of a death that Jupyter tells, without a signal."""


class _Words(NamedTuple):
    signal: str
    words: tuple[str, ...]


# Shells, faulthandler, crash reports of macOS, multiprocessing, containers; white space left out.
_SPOKEN = tuple(
    _Words(signal, tuple(map(squeeze, words)))
    for signal, words in (
        (
            "SIGILL",
            (
                "illegal hardware instruction",
                "Illegal instruction",
                "signal 4 (",
                "SIGILL",
                "uncaught target signal 4",
                "EXC_BAD_INSTRUCTION",
                "exit code 132",
                "exited with code 132",
                "exit code -4",
                "interrupted by signal 4:",
            ),
        ),
        (
            "SIGSEGV",
            (
                "segmentation fault",
                "Segmentation fault",
                "SIGSEGV",
                "signal 11 (",
                "uncaught target signal 11",
                "EXC_BAD_ACCESS",
                "exit code 139",
                "exited with code 139",
                "exit code -11",
                "interrupted by signal 11:",
            ),
        ),
        (
            "SIGABRT",
            (
                "zsh: abort",
                "Abort trap: 6",
                "Aborted (core dumped)",
                "Fatal Python error: Aborted",
                "SIGABRT",
                "signal 6 (",
                "uncaught target signal 6",
                "libc++abi: terminating",
                "libc++abi.dylib: terminating",
                "terminate called after throwing",
                "exit code 134",
                "exited with code 134",
                "exit code -6",
                "interrupted by signal 6:",
            ),
        ),
        ("SIGBUS", ("Bus error", "bus error", "SIGBUS", "exit code 138", "exit code -10")),
        ("SIGTRAP", ("trace trap", "Trace/BPT trap: 5", "SIGTRAP", "exit code 133")),
        (
            "SIGKILL",
            ("zsh: killed", "Killed: 9", "SIGKILL", "signal 9 (", "exit code 137", "exit code -9"),
        ),
        (
            KERNEL,
            (
                "kernel appears to have died",
                "Kernel died, restarting",
                "The Kernel crashed while executing",
                "Kernel Restarting",
                "kernel died, restarting",
                "Canceled future for execute_request message before replies were done",
            ),
        ),
    )
)
# One search for a few letters saves those for all words that have them.
_KEYS = (
    *("nstruction", "egmentation", "SIG", "signal", "code", "bort", "libc++abi"),
    *("terminatecalled", "BAD_", "error", "trap", "illed", "ernel", "Canceledfuture"),
)
_KEYS_OF = {
    words: [key for key in _KEYS if key in words] for _, spoken in _SPOKEN for words in spoken
}
_KILLED_LINE = expression(r"(?:.{0,80}: line \d+:\s+\d+ )?(Killed|Aborted|Abort trap)\b")


def deaths(log: Log) -> Iterator[Event]:
    """Read the deaths of a log, each with the lines around it."""
    found: dict[tuple[int, str], Event] = {}
    said = {key for key in _KEYS if log.first(key) >= 0}
    for signal, spoken in _SPOKEN:
        for words in spoken:
            if not said.intersection(_KEYS_OF[words]):
                continue
            for place in itertools.islice(log.places(words), _MOST_EVENTS):
                line = log.line_at(place)
                found.setdefault((line, signal), _death(log, line, signal))
    for index in log.lines_with("Killed", "Abort"):
        content = log.contents[index]
        killed = _KILLED_LINE.match(content)
        if killed is not None and len(content) < 200:
            signal = "SIGKILL" if killed.group(1) == "Killed" else "SIGABRT"
            found.setdefault((index, signal), _death(log, index, signal))
    ordered = sorted(found.items())
    yield from (event for _, event in ordered[: _MOST_EVENTS // 2])
    yield from (event for _, event in ordered[_MOST_EVENTS // 2 :][-_MOST_EVENTS // 2 :])


def _death(log: Log, line: int, signal: str) -> Event:
    first, last = max(0, line - _LINES_AROUND), min(len(log.contents) - 1, line + _LINES_AROUND)
    start, end = log.span(first, last)
    return Event(kind=EventKind.DEATH, type=signal, start=start, end=end)
