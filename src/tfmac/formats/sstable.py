"""Sorted string tables: the container of a TensorFlow checkpoint's index.

Written from the public description of LevelDB's table format (doc/table_format.md), whose layout
TensorFlow uses without compression. Checksums are CRC-32C, masked as LevelDB does.
"""

from collections.abc import Iterator

from tfmac.formats.protobuf import InvalidMessage, Message, Source

_MAGIC = 0xDB47_7524_8B80_FB57
_FOOTER = 48
_TRAILER = 5  # one byte for the compression, four for the checksum
# TensorFlow starts a new block after 256 KiB.
_LARGEST_BLOCK = 8 << 20
_LONGEST_KEY = 1 << 13
# Keys share their beginnings, so the size of the file is no bound for all of them together.
_MOST_KEY_BYTES = 16 << 20
# Plain Python sums a megabyte in a third of a second.
_LARGEST_SUM = 1 << 20
_ENTRY_STEPS = 8
_POLYNOMIAL = 0x82F6_3B78  # Castagnoli, reversed
_MASK_DELTA = 0xA282_EAD8
_COMPRESSIONS = {1: "snappy", 2: "zstd"}


class Table:
    """The entries of a table in their order; what is damaged ends the reading."""

    __slots__ = ("_key_bytes", "_left", "_source", "_sums", "unsound")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = source.size
        self._key_bytes = _MOST_KEY_BYTES
        self._sums = _LARGEST_SUM
        self.unsound: list[int] = []
        """Where blocks begin that do not match their checksums."""

    def entries(self) -> Iterator[tuple[bytes, Message]]:
        """Give keys and the ranges of their values."""
        places = []
        for _, handle in self._block(*self._index()):
            offset, position = self._source.varint(handle.start, handle.end)
            places.append((offset, self._source.varint(position, handle.end)[0]))
        for offset, size in places:
            yield from self._block(offset, size)

    def _index(self) -> tuple[int, int]:
        """Find the block that lists the others."""
        source = self._source
        start = source.size - _FOOTER
        if start < 0:
            raise InvalidMessage("too short for an index of tensors", offset=0)
        magic = int.from_bytes(source.take(source.size - 8, source.size), "little")
        if magic != _MAGIC:
            raise InvalidMessage("not an index of tensors", offset=source.size - 8)
        position = start
        for _ in range(2):  # the block of metadata, which TensorFlow leaves empty
            _, position = source.varint(position, source.size)
        offset, position = source.varint(position, source.size)
        size, _ = source.varint(position, source.size)
        return offset, size

    def _block(self, offset: int, size: int) -> Iterator[tuple[bytes, Message]]:
        self._check(offset, size)
        source = self._source
        count = int.from_bytes(source.take(offset + size - 4, offset + size), "little")
        end = offset + size - 4 - 4 * count
        if end < offset:
            raise InvalidMessage("a block without room for its entries", offset=offset)
        position, key = offset, b""
        while position < end:
            source.budget.spend(_ENTRY_STEPS, position)
            start = position
            shared, position = source.varint(position, end)
            rest, position = source.varint(position, end)
            length, position = source.varint(position, end)
            if shared > len(key) or rest + length > end - position:
                raise InvalidMessage("an entry is longer than its block", offset=start)
            if shared + rest > _LONGEST_KEY:
                raise InvalidMessage("a name that is too long", offset=start)
            self._key_bytes -= shared + rest
            if self._key_bytes < 0:
                raise InvalidMessage("names take more than 16 MiB", offset=start)
            key = key[:shared] + source.take(position, position + rest)
            position += rest
            yield key, Message(source, position, position + length)
            position += length

    def _check(self, offset: int, size: int) -> None:
        """Refuse a block that is outside, compressed, or one of too many."""
        source = self._source
        stop = offset + size + _TRAILER
        if size < 4 or stop > source.size:
            raise InvalidMessage("a block outside the file", offset=min(offset, source.size))
        self._left -= size
        if size > _LARGEST_BLOCK or self._left < 0:
            # Every block of a sound file lies at a place of its own.
            raise InvalidMessage("blocks larger than the file", offset=offset)
        trailer = source.take(offset + size, stop)
        if trailer[0]:
            method = _COMPRESSIONS.get(trailer[0], f"method {trailer[0]}")
            raise InvalidMessage(f"a block compressed with {method}", offset=offset)
        self._sums -= size
        if self._sums >= 0:
            expected = int.from_bytes(trailer[1:], "little")
            if _masked(_crc32c(source.take(offset, offset + size + 1))) != expected:
                self.unsound.append(offset)


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_SUMS = _table()


def _crc32c(data: bytes) -> int:
    value = 0xFFFF_FFFF
    for byte in data:
        value = value >> 8 ^ _SUMS[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF_FFFF


def _masked(value: int) -> int:
    return ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFF_FFFF
