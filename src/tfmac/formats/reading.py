"""Checked access to the bytes of a native library: every fault is one ``InvalidBinary``."""

import mmap
import struct
from typing import Optional, Union

RawBuffer = Union[bytes, bytearray, memoryview, mmap.mmap]
Buffer = Union[bytes, mmap.mmap]

# Longest name, path or trie label that is read. C++ names of TensorFlow stay under 8 KiB.
LONGEST_STRING = 1 << 16
# Bytes of all import names of one image together. Tables may share tails of strings, so their
# own size is no bound; the largest TensorFlow library needs about 2 MiB.
MOST_NAME_BYTES = 1 << 26

_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class InvalidBinary(ValueError):
    """A file that is not a readable native library.

    ``offset`` counts bytes from the start of the file, ``reading`` names the structure that was
    being read, ``path`` is set where a file was opened by name.
    """

    def __init__(self, problem: str, *, offset: int, reading: str) -> None:
        super().__init__(problem, offset, reading)
        self.problem = problem
        self.offset = offset
        self.reading = reading
        self.path: Optional[str] = None

    def __str__(self) -> str:
        """Say what is wrong, with the structure and the byte where it was met."""
        file = f"{self.path}: " if self.path else ""
        return f"{file}{self.problem} (reading {self.reading} at byte {self.offset})"


def as_buffer(raw: RawBuffer) -> Buffer:
    """Accept any buffer; ``bytes`` and ``mmap`` are used in place, others are copied once."""
    return raw if isinstance(raw, (bytes, mmap.mmap)) else bytes(raw)


class Window:
    """A range of a buffer whose reads are checked; offsets count from its own start."""

    __slots__ = ("buffer", "size", "start")

    def __init__(self, buffer: Buffer, start: int = 0, size: Optional[int] = None) -> None:
        self.buffer = buffer
        self.start = start
        self.size = len(buffer) - start if size is None else size
        if start < 0 or self.size < 0 or start + self.size > len(buffer):
            raise InvalidBinary("range outside the file", offset=start, reading="range")

    def fault(self, problem: str, offset: int, reading: str) -> InvalidBinary:
        """Build the error for a place in this window."""
        return InvalidBinary(problem, offset=self.start + offset, reading=reading)

    def part(self, offset: int, size: int, reading: str) -> "Window":
        """Narrow to a range inside this window."""
        self._check(offset, size, reading)
        return Window(self.buffer, self.start + offset, size)

    def take(self, offset: int, size: int, reading: str) -> bytes:
        """Copy ``size`` bytes."""
        self._check(offset, size, reading)
        start = self.start + offset
        return self.buffer[start : start + size]

    def u16(self, offset: int, reading: str) -> int:
        """Read an unsigned little-endian 16-bit number."""
        return self._number(_U16, offset, reading)

    def u32(self, offset: int, reading: str) -> int:
        """Read an unsigned little-endian 32-bit number."""
        return self._number(_U32, offset, reading)

    def u64(self, offset: int, reading: str) -> int:
        """Read an unsigned little-endian 64-bit number."""
        return self._number(_U64, offset, reading)

    def unpack(self, layout: struct.Struct, offset: int, reading: str) -> tuple[int, ...]:
        """Read one fixed structure of numbers."""
        self._check(offset, layout.size, reading)
        return layout.unpack_from(self.buffer, self.start + offset)

    def string(self, offset: int, reading: str) -> bytes:
        """Read up to the next NUL, which has to stand inside the window."""
        self._check(offset, 1, reading)
        start = self.start + offset
        end = min(self.start + self.size, start + LONGEST_STRING)
        stop = self.buffer.find(b"\0", start, end)
        if stop < 0:
            raise self.fault("string without an end", offset, reading)
        return self.buffer[start:stop]

    def uleb(self, offset: int, reading: str) -> tuple[int, int]:
        """Read an unsigned LEB128 number of at most 64 bits: the value and the next offset."""
        value = shift = 0
        while shift < 64:
            byte = self.take(offset, 1, reading)[0]
            offset += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, offset
            shift += 7
        # Ten bytes hold 64 bits; a longer number is never written by a linker.
        raise self.fault("number longer than 64 bits", offset, reading)

    def _number(self, layout: struct.Struct, offset: int, reading: str) -> int:
        self._check(offset, layout.size, reading)
        value: int = layout.unpack_from(self.buffer, self.start + offset)[0]
        return value

    def _check(self, offset: int, size: int, reading: str) -> None:
        if offset < 0 or size < 0 or offset + size > self.size:
            raise self.fault("file ends too early", offset, reading)


class NameBudget:
    """Bounds the memory that import names of one image may take together."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_NAME_BYTES

    def spend(self, name: bytes, window: Window, offset: int, reading: str) -> bytes:
        """Count one name; raise ``InvalidBinary`` when the image's budget is used up."""
        self.left -= len(name)
        if self.left < 0:
            raise window.fault("names take more than 64 MiB", offset, reading)
        return name


def as_text(name: bytes) -> str:
    r"""Show a raw name; bytes that are not UTF-8 become ``\xNN``."""
    return name.decode("utf-8", "backslashreplace")
