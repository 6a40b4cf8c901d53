"""The types of floating-point numbers by their precision."""

from __future__ import annotations

# The distance from 1 to the next number.
EPSILON = {
    "float64": 2.0**-52,
    "float32": 2.0**-23,
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
}
