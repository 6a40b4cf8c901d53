"""Parts of a stream and bytes in memory, as streams that can seek: an archive's member in place."""

from typing import IO, Any, Union

Writable = Union[bytearray, memoryview]


class ReadsTooMuch(OSError):
    """More was asked of a file than the structure of any model needs."""


class Range:
    """Bytes ``start`` to ``start + size`` of a stream, from 0 on; none of them is copied.

    ``budget`` bounds the bytes that are read in all: a damaged file can send a reader in circles.
    """

    def __init__(self, stream: IO[bytes], start: int, size: int, *, budget: int = 1 << 28) -> None:
        self._stream = stream
        self._start = start
        self._budget = budget
        self._place = 0
        self.size = size

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place, from the start, from here or from the end."""
        self._place = max(0, place + (0, self._place, self.size)[whence])
        return self._place

    def tell(self) -> int:
        """Give the place of the next byte."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Read up to ``size`` bytes, to the end without one."""
        left = max(0, self.size - self._place)
        size = left if size < 0 else min(size, left)
        self._budget -= size
        if self._budget < 0:
            raise ReadsTooMuch("more is read of the file than a model's structure takes")
        self._stream.seek(self._start + self._place)
        data = self._stream.read(size)
        self._place += len(data)
        return data

    def readinto(self, buffer: Writable) -> int:
        """Fill a buffer as far as there are bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, limit: int = 1 << 24) -> bytes:
        """Read up to the next line feed, or to ``limit`` bytes."""
        start, line, step = self._place, b"", 128
        while len(line) < limit and (data := self.read(step)):
            line += data
            if b"\n" in data:
                line = line[: line.index(b"\n") + 1]
                break
            step = min(step * 2, limit - len(line))
        self._place = start + len(line)
        return line

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can seek."""
        return True

    def writable(self) -> bool:
        """Say that nothing can be written."""
        return False


class _Held:
    """The two methods of a stream that ``Range`` needs, over bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def seek(self, place: int) -> int:
        self._place = place
        return place

    def read(self, size: int) -> bytes:
        return self._data[self._place : self._place + size]


def held(data: bytes) -> Range:
    """Give bytes as a stream."""
    stream: Any = _Held(data)
    return Range(stream, 0, len(data))


def whole(stream: IO[bytes]) -> Range:
    """Give a whole stream as a range."""
    return Range(stream, 0, stream.seek(0, 2))
