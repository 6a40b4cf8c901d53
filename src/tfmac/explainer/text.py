"""The text of a log without what terminals, boxes, quoting and loggers put around it.

Patterns are looked for in ``Log.squeezed``: all lines without any white space, so that neither
wraps nor indents matter. A place in it leads back to the line of the log.
"""

import bisect
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_LONG = 400_000
"""From so many characters on, lines that say the same over and over are taken only twice."""
_TAIL_LINES = 2_000
_REPEATS = 2
_MOST_LAYERS = 5
_LONGEST_PREFIX = 200

# Colours, cursor moves, titles; also those whose escape character got lost on the way.
_ESCAPES = re.compile(
    r"(?:\x1b|\\x1b|\\u001b|\\033|\^\[)\[[0-?]{0,32}[ -/]{0,4}[@-~]"
    r"|\x1b\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)?"
    r"|\x1b[@-Z\\^_=>()]"
    r"|\ufffd?\[\d{1,2}(?:;\d{1,3}){0,4}m"
)
_BACKSPACES = re.compile(r"[^\n]\x08")
_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_QUOTES = {
    **dict.fromkeys('"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u00b4\u2032', "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    "\u2026": "...",
}
_QUOTE_TABLE = str.maketrans(_QUOTES)
_BOXES = dict.fromkeys([*range(0x2500, 0x2580), *map(ord, "▶►❱╰")], " ")
_ENTITIES = (("&quot;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"))

# What mail, pytest, containers and loggers write before a line; the longest first.
_PREFIXES = re.compile(
    r"(?:"
    r"\s*[>|]\s?(?!=)"
    r"|E(?:\s{2,}|\t)"
    r"|\[?\(?\d{4}[-/]\d\d[-/]\d\d(?:T|,?\s)\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?:\s?Z|\s?UTC|\s?[+-]\d\d:?\d\d)?\)?\]?(?::\s|\s[-|]\s|\s|$)"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?\s(?:-\s)?"
    r"|[A-Z][a-z]{2}\s[\s\d]\d\s\d\d:\d\d:\d\d\s[\w.-]{1,60}\s[\w./-]{1,60}(?:\[\d+\])?:\s"
    r"|[\w.-]{1,40}\s{0,12}\|\s"
    r"|\[rank\d+\]:\s?"
    r"|\([\w.<>-]{0,60}\s?pid=\d+[^()\n]{0,60}\)\s"
    r"|\{[\w.]{1,60}:\d+\}\s"
    r"|\[(?:ERROR|WARNING|WARN|INFO|DEBUG|CRITICAL|stderr|stdout|err|out)\]:?\s"
    r"|(?:stderr|stdout)\s[FP]\s"
    r"|(?:INFO|DEBUG|CRITICAL|stderr|stdout)\s{0,4}[-|:]\s(?=\S)"
    r"|(?:ERROR|WARNING)\s{0,4}[-|]\s(?=\S)"
    r"|(?:ERROR|CRITICAL):(?!absl|tensorflow|jax)[\w.]{1,60}:(?=\S)"
    r")"
)
_STARTS = frozenset(">|E[({0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \t")


class Line(NamedTuple):
    """A line of a log: its number, counted from 1, as it stands, and what it says."""

    number: int
    raw: str
    content: str


class Log:
    """The lines of a log, and the same without any white space in one text."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)
        pieces = []
        starts = []
        place = 0
        for line in self.lines:
            starts.append(place)
            piece = squeeze(line.content)
            pieces.append(piece)
            place += len(piece)
        self.starts = starts
        self.squeezed = "".join(pieces)
        self._first: dict[str, int] = {}

    def first(self, words: str) -> int:
        """Give the first place of some squeezed words, -1 where they are nowhere."""
        if words not in self._first:
            self._first[words] = self.squeezed.find(words)
        return self._first[words]

    def line_at(self, place: int) -> int:
        """Give the index in ``lines`` of the line that a place in the squeezed text is in."""
        return max(0, bisect.bisect_right(self.starts, place) - 1)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Give the places in the squeezed text where some lines begin and end, both included."""
        end = self.starts[last + 1] if last + 1 < len(self.starts) else len(self.squeezed)
        return self.starts[first], end

    def word_end(self, place: int) -> int:
        """Give the place behind the word that a place is in, by the white space of the log."""
        for _, end in self._words(place, place):
            if end > place:
                return end
        return place

    def word_start(self, place: int) -> int:
        """Give the place where the word begins that ends before a place."""
        start = place
        for begin, end in self._words(place - 1, place):
            if begin < place <= end:
                start = begin
        return start

    def readable(self, start: int, end: int) -> str:
        """Give what stands between two places, with single spaces where white space was."""
        words = []
        for begin, stop in self._words(start, end):
            if stop > start and begin < end:
                words.append(self.squeezed[max(begin, start) : min(stop, end)])
        return " ".join(words)

    def _words(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Place the words of the lines around some part of the squeezed text."""
        for index in range(self.line_at(max(0, start)), self.line_at(max(0, end)) + 1):
            if not self.lines:
                return
            place = self.starts[index]
            for word in _unified(self.lines[index].content).split():
                yield place, place + len(word)
                place += len(word)


def _unified(content: str) -> str:
    """Write all quote marks as one, in text that is not plain ASCII too."""
    if content.isascii():
        return content.replace('"', "'").replace("`", "'")
    return content.translate(_QUOTE_TABLE)


def squeeze(content: str) -> str:
    """Take all white space out of a text and make all quote marks the same."""
    return "".join(_unified(content).split())


def read(text: str) -> Log:
    """Read a log as it was printed, copied or sent."""
    return Log(_thinned(_lines(_plain(text))))


def _plain(text: str) -> str:
    """Take out what terminals act on and do not show."""
    text = text.replace("\x00", "")
    if "[" in text:
        text = _ESCAPES.sub("", text)
    if "\x08" in text:
        text = _BACKSPACES.sub("", text)
    return text


def _lines(text: str) -> Iterator[Line]:
    """Split a text; what a progress bar has overwritten stays, under its line's number."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    blank = False
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw or raw.isspace():
            # One blank line says as much as many.
            if not blank:
                yield Line(number, "", "")
            blank = True
            continue
        blank = False
        for part in _parts(raw):
            yield Line(number, part.rstrip(), _content(part))


def _parts(raw: str) -> list[str]:
    if "\\n" in raw and ("Traceback (most" in raw or "\\n  File " in raw):
        # A traceback as one string of JSON.
        return raw.replace('\\"', '"').replace("\\\\n", "\\n").split("\\n")
    if "\r" in raw:
        return [part for part in raw.split("\r") if part.strip()] or [""]
    return [raw]


def _content(raw: str) -> str:
    """Take the box, the quoting and the logger's prefix from a line."""
    content = raw
    if not content.isascii():
        content = content.translate(_BOXES)
    if "&" in content:
        for entity, character in _ENTITIES:
            content = content.replace(entity, character)
    content = content.strip()
    if content.endswith(" |"):
        content = content[:-2].rstrip()
    for _ in range(_MOST_LAYERS):
        if not content or content[0] not in _STARTS:
            break
        match = _PREFIXES.match(content, 0, _LONGEST_PREFIX)
        if match is None:
            break
        content = content[match.end() :].lstrip()
    return content


def _thinned(lines: Iterator[Line]) -> list[Line]:
    """Leave out, of a long log, lines that differ from earlier ones in their digits alone."""
    found = list(lines)
    if sum(len(line.raw) for line in found) < _LONG:
        return found
    seen: dict[str, int] = {}
    kept = []
    tail = len(found) - _TAIL_LINES
    for place, line in enumerate(found):
        skeleton = line.content.translate(_DIGITS)
        seen[skeleton] = seen.get(skeleton, 0) + 1
        if seen[skeleton] <= _REPEATS or place >= tail:
            kept.append(line)
    return kept
