"""The lines of a log, and the one text without white space that patterns are looked for in.

Neither wraps nor indents matter there, and a place in it leads back to the line of the log.
"""

import bisect
import functools
import itertools
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Optional

from tfmac.explainer.expressions import expression

_QUOTES = {
    **dict.fromkeys('"`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u00b4\u2032', "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    "\u2026": "...",
    **dict(zip("\uff1a\uff0c\uff08\uff09", ":,()")),
}
_QUOTE_MARKS = expression("[" + "".join(_QUOTES) + "]")
_PLAIN_QUOTES = bytes.maketrans(b'"`', b"''")
_WHITE_SPACE = b"\t\x0b\x0c\r\x1c\x1d\x1e\x1f "  # all but the end of a line

_LONG = 200_000
"""From so many characters on, it is not all the same how a text is searched."""
_FEW = 200
"""A character that a text has no more often than this leads to the words that have it."""

QUOTE = "'"
"""What a forum takes from a message, or who types it anew."""
_MARKED = {
    "`": expression(r"`[^`\n]{1,60}`"),
    "__": expression("__"),
    QUOTE: expression(r"(?<!\w)['\"`\u2018\u201c\u201e\u00ab]\S"),
}
MARKS = ("`", "__")
"""What Markdown takes from a text that was pasted as if it were prose: code and bold print."""
_LONGEST_PROSE = 60_000
"""Nobody pastes more than that without a fence around it."""

_RARE = 16
"""A word that more than one line of so many has is quicker sought in each of them."""


class Line(NamedTuple):
    """A line of a log: its number, counted from 1, as it stands, and what it says."""

    number: int
    raw: str
    content: str


class Log:
    """The lines of a log, and the same without any white space in one text.

    No line has an end of line in it. ``contents`` are what the lines say; there are as many as
    ``numbers`` and ``starts``. Patterns are looked for in ``searched``: that is ``squeezed``, in
    small letters where the log is ``retold``.
    """

    def __init__(
        self,
        numbers: Sequence[int],
        raws: Sequence[str],
        contents: Sequence[str],
        *,
        is_retold: bool = False,
    ) -> None:
        self.numbers = numbers
        self.contents = contents
        self._raws = raws
        pieces = _squeezed(contents)
        self.starts = list(itertools.accumulate(map(len, pieces), initial=0))[:-1]
        self.squeezed = "".join(pieces)
        self.is_retold = is_retold
        self.searched = lower(self.squeezed) if is_retold else self.squeezed
        self._first: dict[str, int] = {}
        self._few: dict[str, Optional[list[int]]] = {}

    def retold(self) -> "Log":
        """Give the same as a person's words, whose capitals and quote marks mean nothing."""
        return Log(self.numbers, self._raws, self.contents, is_retold=True)

    @functools.cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines; of a long log it is quicker to ask for a single one."""
        return tuple(map(self.line, range(len(self.contents))))

    def line(self, index: int) -> Line:
        """Give one line."""
        return Line(self.numbers[index], self._raws[index].rstrip(), self.contents[index])

    def first(self, words: str) -> int:
        """Give the first place of some squeezed words, -1 where they are nowhere."""
        if words not in self._first:
            self._first[words] = next(self.places(words), -1)
        return self._first[words]

    def lacks(self, marks: Sequence[str]) -> bool:
        """Whether a text shorter than a program's output has none of some ``MARKS``."""
        return self._lacking.issuperset(marks)

    @functools.cached_property
    def _lacking(self) -> frozenset[str]:
        if len(self.squeezed) > _LONGEST_PROSE:
            return frozenset()
        text = "\n".join(self.contents)
        return frozenset(mark for mark, one in _MARKED.items() if one.search(text) is None)

    def places(self, words: str) -> Iterator[int]:
        """Give the places of some squeezed words, in order; they do not overlap."""
        few = self._places_of_rarest(words)
        if few is not None:
            behind = 0
            for place in few:
                if place >= behind and self.searched.startswith(words, place):
                    yield place
                    behind = place + len(words)
            return
        place = self.searched.find(words)
        while place >= 0:
            yield place
            place = self.searched.find(words, place + len(words))

    def _places_of_rarest(self, words: str) -> Optional[list[int]]:
        """Give the places where words may be, by the rarest of their characters.

        To find all of a single character that is rare takes a tenth of the time that words take.
        None where each of them is common, or where it is not worth the trouble.
        """
        if len(self.squeezed) < _LONG:
            return None
        best: Optional[list[int]] = None
        offset = 0
        for place, character in enumerate(words):
            few = self._places_of(character)
            if few is not None and (best is None or len(few) < len(best)):
                best, offset = few, place
        return None if best is None else [one - offset for one in best if one >= offset]

    def _places_of(self, character: str) -> Optional[list[int]]:
        if character not in self._few:
            found: list[int] = []
            place = self.searched.find(character)
            while place >= 0 and len(found) <= _FEW:
                found.append(place)
                place = self.searched.find(character, place + 1)
            self._few[character] = found if len(found) <= _FEW else None
        return self._few[character]

    def lines_with(self, *words: str) -> list[int]:
        """Give the indices of all lines that may have one of some squeezed words in them.

        All lines that have one are among them, if no word overlaps itself; where white space alone
        parts the letters of one, so is a line that has it not.
        """
        found: set[int] = set()
        most = len(self.contents) // _RARE
        for word in words:
            places = list(itertools.islice(self.places(word), most + 1))
            if len(places) <= most:
                found.update(map(self.line_at, places))
            else:
                found.update([at for at, content in enumerate(self.contents) if word in content])
        return sorted(found)

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
            if not self.contents:
                return
            place = self.starts[index]
            for word in _unified(self.contents[index]).split():
                yield place, place + len(word)
                place += len(word)


def _unified(content: str) -> str:
    """Write all quote marks as one, in text that is not plain ASCII too."""
    if content.isascii():
        return content.replace('"', "'").replace("`", "'")
    return exchanged(content, _QUOTE_MARKS, _QUOTES)


def exchanged(text: str, characters: "re.Pattern[str]", exchange: Mapping[str, str]) -> str:
    """Exchange single characters of a text that holds few of them, but perhaps often.

    Much faster than ``str.translate``, which looks each character up.
    """
    found = characters.search(text)
    while found is not None:
        text = text.replace(found.group(), exchange[found.group()])
        found = characters.search(text, found.start())
    return text


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def lower(text: str) -> str:
    """Write ASCII capitals small; places in the text stay what they are."""
    return text.translate(_LOWER)


def squeeze(content: str) -> str:
    """Take all white space out of a text and make all quote marks the same."""
    return "".join(_unified(content).split())


def _squeezed(contents: Sequence[str]) -> list[str]:
    """Squeeze many lines: those in plain ASCII all at once."""
    if not contents:
        return []
    plain = "\n".join(contents)
    others: list[int] = []
    if not plain.isascii():
        others = [place for place, content in enumerate(contents) if not content.isascii()]
        plain = "\n".join([content if content.isascii() else "" for content in contents])
    pieces = plain.encode("ascii").translate(_PLAIN_QUOTES, _WHITE_SPACE).decode("ascii")
    squeezed = pieces.split("\n")
    unified = _unified("\n".join([contents[place] for place in others])).split("\n")
    for place, content in zip(others, unified):
        squeezed[place] = "".join(content.split())
    return squeezed
