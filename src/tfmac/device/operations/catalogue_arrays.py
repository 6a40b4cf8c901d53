"""Operations that gather, sort, sum and rearrange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import Array, Draw
from .entries import FLOATS, NUMBERS, SHAPES, SINGLE, TABLES, Entry, Shape, Task, of_ops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_IMAGES = ((2, 8, 8, 3), (1, 16, 12, 4), (3, 7, 5, 1))
_CUBES = ((2, 4, 8), (4, 16, 8), (3, 5, 7))


def _normal(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape)]


def _two(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.normal(shape)]


def _apart(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.apart(shape)]


def _near_one(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.integers(1, 3, shape) if draw.dtype == "int32" else draw.between(0.8, 1.2, shape)]


def _rows_and_places(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.integers(0, shape[0], (11,))]


def _along(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), draw.integers(0, shape[-1], (*shape[:-1], 3))]


def _updates(draw: Draw, shape: Shape) -> Sequence[Array]:
    # Several updates meet at one place, which is where a race shows.
    return [draw.integers(0, shape[0], (19, 1)), draw.normal((19, *shape[1:]))]


def _segments(draw: Draw, shape: Shape) -> Sequence[Array]:
    return [draw.normal(shape), np.sort(draw.integers(0, 4, shape[:1]))]


def _exchanges(draw: Draw, shape: Shape) -> Sequence[Array]:
    count = max(1, shape[0] // 2)
    places: Array = np.arange(0, 2 * count, 2, dtype=np.int32).reshape(count, 1)
    return [draw.normal(shape), places[places[:, 0] < shape[0]], draw.normal((count, *shape[1:]))]


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    yield from _reductions()
    yield from _choices()
    yield from _places()
    yield from _rearrangements()
    yield from _images()


def _last(shape: Shape) -> int:
    return shape[-1]


def _all(shape: Shape) -> int:
    return int(np.prod(shape))


def _over_last(name: str) -> Any:
    return lambda ops, x: getattr(ops, name)(x, axis=-1)


def _reductions() -> Iterator[Entry]:
    for name in ("sum", "max", "min"):
        yield of_ops(name, _apart if name != "sum" else _normal, dtypes=NUMBERS, terms=_all)
    for name in ("sum", "mean", "max", "min"):
        drawing = _apart if name in {"max", "min"} else _normal
        yield of_ops(name, drawing, variant="axis=-1", call=_over_last(name), terms=_last)
    for name in ("mean", "std", "var"):
        yield of_ops(name, _normal, terms=_all)
    yield of_ops("prod", _near_one, dtypes=FLOATS, shapes=((16,), (4, 8), (3, 7)), terms=_all)
    yield of_ops("logsumexp", _normal, call=_over_last("logsumexp"), terms=_last)
    yield of_ops("norm", _normal, call=_over_last("norm"), dtypes=SINGLE, terms=_last)
    for name, drawing, types in (("cumsum", _normal, NUMBERS), ("cumprod", _near_one, FLOATS)):
        yield of_ops(
            name, drawing, call=_over_last(name), dtypes=types, terms=_last, rounds_each=True
        )
    yield of_ops("softmax", _normal, call=_over_last("softmax"), terms=_last)
    yield of_ops("log_softmax", _normal, call=_over_last("log_softmax"), terms=_last)
    for name in ("any", "all"):
        yield of_ops(
            name,
            lambda draw, shape: [draw.flags(shape)],
            call=_over_last(name),
            dtypes=("bool",),
            gradient=False,
        )
    yield of_ops("count_nonzero", _normal, dtypes=NUMBERS, gradient=False)


def _choices() -> Iterator[Entry]:
    for name in ("argmax", "argmin", "argsort"):
        yield of_ops(name, _apart, call=_over_last(name), dtypes=NUMBERS, gradient=False)
    yield of_ops("sort", _apart, call=_over_last("sort"), dtypes=NUMBERS)
    yield of_ops("top_k", _apart, call=lambda ops, x: ops.top_k(x, 3), dtypes=NUMBERS)
    yield of_ops(
        "in_top_k",
        lambda draw, shape: [draw.integers(0, shape[-1], shape[:1]), draw.apart(shape)],
        call=lambda ops, targets, x: ops.in_top_k(targets, x, 3),
        shapes=((8, 16), (4, 32), (7, 13)),
        dtypes=SINGLE,
        gradient=False,
    )
    yield of_ops(
        "searchsorted",
        lambda draw, shape: [np.sort(draw.apart(shape)), draw.normal((9,))],
        shapes=((16,), (64,), (7,)),
        dtypes=SINGLE,
        gradient=False,
    )


def _places() -> Iterator[Entry]:
    yield of_ops(
        "take", _rows_and_places, call=lambda ops, x, at: ops.take(x, at, axis=0), dtypes=NUMBERS
    )
    yield of_ops(
        "take_along_axis",
        _along,
        call=lambda ops, x, at: ops.take_along_axis(x, at, axis=-1),
        dtypes=NUMBERS,
    )
    yield Entry("scatter", "", _scatter, SHAPES, NUMBERS)
    yield of_ops("scatter_update", _exchanges, dtypes=NUMBERS)
    yield of_ops(
        "segment_sum",
        _segments,
        call=lambda ops, x, at: ops.segment_sum(x, at, num_segments=4),
        dtypes=NUMBERS,
        terms=lambda shape: shape[0],
    )
    yield of_ops(
        "one_hot",
        lambda draw, shape: [draw.integers(0, 6, shape)],
        call=lambda ops, at: ops.one_hot(at, 6),
        dtypes=("int32",),
        gradient=False,
    )
    yield of_ops("diag", _normal, shapes=((4,), (16,), (7,)))
    yield of_ops("trace", _normal, shapes=((4, 4), (16, 16), (7, 7)), terms=_last)
    for name in ("tril", "triu"):
        yield of_ops(name, _normal, shapes=TABLES, dtypes=NUMBERS)


def _scatter(tools: Any, draw: Draw, shape: Shape) -> Task:
    function = tools.ops.scatter
    return Task(_updates(draw, shape), lambda at, values: function(at, values, shape), terms=19)


def _rearrangements() -> Iterator[Entry]:
    yield of_ops(
        "concatenate", _two, call=lambda ops, x, y: ops.concatenate([x, y], axis=-1), dtypes=NUMBERS
    )
    yield of_ops("stack", _two, call=lambda ops, x, y: ops.stack([x, y], axis=0), dtypes=NUMBERS)
    yield of_ops("transpose", _normal, shapes=_CUBES, dtypes=NUMBERS)
    yield of_ops("reshape", _normal, call=lambda ops, x: ops.reshape(x, (-1,)), dtypes=NUMBERS)
    yield of_ops(
        "tile",
        _normal,
        call=lambda ops, x: ops.tile(x, (2, 3)),
        shapes=((8, 32), (4, 6), (7, 13)),
        dtypes=NUMBERS,
    )
    yield of_ops("repeat", _normal, call=lambda ops, x: ops.repeat(x, 3, axis=-1), dtypes=NUMBERS)
    yield of_ops("roll", _normal, call=lambda ops, x: ops.roll(x, 3, axis=-1), dtypes=NUMBERS)
    yield of_ops("flip", _normal, call=lambda ops, x: ops.flip(x, axis=-1), dtypes=NUMBERS)
    for mode in ("constant", "reflect", "symmetric"):
        yield of_ops(
            "pad", _normal, variant=mode, call=_padded(mode), shapes=_CUBES, dtypes=NUMBERS
        )
    yield of_ops(
        "split", _normal, call=lambda ops, x: ops.split(x, [3, 5], axis=-1), dtypes=NUMBERS
    )
    yield of_ops(
        "broadcast_to",
        _normal,
        call=lambda ops, x: ops.broadcast_to(x, (5, 3, 7)),
        shapes=((7,), (3, 7), (5, 1, 7)),
        dtypes=NUMBERS,
    )
    yield of_ops(
        "slice",
        _normal,
        call=lambda ops, x: ops.slice(x, (1, 2), (3, 4)),
        shapes=((8, 32), (4, 6), (7, 13)),
        dtypes=NUMBERS,
    )
    yield of_ops(
        "meshgrid",
        lambda draw, shape: [draw.normal(shape), draw.normal((5,))],
        shapes=((8,), (16,), (7,)),
        dtypes=SINGLE,
    )


def _padded(mode: str) -> Any:
    return lambda ops, x: ops.pad(x, [[0, 0], [1, 2], [2, 1]], mode=mode)


def _images() -> Iterator[Entry]:
    for method in ("bilinear", "nearest", "bicubic"):
        yield of_ops(
            "resize",
            _normal,
            variant=method,
            call=_resized(method),
            shapes=_IMAGES,
            dtypes=SINGLE,
            gradient=method != "nearest",
            terms=lambda _shape: 16,
        )


def _resized(method: str) -> Any:
    return lambda ops, x: ops.resize(x, (11, 9), interpolation=method)
