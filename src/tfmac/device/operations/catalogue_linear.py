"""Matrix products, decompositions, solvers and Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import Array, Draw
from .entries import FLOATS, SINGLE, Entry, Shape, of_ops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Rows, common size, columns.
_PRODUCTS = ((16, 32, 8), (64, 128, 32), (7, 13, 5))
_SQUARES = ((4,), (2, 8), (3, 7))
_TALL = ((8, 4), (2, 12, 8), (3, 7, 5))
_SIGNALS = ((16,), (4, 64), (3, 15))


def _factors(draw: Draw, shape: Shape) -> Sequence[Array]:
    rows, common, columns = shape
    return [draw.normal((rows, common)), draw.normal((common, columns))]


def _batches(draw: Draw, shape: Shape) -> Sequence[Array]:
    rows, common, columns = shape
    return [draw.normal((3, rows, common)), draw.normal((3, common, columns))]


def _definite(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.definite(shape[:-1], shape[-1])]


def _system(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.definite(shape[:-1], shape[-1]), draw.normal((*shape, 3))]


def _triangular(draw: Draw, shape: Shape) -> Sequence[Array]:
    matrix, right = _system(draw, shape)
    return [np.tril(matrix), right]


def _tall(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.spread(shape[:-2], *shape[-2:])]


def _complex(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.normal(shape)]


def _real(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape)]


def _common(shape: Shape) -> int:
    return shape[1]


def _size(shape: Shape) -> int:
    return shape[-1] ** 2


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    yield of_ops("matmul", _factors, shapes=_PRODUCTS, terms=_common)
    yield of_ops("matmul", _batches, variant="batch", shapes=_PRODUCTS, terms=_common)
    yield of_ops("dot", _factors, shapes=_PRODUCTS, terms=_common)
    yield of_ops(
        "tensordot",
        _batches,
        call=lambda ops, x, y: ops.tensordot(x, y, axes=((0, 2), (0, 1))),
        shapes=_PRODUCTS,
        terms=lambda shape: 3 * shape[1],
    )
    for equation in ("bij,bjk->bik", "bij,bjk->ki", "bij,bjk->b"):
        yield of_ops(
            "einsum",
            _batches,
            variant=equation,
            call=_einsum(equation),
            shapes=_PRODUCTS,
            terms=lambda shape: 3 * shape[0] * shape[1],
        )
    yield of_ops(
        "outer",
        lambda draw, shape: [draw.normal(shape), draw.normal((5,))],
        shapes=((16,), (64,), (7,)),
        dtypes=FLOATS,
    )
    yield of_ops("cross", _complex, shapes=((8, 3), (4, 5, 3), (7, 3)), terms=lambda _shape: 3)
    yield from _decompositions()
    yield of_ops(
        "fft",
        _complex,
        call=lambda ops, x, y: ops.fft((x, y)),
        shapes=_SIGNALS,
        dtypes=SINGLE,
        terms=_size,
    )
    yield of_ops(
        "fft2",
        _complex,
        call=lambda ops, x, y: ops.fft2((x, y)),
        shapes=((8, 16), (2, 12, 8), (3, 7, 5)),
        dtypes=SINGLE,
        terms=_size,
    )
    yield of_ops("rfft", _real, shapes=_SIGNALS, dtypes=SINGLE, terms=_size)


def _decompositions() -> Iterator[Entry]:
    yield of_ops("cholesky", _definite, shapes=_SQUARES, dtypes=SINGLE, terms=_size)
    yield of_ops("inv", _definite, shapes=_SQUARES, dtypes=SINGLE, terms=_size)
    yield of_ops("det", _definite, shapes=_SQUARES, dtypes=SINGLE, terms=_size)
    yield of_ops("solve", _system, shapes=_SQUARES, dtypes=SINGLE, terms=_size)
    yield of_ops(
        "solve_triangular",
        _triangular,
        call=lambda ops, a, b: ops.solve_triangular(a, b, lower=True),
        shapes=_SQUARES,
        dtypes=SINGLE,
        terms=_size,
    )
    # Signs of vectors are free: what they make up together is compared.
    yield of_ops("svd", _tall, call=_svd, shapes=_TALL, dtypes=SINGLE, gradient=False, terms=_size)
    yield of_ops("qr", _tall, call=_qr, shapes=_TALL, dtypes=SINGLE, gradient=False, terms=_size)
    yield of_ops(
        "eigh", _definite, call=_eigh, shapes=_SQUARES, dtypes=SINGLE, gradient=False, terms=_size
    )


def _einsum(equation: str) -> Any:
    return lambda ops, x, y: ops.einsum(equation, x, y)


def _svd(ops: Any, x: Any) -> Any:
    left, values, right = ops.svd(x, full_matrices=False)
    return values, ops.matmul(left * ops.expand_dims(values, -2), right)


def _qr(ops: Any, x: Any) -> Any:
    orthogonal, upper = ops.qr(x)
    return ops.absolute(upper), ops.matmul(orthogonal, upper)


def _eigh(ops: Any, x: Any) -> Any:
    values, vectors = ops.eigh(x)
    back = ops.matmul(vectors * ops.expand_dims(values, -2), ops.swapaxes(vectors, -1, -2))
    return values, back
