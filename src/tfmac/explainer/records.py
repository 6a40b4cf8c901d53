"""Lines that frameworks and Python's own warnings write beside what a program says."""

from collections.abc import Iterable, Iterator
from typing import Callable

from tfmac.explainer.events import Event
from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log
from tfmac.schema.log_signatures import EventKind

_MOST_LINES = 8
_MOST_EVENTS = 600
_LONGEST_LINE = 2_000

_SOURCE = r"[\w/.+-]{1,200}\.(?:cc|cpp|h|hpp|mm|m|c|cu|py):\d{1,6}\]"
# ``W tensorflow/core/file.cc:12] text`` is TensorFlow's own form, that of Abseil is
# ``W0000 00:00:17.1 23 file.cc:12] text``.
_LOGGED = expression(
    r"(?::\s{0,2})?(?:([IWEF])\s{1,3}(?:external/)?"
    + _SOURCE
    + r"|([IWEF])\d{4}\s\d\d:\d\d:[\d.]{2,20}\s{1,12}\d{1,12}\s"
    + _SOURCE
    + ")"
)
_PYTHON = expression(r"(WARNING|ERROR|INFO|FATAL|CRITICAL):(?:absl|tensorflow|jax[\w.]*|tf2onnx):")
_FIRST_OF_RECORDS = frozenset(":CEFIW")
_SEVERITIES = {"WARNING": "W", "ERROR": "E", "INFO": "I", "FATAL": "F", "CRITICAL": "F"}
_WARNED = expression(r"(?:^|:\d{1,7}:\s{0,3})(?:[\w.]{1,80}\.)?([A-Z]\w{0,60}Warning):(?:\s|$)")


def records(log: Log) -> Iterator[Event]:
    """Read the lines of loggers, each with what follows it on lines of its own."""
    first = _FIRST_OF_RECORDS
    lines = [index for index, content in enumerate(log.contents) if content[:1] in first]
    yield from _limited(log, EventKind.RECORD, lines, _severity)


def warnings(log: Log) -> Iterator[Event]:
    """Read Python's warnings."""
    yield from _limited(log, EventKind.WARNING, log.lines_with("Warning:"), _category)


def _severity(content: str) -> str:
    if "]" in content[:300]:
        found = _LOGGED.match(content, 0, _LONGEST_LINE)
        if found is not None:
            return found.group(1) or found.group(2)
    if content[:1] in {"W", "E", "I", "F", "C"} and ":" in content[:10]:
        named = _PYTHON.match(content)
        if named is not None:
            return _SEVERITIES[named.group(1)]
    return ""


def _category(content: str) -> str:
    if "Warning:" not in content:
        return ""
    found = _WARNED.search(content, 0, _LONGEST_LINE)
    return found.group(1) if found else ""


def _limited(
    log: Log, kind: EventKind, lines: Iterable[int], type_of: Callable[[str], str]
) -> Iterator[Event]:
    starts = [(index, type_of(log.contents[index])) for index in lines]
    starts = [one for one in starts if one[1]]
    if len(starts) > _MOST_EVENTS:
        half = _MOST_EVENTS // 2
        starts = starts[:half] + starts[-half:]
    for number, (index, name) in enumerate(starts):
        following = starts[number + 1][0] if number + 1 < len(starts) else len(log.contents)
        last = max(index, min(index + _MOST_LINES, following - 1, len(log.contents) - 1))
        start, end = log.span(index, _until_blank(log, index, last))
        yield Event(kind=kind, type=name, start=start, end=end)


def _until_blank(log: Log, first: int, last: int) -> int:
    for index in range(first + 1, last + 1):
        content = log.contents[index]
        if not content or "Traceback (most" in content:
            return index - 1
    return last
