"""CRC-32C of large data, for checksums that TensorFlow keeps beside arrays.

Plain Python sums three megabytes in a second. With NumPy a block is cut into many parts of one
length, which are summed at once, two bytes a step, then put together two by two: what follows
after a part turns the part's sum by a linear operator that depends on the length alone.
"""

import functools
import importlib
from typing import Any

_POLYNOMIAL = 0x82F6_3B78  # Castagnoli, reversed
_MASK_DELTA = 0xA282_EAD8
_ALL = 0xFFFF_FFFF
_BITS = 32
_SMALL = 1 << 13
_STEPS = 64
_MOST_PARTS = 1 << 14  # the fastest of those measured

_Operator = tuple[int, ...]
"""What each bit of a sum becomes."""


class Checksum:
    """The sum of data that comes in blocks."""

    def __init__(self) -> None:
        self._register = _ALL

    def add(self, data: bytes) -> None:
        """Take in the next block."""
        start = 0
        if len(data) >= _SMALL:
            parts = min(_MOST_PARTS, 1 << ((len(data) // _STEPS).bit_length() - 1))
            length = len(data) // parts // 2 * 2
            start = parts * length
            self._register = _sum_of_parts(self._register, data, parts, length)
        self._register = _sum_of_bytes(self._register, data[start:])

    @property
    def masked(self) -> int:
        """The sum as TensorFlow writes it."""
        value = self._register ^ _ALL
        return ((value >> 15 | value << 17) + _MASK_DELTA) & _ALL


def _shifted(value: int, bits: int) -> int:
    for _ in range(bits):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


@functools.lru_cache(maxsize=1)
def _byte_sums() -> tuple[int, ...]:
    return tuple(_shifted(byte, 8) for byte in range(256))


@functools.lru_cache(maxsize=1)
def _pair_sums() -> Any:  # noqa: ANN401 - NumPy is imported late
    numpy: Any = importlib.import_module("numpy")
    values = numpy.arange(1 << 16, dtype="uint32")
    for _ in range(16):
        values = numpy.where(values & 1, values >> 1 ^ numpy.uint32(_POLYNOMIAL), values >> 1)
    return values


def _sum_of_bytes(register: int, data: bytes) -> int:
    sums = _byte_sums()
    for byte in data:
        register = register >> 8 ^ sums[(register ^ byte) & 0xFF]
    return register


def _sum_of_parts(register: int, data: bytes, parts: int, length: int) -> int:
    numpy: Any = importlib.import_module("numpy")
    pairs = numpy.frombuffer(data, dtype="<u2", count=parts * length // 2)
    sums, table = numpy.zeros(parts, dtype="uint32"), _pair_sums()
    sums[0] = register
    for row in numpy.ascontiguousarray(pairs.reshape(parts, length // 2).T):
        sums = sums >> 16 ^ table[(sums ^ row) & 0xFFFF]
    while len(sums) > 1:
        sums = _turned(sums[0::2], _operator(length)) ^ sums[1::2]
        length *= 2
    return int(sums[0])


def _turned(sums: Any, operator: _Operator) -> Any:  # noqa: ANN401 - as above
    """Give what sums become when that many bytes of nought follow."""
    numpy: Any = importlib.import_module("numpy")
    result = numpy.zeros_like(sums)
    for bit, turned in enumerate(operator):
        result ^= (sums >> numpy.uint32(bit) & numpy.uint32(1)) * numpy.uint32(turned)
    return result


@functools.lru_cache(maxsize=4096)
def _operator(count: int) -> _Operator:
    """Give the operator of ``count`` bytes of nought."""
    if count == 1:
        return tuple(_shifted(1 << bit, 8) for bit in range(_BITS))
    half = _operator(count // 2)
    whole = _after(half, half)
    return _after(whole, _operator(1)) if count % 2 else whole


def _after(first: _Operator, second: _Operator) -> _Operator:
    return tuple(_applied(second, column) for column in first)


def _applied(operator: _Operator, value: int) -> int:
    result = 0
    for bit in range(_BITS):
        if value >> bit & 1:
            result ^= operator[bit]
    return result
