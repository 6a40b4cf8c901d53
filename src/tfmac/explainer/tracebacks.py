"""Exceptions in a log: of the interpreter, IPython, pytest and rich, chained, wrapped or cut off.

Frames are read in the squeezed text, where a wrapped path is whole. Messages begin at a line that
names a class, and go on to the next thing that is no message.
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional, TypeVar

import msgspec

from tfmac.explainer.events import Event, Frame
from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log, squeeze
from tfmac.schema.log_signatures import EventKind

T = TypeVar("T")

_MOST_EVENTS = 120
_MOST_FRAMES = 400
_MOST_TOKENS = 6_000
_LONGEST_MESSAGE = 12_000
_MOST_LINES = 80
_LONGEST_LINE = 2_000

_HEADER = "Traceback(mostrecentcalllast)"
_CHAINS = ("directcauseofthefollowingexception", "anotherexceptionoccurred")
# How transformers and diffusers pass on why a module of theirs cannot be imported.
_TELLS_ANOTHER = "becauseofthefollowingerror(lookuptoseeitstraceback):"
_ENDING = (
    r"(?:Error|Exception|Interrupt|Warning|Exit|Iteration|NotImplemented|Failure|Found"
    r"|ZipFile|Conflict)"
)
_OF_CLASSES = (
    *("Error", "Exception", "Warning", "Interrupt", "Exit", "Found", "Failure", "Iteration"),
    *("BadZipFile", "VersionConflict"),
)
# ``package.module.SomeError: message``, or the class alone on its line.
_RAISED = expression(
    r"(?:ERROR:?\s{1,4}|!+\s|\*+\s?)?(?:[A-Za-z_][\w<>]{0,60}\.){0,8}([A-Z]\w{0,80}?"
    + _ENDING
    + r"\w{0,20}|Exception(?=:))"
    r"(?:\s?:(?:\s|$)|\s{0,4}$|:(?=[A-Za-z\'\"]))"
)
_IN_PROSE = expression(
    r"\b(?:[a-z_]\w{0,60}\.){0,8}([A-Z][A-Za-z]{1,60}(?:Error|Exception))(?:\s?:\s?\S|\(['\"]\S)"
)

# The frames of the interpreter and of IPython, in squeezed text.
_FRAME = expression(r"File'([^'\n]{1,600})',line\d{1,7}(?:,in)?")
_NOTEBOOK = expression(r"File((?:~|/|[A-Za-z]:\\|<)[^'\n:,]{1,600}):\d{1,7},in")
# Newer ones name no function where a module's own lines run.
_NOTEBOOK_MODULE = expression(r"File\s((?:~|/|[A-Za-z]:\\)[^'\":,]{1,600}):\d{1,7}$")
_OLD_NOTEBOOK = expression(
    r"\[?((?:~|/|[A-Za-z]:\\)\S{1,400}?\.pyx?|<ipython-input-[\w-]{1,60}>)"
    r"(?:\]\(https?:[^\s()]{1,100}\))? in (\S{1,200})"
)
_PYTEST = expression(r"([\w~./\\-]{1,300}\.py):\d{1,7}:(?: in (\S{1,200})| [A-Z]\w{1,80}|\s*$)")
_RICH = expression(r"((?:~|/|[A-Za-z]:\\)[^\s:]{1,400}\.py):\d{1,7} in (\S{1,200})")
_FUNCTION = expression(r"[\w<>.]{1,200}")


class _Token(NamedTuple):
    """One thing that stands in the way of a message, in the order of the log."""

    place: int
    kind: str
    frame: Optional[Frame] = None
    type: str = ""
    line: int = 0


def exceptions(log: Log, stops: Sequence[int]) -> Iterator[Event]:
    """Read the exceptions of a log; ``stops`` are places where other events begin."""
    kinds = (_headers(log), _frames(log), _chains(log), _raised(log))
    tokens = [token for kind in kinds for token in _ends_of(list(kind))]
    tokens.sort(key=lambda token: token.place)
    found = list(_events(log, tokens, stops))
    if not found:
        found = list(_in_prose(log, stops))
    if len(found) > _MOST_EVENTS:
        half = _MOST_EVENTS // 2
        found = found[:half] + found[-half:]
    yield from found


def _ends_of(things: list[T]) -> list[T]:
    """Keep the first and the last of more things than a log of one failure has."""
    if len(things) <= _MOST_TOKENS:
        return things
    return things[: _MOST_TOKENS // 2] + things[-_MOST_TOKENS // 2 :]


def _headers(log: Log) -> Iterator[_Token]:
    for place in log.places(_HEADER):
        yield _Token(log.starts[log.line_at(place)], "header")


def _chains(log: Log) -> Iterator[_Token]:
    for words in _CHAINS:
        for place in log.places(words):
            yield _Token(log.starts[log.line_at(place)], "chain")


def _frames(log: Log) -> Iterator[_Token]:
    if log.first("File'") >= 0:
        for found in _FRAME.finditer(log.squeezed):
            yield _frame(log, found)
    lines = log.lines_with("File", ".py", "<ipython")
    for index in _ends_of([one for one in lines if _is_place(log.contents[one])]):
        place, content = log.starts[index], log.contents[index]
        if content.startswith("File "):
            yield from _notebook_frame(log, place, content)
            continue
        other = _OLD_NOTEBOOK.match(content) or _RICH.match(content) or _PYTEST.match(content)
        if other is not None:
            path = other.group(1).replace("\\", "/")
            function = (other.group(2) or "").partition("(")[0]
            yield _Token(place, "frame", Frame(path=path, function=function, place=place))


def _notebook_frame(log: Log, place: int, content: str) -> Iterator[_Token]:
    inside = _NOTEBOOK.match(log.squeezed, place)
    if inside is not None:
        yield _frame(log, inside)
        return
    module = _NOTEBOOK_MODULE.match(content)
    if module is not None:
        path = module.group(1).replace("\\", "/")
        yield _Token(place, "frame", Frame(path=path, function="<module>", place=place))


def _is_place(content: str) -> bool:
    """Whether a line may name a place in a file, in another form than the interpreter's own."""
    if content.startswith("File "):
        return content[5:6] not in {'"', "'", ""}
    return ".py" in content or "<ipython" in content


def _frame(log: Log, found: "re.Match[str]") -> _Token:
    frame = Frame(
        path=found.group(1).replace("\\", "/"),
        function=_function(log, found.end()),
        place=found.start(),
    )
    return _Token(found.start(), "frame", frame)


def _function(log: Log, place: int) -> str:
    """Read a frame's function, which ends where its word ends."""
    found = _FUNCTION.match(log.squeezed, place, max(place, log.word_end(place)))
    return found.group().rpartition(".")[2] if found else ""


def _raised(log: Log) -> Iterator[_Token]:
    for index in log.lines_with(*_OF_CLASSES):
        content = log.contents[index]
        if not _may_name_a_class(content):
            continue
        found = _RAISED.match(content, 0, _LONGEST_LINE)
        if found is None or "Traceback (most" in content:
            continue
        if found.group(1).endswith("Warning") and ":" not in content:
            continue
        yield _Token(log.starts[index], "raised", type=found.group(1), line=index)


def _may_name_a_class(content: str) -> bool:
    """Whether one of ``_OF_CLASSES`` is near the beginning of a line."""
    head = content[:300]
    return (
        "Error" in head
        or "Exception" in head
        or "Warning" in head
        or "Interrupt" in head
        or "Exit" in head
        or "Found" in head
        or "Failure" in head
        or "Iteration" in head
        or "BadZipFile" in head
        or "VersionConflict" in head
    )


def _events(log: Log, tokens: list[_Token], stops: Sequence[int]) -> Iterator[Event]:
    pending: list[Frame] = []
    chain: list[Event] = []
    told: list[Event] = []
    group, linked = 0, False
    barriers = [token.place for token in tokens if token.kind != "raised"]
    for token in tokens:
        if token.kind == "header":
            pending = []
            if chain and not linked:
                yield from _chained(chain, group)
                told = chain[-1:]
                chain, group = [], group + 1
        elif token.kind == "chain":
            linked = bool(chain)
        elif token.frame is not None:
            pending.append(token.frame)
        elif pending or not token.type.endswith("Warning"):
            end = _message_end(log, token, barriers, stops)
            chain.append(_exception(token, end, pending))
            chain += _told_by(log, chain[-1])
            pending, linked = [], False
    # Of a traceback that was cut off before its end, what was raised may stand in a title above it.
    yield from _chained(_with_frames_below(chain or (told if pending else []), pending), group)


def _with_frames_below(chain: list[Event], left: list[Frame]) -> list[Event]:
    """Give frames that no exception follows to the one above them: people quote it first."""
    if not chain or not left or chain[-1].frames:
        return chain
    return [*chain[:-1], msgspec.structs.replace(chain[-1], frames=tuple(left[-_MOST_FRAMES:]))]


def _told_by(log: Log, event: Event) -> Iterator[Event]:
    """Read an exception whose message is another's: of whichever class that was."""
    place = log.squeezed.find(_TELLS_ANOTHER, event.start, event.end)
    start = place + len(_TELLS_ANOTHER)
    if place >= 0 and start < event.end:
        yield msgspec.structs.replace(event, type="", start=start)
    yield from _passed_on(log, event)


def _passed_on(log: Log, event: Event) -> Iterator[Event]:
    """Read what a program caught and raised anew, with its class, on the message's first line."""
    place = log.squeezed.find("Error", event.start + len(event.type), event.end)
    if place < 0:
        return
    line = log.line_at(event.start)
    content = log.contents[line]
    behind = content.find(event.type) + len(event.type)
    found = _IN_PROSE.search(content, behind, _LONGEST_LINE)
    if found is not None and found.group(1) != event.type:
        start = log.starts[line] + len(squeeze(content[: found.start()]))
        yield msgspec.structs.replace(event, type=found.group(1), start=start)


def _exception(token: _Token, end: int, frames: list[Frame]) -> Event:
    return Event(
        kind=EventKind.EXCEPTION,
        type=token.type,
        start=token.place,
        end=end,
        frames=tuple(frames[-_MOST_FRAMES:]),
    )


def _chained(chain: list[Event], group: int) -> Iterator[Event]:
    for link, event in enumerate(chain):
        yield msgspec.structs.replace(event, group=group, link=link, ended=link == len(chain) - 1)


def _message_end(log: Log, token: _Token, barriers: Sequence[int], stops: Sequence[int]) -> int:
    """Say where a message ends: before the next thing that is none."""
    last = min(token.line + _MOST_LINES, len(log.contents) - 1)
    end = min(log.span(token.line, last)[1], token.place + _LONGEST_MESSAGE)
    for places in (barriers, stops):
        following = bisect.bisect_right(places, token.place)
        if following < len(places):
            end = min(end, places[following])
    return end


def _in_prose(log: Log, stops: Sequence[int]) -> Iterator[Event]:
    """Find exceptions that somebody has written of, where a log has no others."""
    lines = [(index, log.contents[index]) for index in log.lines_with("Error", "Exception")]
    told = [one for one in lines if "Error" in one[1] or "Exception" in one[1]]
    for index, content in _ends_of(told):
        found = _IN_PROSE.search(content, 0, _LONGEST_LINE)
        if found is not None:
            place = log.starts[index] + len(squeeze(content[: found.start()]))
            token = _Token(place, "raised", type=found.group(1), line=index)
            yield _exception(token, _message_end(log, token, (), stops), [])
