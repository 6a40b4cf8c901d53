"""Seeded numbers that an operation can work with: no ties, no poles, no ill-conditioned systems."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = Any
INTEGERS = ("int32", "int64")


class Draw:
    """Draws the inputs of one case: the same for the same text, on every machine."""

    def __init__(self, text: str, dtype: str) -> None:
        self.dtype = dtype
        self._random = np.random.default_rng(zlib.crc32(text.encode()))

    def normal(self, shape: Sequence[int]) -> Array:
        """Normal numbers; small integers where the case is about integers."""
        if self.dtype in INTEGERS:
            return self.integers(-9, 10, shape)
        return self._random.standard_normal(tuple(shape))

    def between(self, low: float, high: float, shape: Sequence[int]) -> Array:
        """Evenly distributed numbers; integers where the case is about integers."""
        if self.dtype in INTEGERS:
            return self.integers(int(low), int(high) + 1, shape)
        return self._random.uniform(low, high, tuple(shape))

    def integers(self, low: int, high: int, shape: Sequence[int]) -> Array:
        """32-bit integers, the upper bound excluded."""
        return self._random.integers(low, high, tuple(shape)).astype(np.int32)

    def flags(self, shape: Sequence[int]) -> Array:
        """Truth values."""
        return self._random.integers(0, 2, tuple(shape)).astype(bool)

    def apart(self, shape: Sequence[int]) -> Array:
        """Numbers of which no two are alike, exact in every type: for what sorts and chooses.

        There are at most 250 of them, since bfloat16 has eight bits.
        """
        size = int(np.prod(tuple(shape)))
        numbers = self._random.permutation(size) - size // 2
        if self.dtype in INTEGERS:
            return numbers.reshape(tuple(shape)).astype(np.int32)
        return numbers.reshape(tuple(shape)) / 8.0

    def off_zero(self, shape: Sequence[int]) -> Array:
        """Numbers of both signs that can be divided by."""
        signs = np.where(self.flags(shape), 1, -1)
        if self.dtype in INTEGERS:
            return (signs * self.integers(1, 10, shape)).astype(np.int32)
        return signs * self.between(0.5, 2.0, shape)

    def probabilities(self, shape: Sequence[int]) -> Array:
        """Positive numbers whose last axis sums up to one."""
        weights = self.between(0.2, 1.0, shape)
        return weights / weights.sum(-1, keepdims=True)

    def classes(self, shape: Sequence[int]) -> Array:
        """Rows with a single one."""
        count = shape[-1]
        return np.eye(count)[self.integers(0, count, shape[:-1])]

    def definite(self, batch: Sequence[int], size: int) -> Array:
        """Symmetric matrices far from singular."""
        factor = self.normal((*batch, size, size)) * (0.3 / size**0.5)
        return np.eye(size) + factor @ np.swapaxes(factor, -1, -2)

    def spread(self, batch: Sequence[int], rows: int, columns: int) -> Array:
        """Matrices whose singular values lie apart from each other and from zero."""
        left, _ = np.linalg.qr(self.normal((*batch, rows, rows)))
        right, _ = np.linalg.qr(self.normal((*batch, columns, columns)))
        least = min(rows, columns)
        values = np.linspace(2.0, 0.5, least)
        return left[..., :, :least] * values @ right[..., :least, :]
