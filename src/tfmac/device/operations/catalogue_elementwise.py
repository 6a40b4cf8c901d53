"""Operations that treat each number alone: arithmetic, functions, comparisons, bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .drawing import Array, Draw
from .entries import FLOATS, INTEGER, NUMBERS, SHAPES, Entry, Shape, of_ops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Drawing = Callable[[Draw, Shape], Any]


def _within(low: float, high: float) -> Drawing:
    return lambda draw, shape: [draw.between(low, high, shape)]


def _normal(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape)]


def _two(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.normal(shape)]


def _quotient(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.off_zero(shape)]


def _off_zero(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.off_zero(shape)]


def _bits(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.integers(0, 1 << 20, shape), draw.integers(0, 1 << 20, shape)]


def _shifts(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.integers(0, 1 << 10, shape), draw.integers(0, 12, shape)]


def _flags(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.flags(shape), draw.flags(shape)]


# Name, where its inputs lie, and whether it has a gradient.
_OF_ONE: tuple[tuple[str, Drawing, bool], ...] = (
    ("exp", _within(-3, 3), True),
    ("expm1", _within(-3, 3), True),
    ("log", _within(0.2, 5), True),
    ("log1p", _within(-0.5, 5), True),
    ("log2", _within(0.2, 5), True),
    ("log10", _within(0.2, 5), True),
    ("sqrt", _within(0.2, 5), True),
    ("rsqrt", _within(0.2, 5), True),
    ("reciprocal", _off_zero, True),
    ("sin", _within(-3, 3), True),
    ("cos", _within(-3, 3), True),
    ("tan", _within(-1, 1), True),
    ("arcsin", _within(-0.8, 0.8), True),
    ("arccos", _within(-0.8, 0.8), True),
    ("arctan", _normal, True),
    ("sinh", _within(-2, 2), True),
    ("cosh", _within(-2, 2), True),
    ("tanh", _normal, True),
    ("arcsinh", _normal, True),
    ("arccosh", _within(1.5, 5), True),
    ("arctanh", _within(-0.8, 0.8), True),
    ("erf", _normal, True),
    ("floor", _normal, False),
    ("ceil", _normal, False),
    ("round", _normal, False),
    ("isnan", _normal, False),
    ("isfinite", _normal, False),
    ("sigmoid", _normal, True),
    ("log_sigmoid", _normal, True),
    ("softplus", _normal, True),
    ("softsign", _normal, True),
    ("silu", _normal, True),
    ("gelu", _normal, True),
    ("elu", _normal, True),
    ("selu", _normal, True),
    ("relu", _off_zero, True),
    ("relu6", _off_zero, True),
    ("leaky_relu", _off_zero, True),
    ("hard_sigmoid", _normal, True),
)
_OF_NUMBERS: tuple[tuple[str, Drawing, bool], ...] = (
    ("add", _two, True),
    ("subtract", _two, True),
    ("multiply", _two, True),
    ("maximum", _two, True),
    ("minimum", _two, True),
    ("negative", _normal, True),
    ("absolute", _off_zero, True),
    ("sign", _off_zero, False),
    ("square", _normal, True),
    ("floor_divide", _quotient, False),
    ("mod", _quotient, False),
    ("equal", _two, False),
    ("not_equal", _two, False),
    ("less", _two, False),
    ("less_equal", _two, False),
    ("greater", _two, False),
    ("greater_equal", _two, False),
)
_OF_BITS = ("bitwise_and", "bitwise_or", "bitwise_xor")
_OF_FLAGS = ("logical_and", "logical_or", "logical_xor")


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    for name, drawing, gradient in _OF_ONE:
        yield of_ops(name, drawing, dtypes=FLOATS, gradient=gradient)
    for name, drawing, gradient in _OF_NUMBERS:
        yield of_ops(name, drawing, dtypes=NUMBERS, gradient=gradient)
    yield of_ops("divide", _quotient)
    yield of_ops(
        "power", lambda draw, shape: [draw.between(0.5, 2, shape), draw.between(-2, 2, shape)]
    )
    yield of_ops("arctan2", lambda draw, shape: [draw.off_zero(shape), draw.off_zero(shape)])
    yield of_ops("clip", _normal, call=lambda ops, x: ops.clip(x, -1, 1), dtypes=NUMBERS)
    yield of_ops(
        "where",
        lambda draw, shape: [draw.flags(shape), draw.normal(shape), draw.normal(shape)],
        dtypes=NUMBERS,
    )
    for name in _OF_BITS:
        yield of_ops(name, _bits, dtypes=INTEGER, gradient=False)
    for name in ("bitwise_left_shift", "bitwise_right_shift"):
        yield of_ops(name, _shifts, dtypes=INTEGER, gradient=False)
    for name in _OF_FLAGS:
        yield of_ops(name, _flags, dtypes=("bool",), gradient=False)
    for kind in ("float32", "float16", "bfloat16", "int32", "bool"):
        yield of_ops(
            "cast", _normal, variant=kind, call=_cast_to(kind), dtypes=NUMBERS, gradient=False
        )
    yield of_ops(
        "add",
        lambda draw, shape: [draw.normal(shape), draw.normal((*shape[:-1], 1))],
        variant="broadcast",
        shapes=(*SHAPES[1:], (3, 5, 7)),
    )


def _cast_to(kind: str) -> Callable[..., Any]:
    return lambda ops, x: ops.cast(x, kind)
