"""The protobuf wire format, read by field number, without schemas and without copying.

Written from the public description of the encoding (protobuf.dev, "Encoding"). A message is a
range of a stream: a field that is not asked for is stepped over by its length, so the constants
of a graph cost nothing. For each model the work and the amount of text are bounded;
nothing here descends by itself.
"""

from collections.abc import Iterator
from typing import IO, Optional, Union

# Work for one model, in steps of about half a microsecond. An operation of a graph takes some 15,
# so that a SavedModel of 30 MB takes two million.
MOST_STEPS = 6_000_000
# A field that is looked at, and a text.
_FIELD_STEPS = 4
# Bytes of text and of JSON that are copied of one model: a large one of Keras has a tenth.
MOST_TEXT = 24 << 20
# Longest name that is read; anything longer is asked for with its own limit.
LONGEST_NAME = 1 << 16
# Bytes that are held of a stream at a time.
_CHUNK = 1 << 17
# Filling that anew, so that jumping to and fro is bounded too.
_CHUNK_STEPS = 50
# A number takes at most ten bytes.
_LONGEST_NUMBER = 10

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5  # wire types; 3 and 4 are groups, long gone
_FIXED = {_FIXED_64: 8, _FIXED_32: 4}
_TOO_LONG = "a field is longer than what holds it: cut off or damaged"
_SIGN = 1 << 63
_RANGE = 1 << 64


class InvalidMessage(ValueError):
    """Bytes that are no protobuf message, or one that is beyond a limit."""

    def __init__(self, problem: str, *, offset: int) -> None:
        super().__init__(problem, offset)
        self.problem = problem
        self.offset = offset

    def __str__(self) -> str:
        """Say what is wrong and at which byte."""
        return f"{self.problem} (at byte {self.offset})"


class Budget:
    """The work and the text that are left for one model, however many files it has."""

    __slots__ = ("_steps", "_text")

    def __init__(self) -> None:
        self._steps = MOST_STEPS
        self._text = MOST_TEXT

    def spend(self, steps: int, position: int) -> None:
        """Count work."""
        self._steps -= steps
        if self._steps < 0:
            raise InvalidMessage("too much for one model: the rest is not read", offset=position)

    def spend_text(self, length: int, position: int) -> None:
        """Count bytes of text."""
        self._text -= length
        if self._text < 0:
            raise InvalidMessage(f"more than {MOST_TEXT >> 20} MiB of text", offset=position)


class Source:
    """A stream that can seek, read in chunks at any place."""

    __slots__ = ("_base", "_data", "_stream", "budget", "size")

    def __init__(self, stream: IO[bytes], size: int, budget: Optional[Budget] = None) -> None:
        self._stream = stream
        self._data = b""
        self._base = 0
        self.size = size
        self.budget = budget or Budget()

    def message(self) -> "Message":
        """Give the whole stream as one message."""
        return Message(self, 0, self.size)

    def take(self, start: int, end: int) -> bytes:
        """Copy a range; the caller has bounded it."""
        if end - start > _CHUNK:
            self._stream.seek(start)
            data = self._stream.read(end - start)
        else:
            held, base = self.hold(start, end)
            data = held[start - base : end - base]
        if len(data) != end - start:
            raise InvalidMessage("the file ends too early", offset=start + len(data))
        return data

    def varint(self, position: int, end: int) -> tuple[int, int]:
        """Read a number of seven bits a byte, at most ten bytes: it and the next position."""
        data, base = self.hold(position, min(position + _LONGEST_NUMBER, end))
        index, stop = position - base, min(len(data), end - base)
        value = shift = 0
        while index < stop and shift < 70:
            byte = data[index]
            index += 1
            if byte < 0x80:
                return (value | byte << shift) % _RANGE, base + index
            value |= (byte & 0x7F) << shift
            shift += 7
        raise InvalidMessage("a number without an end", offset=position)

    def hold(self, start: int, end: int) -> tuple[bytes, int]:
        """Have a short range in memory, as far as the stream goes: a chunk and its place."""
        if start < self._base or end > self._base + len(self._data):
            self.budget.spend(_CHUNK_STEPS, start)
            self._stream.seek(start)
            self._data = self._stream.read(_CHUNK)
            self._base = start
        return self._data, self._base


class Message:
    """A range of a stream: a message, a text or bytes, as its reader takes it.

    Where a file is cut off, the fields of what was cut are given as far as they are there, and
    then the damage is raised; a text is there as a whole or not at all.
    """

    __slots__ = ("cut", "end", "source", "start")

    def __init__(self, source: Source, start: int, end: int, *, cut: bool = False) -> None:
        self.source = source
        self.start = start
        self.end = end
        self.cut = cut

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return self.end - self.start

    def fields(self) -> "Iterator[tuple[int, Union[int, Message]]]":
        """Give numbers and values in the order of the file; the range of what has a length."""
        source, position, end = self.source, self.start, self.end
        while position < end:
            source.budget.spend(_FIELD_STEPS, position)
            number, value, position = _field(source, position, end)
            yield number, value
        if position > end:
            raise InvalidMessage(_TOO_LONG, offset=end)

    def messages(self) -> "Iterator[tuple[int, Message]]":
        """Give the fields that have a length."""
        for number, value in self.fields():
            if isinstance(value, Message):
                yield number, value

    def each(self, number: int) -> "Iterator[Message]":
        """Give the fields of one number that have a length."""
        for found, value in self.messages():
            if found == number:
                yield value

    def last(self, number: int) -> "Optional[Message]":
        """Give the last field of a number below 16 that has a length: the one that counts."""
        if self.size > _CHUNK:
            return max(self.each(number), key=lambda value: value.start, default=None)
        data, base = self.source.hold(self.start, self.end)
        position, end, count = self.start, self.end, 0
        found: Optional[Message] = None
        wanted = number << 3 | _BYTES
        # Most fields of an operation are short and have a length: these need no calls.
        while position < end:
            count += 1
            index = position - base
            head = data[index : index + 2]
            if len(head) == 2 and head[0] < 0x80 and head[0] & 7 == _BYTES and head[1] < 0x80:
                stop = position + 2 + head[1]
                if head[0] < 8 or stop > end:
                    raise InvalidMessage(_TOO_LONG, offset=position)
                if head[0] == wanted:
                    found = Message(self.source, position + 2, stop)
                position = stop
            else:
                field, value, position = _field(self.source, position, end)
                if field == number and isinstance(value, Message):
                    found = value
        if position > end:
            raise InvalidMessage(_TOO_LONG, offset=end)
        self.source.budget.spend(_FIELD_STEPS + count, self.start)
        return found

    def text(self, limit: int = LONGEST_NAME) -> str:
        """Read the range as text; what is not UTF-8 becomes a replacement character."""
        return self.content(limit).decode("utf-8", "replace")

    def content(self, limit: int) -> bytes:
        """Copy the range."""
        if self.cut:
            raise InvalidMessage(_TOO_LONG, offset=self.start)
        if self.size > limit:
            raise InvalidMessage(f"more than {limit:,} bytes of text", offset=self.start)
        self.source.budget.spend(_FIELD_STEPS, self.start)
        self.source.budget.spend_text(self.size, self.start)
        return self.source.take(self.start, self.end)


def _field(source: Source, start: int, end: int) -> "tuple[int, Union[int, Message], int]":
    """Read one field: its number, its value, the next position.

    The position after a field that the end of the file has cut lies beyond that end.
    """
    data, base = source.hold(start, min(start + 2, end))
    head = data[start - base : min(start + 2, end) - base]
    if len(head) == 2 and 8 <= head[0] < 0x80 and head[1] < 0x80:
        # Most fields have a small number and a small value or length.
        kind, stop = head[0] & 7, start + 2 + head[1]
        if kind == _VARINT:
            return head[0] >> 3, head[1], start + 2
        if kind == _BYTES and stop <= end:
            return head[0] >> 3, Message(source, start + 2, stop), stop
    return _any_field(source, start, end)


def _any_field(source: Source, start: int, end: int) -> "tuple[int, Union[int, Message], int]":
    tag, position = source.varint(start, end)
    kind, number = tag & 7, tag >> 3
    if number == 0 or tag >> 32:
        raise InvalidMessage("a field without a number", offset=start)
    if kind == _VARINT:
        value, position = source.varint(position, end)
        return number, value, position
    if kind == _BYTES:
        length, position = source.varint(position, end)
    elif kind in _FIXED:
        length = _FIXED[kind]
    else:
        raise InvalidMessage(f"a field of the unknown kind {kind}", offset=start)
    if length > end - position:
        if kind == _BYTES and end == source.size:
            return number, Message(source, position, end, cut=True), end + 1
        raise InvalidMessage(_TOO_LONG, offset=start)
    stop = position + length
    if kind == _BYTES:
        return number, Message(source, position, stop), stop
    return number, int.from_bytes(source.take(position, stop), "little"), stop


def signed(value: int) -> int:
    """Read a number as ``int32`` and ``int64`` fields are meant."""
    return value - _RANGE if value >= _SIGN else value
