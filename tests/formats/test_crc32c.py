"""CRC-32C: against known sums, and in one piece as in many."""

import functools

import pytest

from tfmac.formats.crc32c import Checksum

_DELTA = 0xA282EAD8


def _unmasked(checksum: Checksum) -> int:
    rotated = (checksum.masked - _DELTA) % (1 << 32)
    return (rotated >> 17 | rotated << 15) % (1 << 32)


@functools.lru_cache(maxsize=8)
def _bit_by_bit(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_known_sums(data: bytes, expected: int) -> None:
    """Those of RFC 3720, appendix B.4, and the usual one of nine digits."""
    checksum = Checksum()
    checksum.add(data)

    assert _unmasked(checksum) == expected


@pytest.mark.parametrize("size", [8191, 8192, 8193, 20_011, 65_536, 100_003])
@pytest.mark.parametrize("block", [7_001, 8_192, 33_333, 200_000])
def test_large_data_has_the_sum_of_its_bytes(size: int, block: int) -> None:
    """The way with many parts gives what a sum bit by bit does, however the data is cut."""
    data = bytes((number * number + number // 251) & 0xFF for number in range(size))
    checksum = Checksum()
    for start in range(0, size, block):
        checksum.add(data[start : start + block])

    assert _unmasked(checksum) == _bit_by_bit(data)
