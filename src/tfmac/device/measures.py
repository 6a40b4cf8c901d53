"""How far two arrays lie apart, in three measures: each sees what another one misses.

The root mean square of the difference shows a fault of all elements, the largest difference of one
element a fault of a few, and the slope a common factor, which a rounding error never is.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .frameworks import Array

_TINY = 1e-300


class Measures(NamedTuple):
    """Three distances, each without a unit.

    ``rms`` is relative to the size of the expected array as a whole, ``element`` that of one number
    relative to its own size and the usual size, ``slope`` the common factor less one.
    """

    rms: float = 0.0
    element: float = 0.0
    slope: float = 0.0


def measures(expected: Array, seen: Array, floor: float = 0.0) -> Measures:
    """Measure two arrays of finite numbers in double precision, of one shape and not empty.

    Where ``expected`` is smaller than ``floor``, the difference is taken relative to that.
    """
    difference, size = np.abs(seen - expected), np.abs(expected)
    # The largest first: squares of large numbers would be infinite.
    largest = max(float(size.max()), float(difference.max()), _TINY)
    usual = largest * math.sqrt(float(np.mean((size / largest) ** 2)))
    apart = largest * math.sqrt(float(np.mean((difference / largest) ** 2)))
    scale = max(usual, floor, _TINY)
    power = float(np.sum((size / scale) ** 2))
    along = float(np.real(np.sum(np.conj(expected / scale) * ((seen - expected) / scale))))
    return Measures(
        rms=apart / scale,
        element=float(np.max(difference / (size + scale))),
        slope=abs(along) / power if power > 0 else 0.0,
    )
