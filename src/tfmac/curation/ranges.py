"""A remote file that is read in the pieces that are asked for."""

import io
import os
from typing import Callable

TAIL = 64 * 1024
"""Bytes of the first piece: the end of most wheels with their list of members and METADATA."""

Span = Callable[[int, int], tuple[bytes, int]]
"""Gives bytes ``first`` to ``last`` and the full size; a negative ``first`` counts from the end."""


class RangeReader(io.RawIOBase):
    """A file behind a function that gives spans of it; its end is fetched at once."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._tail, self.size = span(-TAIL, 0)
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it has positions."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position; nothing is fetched for it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Tell the position."""
        return self._position

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """Fill a buffer from the end that is here already, else by a request."""
        length = min(len(buffer), self.size - self._position)
        if length <= 0:
            return 0
        within = self._position - (self.size - len(self._tail))
        if within >= 0:
            content = self._tail[within : within + length]
        else:
            content, _ = self._span(self._position, self._position + length - 1)
        content = content[:length]
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)
