"""Calculations with constants, and with lengths as far as their names can say it."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import operator
from typing import Any, Callable

from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Sizes,
    is_number,
)


def folded(function: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
    """Calculate with constants, and with lengths as far as their names can say it."""
    if isinstance(x, Sizes) or isinstance(y, Sizes):
        return _folded_sizes(function, x, y)
    if isinstance(x, Extent) or isinstance(y, Extent):
        return _folded_extent(function, x, y)
    try:
        return function(x, y)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise Inexpressible(f"it calculates with constants: {error}") from error


def _folded_sizes(function: Callable[[Any, Any], Any], x: Any, y: Any) -> Sizes:
    length = len((x if isinstance(x, Sizes) else y).sizes)
    sides = []
    for one in (x, y):
        found = one.sizes if isinstance(one, Sizes) else one
        found = found.values if isinstance(found, Array) else found
        sides.append(found if isinstance(found, (list, tuple)) else (found,) * length)
    if len(sides[0]) != len(sides[1]):
        raise Inexpressible("it calculates with shapes of different lengths")
    return Sizes(tuple(folded(function, a, b) for a, b in zip(*sides)))


def _folded_extent(function: Callable[[Any, Any], Any], x: Any, y: Any) -> Extent:
    def text(one: Any) -> str:
        if isinstance(one, Extent) and one.symbol is not None:
            return one.symbol
        if is_number(one):
            return str(one)
        raise Inexpressible("it calculates with a length that is only known when it runs")

    if function is operator.mul and 1 in (x, y):
        return x if isinstance(x, Extent) else y
    return Extent(f"({text(x)} {function.__name__} {text(y)})")
