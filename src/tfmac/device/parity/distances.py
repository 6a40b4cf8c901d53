"""How far an array is from the one it should be, and how far sound computations may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..frameworks import Array
from ..measures import measures
from ..precision import EPSILON

_DEFAULT = "float32"
# In units of the type's epsilon: root mean square, one element, slope. Chosen, and held against
# sound models on a CUDA GPU (docs/verification.md); short types are rounded at each operation, so
# they have to be close in a smaller number of units to show a fault of 1 %.
_UNITS = {
    "float64": (64.0, 640.0, 64.0),
    "float32": (64.0, 640.0, 64.0),
    "float16": (3.0, 16.0, 1.5),
    "bfloat16": (1.2, 8.0, 0.4),
}
# Elements nearer to float16's largest number than this may overflow on one device only.
_NEARLY_INFINITE = 3.0e4


class Distance(NamedTuple):
    """How far an array is from the one it should be, in the three measures.

    ``broken`` names what no number tells: another shape, NaN, infinity.
    """

    rms: float = 0.0
    element: float = 0.0
    slope: float = 0.0
    equal: bool = True
    broken: str = ""

    def worst(self, other: Distance) -> Distance:
        """Take the larger of each measure."""
        return Distance(
            max(self.rms, other.rms),
            max(self.element, other.element),
            max(self.slope, other.slope),
            self.equal and other.equal,
            self.broken or other.broken,
        )


class Bound(NamedTuple):
    """How far an array may be from the one it should be."""

    rms: float
    element: float
    slope: float

    def holds(self, distance: Distance) -> bool:
        """Tell whether a distance is within the bound."""
        return not distance.broken and (
            distance.equal
            or (
                distance.rms <= self.rms
                and distance.element <= self.element
                and distance.slope <= self.slope
            )
        )

    def widened(self, distance: Distance, factor: float, slope_factor: float) -> Bound:
        """Allow so many times what a sound computation was seen to be away."""
        return Bound(
            max(self.rms, factor * distance.rms),
            max(self.element, factor * distance.element),
            max(self.slope, slope_factor * distance.slope),
        )

    def excess(self, distance: Distance) -> float:
        """Say how many times the bound a distance is."""
        if distance.broken:
            return math.inf
        return max(
            distance.rms / self.rms, distance.element / self.element, distance.slope / self.slope
        )


def coarsest(dtypes: Sequence[str]) -> str:
    """Return the type of the lowest precision among the names of some."""
    known = [name for name in dtypes if name in EPSILON]
    return max(known, key=EPSILON.__getitem__) if known else _DEFAULT


def base_bound(dtype: str, depth: int = 1) -> Bound:
    """Return the bound for a chain of so many operations in a type, before anything is measured."""
    grown = math.sqrt(max(1, depth)) * EPSILON[dtype]
    rms, element, slope = _UNITS[dtype]
    return Bound(rms * grown, element * grown, slope * grown)


def distance(expected: Array, seen: Array, floor: float = 0.0) -> Distance:
    """Measure how far ``seen`` is from ``expected``; differences below ``floor`` count little."""
    expected, seen = np.asarray(expected), np.asarray(seen)
    if expected.shape != seen.shape:
        return Distance(equal=False, broken=f"shape {seen.shape} instead of {expected.shape}")
    if expected.size == 0 or _same(expected, seen):
        return Distance()
    if expected.dtype.kind not in "fc":
        share = float(np.mean(expected != seen))
        return Distance(math.sqrt(share), 1.0, share, equal=False)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    left, right = expected.astype(wide).ravel(), seen.astype(wide).ravel()
    finite = np.isfinite(left)
    lost = finite & ~np.isfinite(right) & (np.abs(np.where(finite, left, 0)) < _NEARLY_INFINITE)
    if lost.any():
        kind = "NaN" if np.isnan(right[lost]).any() else "infinity"
        return Distance(equal=False, broken=f"{kind} in {int(lost.sum())} of {left.size} elements")
    both = finite & np.isfinite(right)
    if not both.any():
        return Distance(equal=False)
    return Distance(*measures(left[both], right[both], floor), equal=False)


def _same(expected: Array, seen: Array) -> bool:
    if expected.dtype.kind in "fc":
        return bool(np.array_equal(expected, seen, equal_nan=True))
    return bool(np.array_equal(expected, seen))
