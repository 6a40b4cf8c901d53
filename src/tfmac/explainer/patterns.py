"""A small pattern language that cannot backtrack: literals with captures between them.

``Unknown layer: '{layer:word}'`` is looked for in a log's squeezed text. Each literal is found by
``str.find`` in a bounded window after the one before it, so that the time is linear in the text.
"""

import functools
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Optional

import msgspec

from tfmac.explainer.expressions import expression
from tfmac.explainer.log import MARKS, QUOTE, Log, lower, squeeze

_MOST_STARTS = 40
"""So many places of a pattern's first literal are tried."""

_LEAST_UNQUOTED = 12
"""Without its quotes a shorter literal is anything."""

_CAPTURE = expression(r"\{\{|\}\}|\{(\w*):(\w+)\}|[{}]")


class Kind(NamedTuple):
    """What a capture takes: characters, and how many at most."""

    characters: "re.Pattern[str]"
    most: int


_KINDS = {
    "word": Kind(expression(r"\w+"), 200),
    "name": Kind(expression(r"[\w.\-]+"), 200),
    "dotted": Kind(expression(r"[\w.]+"), 200),
    "symbol": Kind(expression(r"[\w.:~<>&*,$()\[\]+=-]+"), 600),
    "version": Kind(expression(r"\d+(?:\.\d+)*(?:\.?(?:a|b|rc|post|dev)\d+)?"), 40),
    "path": Kind(expression(r"[^'<>|\n]+"), 500),
    "quoted": Kind(expression(r"[^']+"), 500),
    "number": Kind(expression(r"-?\d+(?:\.\d+)?"), 40),
    "list": Kind(expression(r"[^)\]]*"), 20_000),
    "any": Kind(expression(r".*", re.DOTALL), 600),
}
_UNQUOTED = Kind(expression(r"\w+(?:[.>]\w+)*"), 200)
"""What takes the place of a quoted capture where a log has lost its quotes."""
KINDS = tuple(_KINDS)
"""The names of the kinds of captures."""


class InvalidPattern(ValueError):
    """A pattern that cannot be read."""


class Piece(NamedTuple):
    """A capture and the literal behind it, which is empty at the pattern's end."""

    name: str
    kind: Kind
    literal: str


class Pattern(NamedTuple):
    """A pattern, ready to be looked for. ``before`` is a capture that it begins with.

    ``marks`` are those of Markdown that it has; ``rendered`` is what a page makes of it. Where its
    end has to be that of a word, it is ``whole``. It was read from ``text``.
    """

    before: Optional[Piece]
    first: str
    pieces: tuple[Piece, ...]
    marks: tuple[str, ...] = ()
    rendered: Optional["Pattern"] = None
    whole: bool = False
    text: str = ""

    @property
    def literal(self) -> str:
        """The longest of its literals: text without it does not match."""
        return max([self.first, *(piece.literal for piece in self.pieces)], key=len)

    @property
    def weight(self) -> int:
        """How much constant text it has."""
        return len(self.first) + sum(len(piece.literal) for piece in self.pieces)

    @property
    def names(self) -> frozenset[str]:
        """The names of its captures."""
        named = [*self.pieces, *((self.before,) if self.before else ())]
        return frozenset(piece.name for piece in named if piece.name)


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pattern is in a log's squeezed text, and what it captured."""

    start: int
    end: int
    captures: dict[str, str]


@functools.lru_cache(maxsize=4096)
def compile_pattern(text: str) -> Pattern:
    """Read a pattern; raise ``InvalidPattern`` with what is wrong with it."""
    pattern = _compiled(text)._replace(text=text)
    marks = tuple(mark for mark in MARKS if mark in text)
    if not marks:
        return pattern
    rendered = text
    for mark in marks:
        rendered = rendered.replace(mark, "")
    with suppress(InvalidPattern):
        pattern = pattern._replace(marks=marks, rendered=_compiled(rendered))
    return pattern


@functools.lru_cache(maxsize=4096)
def _without_quotes(text: str) -> Optional[Pattern]:
    """Read a pattern as what is left of it where the quotes got lost."""
    bare = text.translate(_NO_QUOTES)
    if bare == text:
        return None
    with suppress(InvalidPattern):
        pattern = _compiled(bare)
        if len(pattern.literal) < _LEAST_UNQUOTED:
            return None
        pieces = (
            piece._replace(kind=_UNQUOTED) if piece.kind is _KINDS["quoted"] else piece
            for piece in pattern.pieces
        )
        return pattern._replace(pieces=tuple(pieces), whole=text[-1] in "'\"`")
    return None


_NO_QUOTES = str.maketrans("", "", "'\"`")


def _compiled(text: str) -> Pattern:
    literals = [""]
    captures: list[tuple[str, Kind]] = []
    place = 0
    for found in _CAPTURE.finditer(text):
        literals[-1] += text[place : found.start()]
        place = found.end()
        if found.group() in {"{{", "}}"}:
            literals[-1] += found.group()[0]
        elif found.group(2) in _KINDS:
            captures.append((found.group(1), _KINDS[found.group(2)]))
            literals.append("")
        else:
            raise InvalidPattern(f"{text!r} has no capture at {found.group()!r}")
    literals[-1] += text[place:]
    squeezed = [squeeze(literal) for literal in literals]
    return _assembled(text, squeezed, captures)


def _assembled(text: str, literals: list[str], captures: list[tuple[str, Kind]]) -> Pattern:
    before = None
    if captures and not literals[0]:
        (name, kind), captures = captures[0], captures[1:]
        literals = literals[1:]
        before = Piece(name, kind, "")
    if not literals[0]:
        raise InvalidPattern(f"{text!r} has no text before or behind its first capture")
    pieces = tuple(Piece(*capture, literal) for capture, literal in zip(captures, literals[1:]))
    return Pattern(before, literals[0], pieces)


def find(pattern: Pattern, log: Log, start: int, end: int) -> Optional[Match]:
    """Find a pattern between two places of a log's squeezed text, also as a page shows it."""
    for form in forms(pattern, log):
        found = _found(form, log, start, end)
        if found is not None:
            return found
    return None


def forms(pattern: Pattern, log: Log) -> Iterator[Pattern]:
    """Give a pattern, and what it may have become on its way into a log, by what that lacks."""
    for one in _by_marks(pattern, log):
        yield _small(one) if log.is_retold else one


def _by_marks(pattern: Pattern, log: Log) -> Iterator[Pattern]:
    yield pattern
    if pattern.rendered is not None and log.lacks(pattern.marks):
        yield pattern.rendered
    if log.is_retold or log.lacks((QUOTE,)):
        unquoted = _without_quotes(pattern.text)
        if unquoted is not None:
            yield unquoted


@functools.lru_cache(maxsize=4096)
def _small(pattern: Pattern) -> Pattern:
    """Write a pattern as it is looked for in a log that is retold."""
    return pattern._replace(
        first=lower(pattern.first),
        pieces=tuple(one._replace(literal=lower(one.literal)) for one in pattern.pieces),
    )


def _found(pattern: Pattern, log: Log, start: int, end: int) -> Optional[Match]:
    place = start
    for _ in range(_MOST_STARTS):
        place = log.searched.find(pattern.first, place, end)
        if place < 0:
            return None
        found = _match_at(pattern, log, place, start, end)
        if found is not None:
            return found
        place += len(pattern.first)
    return None


def _match_at(pattern: Pattern, log: Log, place: int, start: int, end: int) -> Optional[Match]:
    text = log.searched
    captures: dict[str, str] = {}
    begin = place
    if pattern.before is not None:
        begin = _before(pattern.before, log, place, start)
        if begin == place:
            return None
        _keep(captures, pattern.before, log, begin, place)
    behind = place + len(pattern.first)
    for piece in pattern.pieces:
        if piece.literal:
            window = min(end, behind + piece.kind.most + len(piece.literal))
            stop = text.find(piece.literal, behind, window)
            fits = stop >= 0 and piece.kind.characters.fullmatch(text, behind, stop)
        else:
            found = piece.kind.characters.match(text, behind, _last(piece, log, behind, end))
            stop = found.end() if found else -1
            fits = found
        if not fits:
            return None
        _keep(captures, piece, log, behind, stop)
        behind = stop + len(piece.literal)
    if pattern.whole and not _ends_a_word(log, behind):
        return None
    return Match(start=begin, end=behind, captures=captures)


def _ends_a_word(log: Log, place: int) -> bool:
    """Whether a word ends before a place: at white space, or before what ends a sentence."""
    rest = log.squeezed[place : log.word_end(place - 1)]
    return not (rest[:1].isalnum() or rest[:1] in {"_", "-"} or rest[1:2].isalnum())


def _last(piece: Piece, log: Log, behind: int, end: int) -> int:
    """Say how far a pattern's last capture may go: what is not free text is one word."""
    most = min(end, behind + piece.kind.most)
    if piece.kind in {_KINDS["any"], _KINDS["list"], _KINDS["quoted"]} or behind >= end:
        return most
    return min(most, log.word_end(behind))


def _before(piece: Piece, log: Log, place: int, start: int) -> int:
    """Say where a capture begins that stands at a pattern's start: it is one word."""
    first = max(start, place - piece.kind.most, log.word_start(place))
    while first < place and not piece.kind.characters.fullmatch(log.squeezed, first, place):
        first += 1
    return first


def _keep(captures: dict[str, str], piece: Piece, log: Log, start: int, end: int) -> None:
    if piece.name and piece.name not in captures:
        free = piece.kind in {_KINDS["any"], _KINDS["list"]}
        captures[piece.name] = log.readable(start, end) if free else log.squeezed[start:end]
