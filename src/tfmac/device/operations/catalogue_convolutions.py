"""Convolutions and poolings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .entries import FLOATS, SINGLE, Entry, Shape, of_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LINES = ((2, 16, 4), (4, 32, 8), (3, 13, 5))
_IMAGES = ((2, 8, 8, 4), (2, 16, 12, 8), (3, 11, 7, 5))
_VOLUMES = ((1, 6, 6, 6, 2), (2, 8, 6, 4, 4), (1, 7, 5, 5, 3))
_BY_RANK: tuple[tuple[int, Sequence[Shape]], ...] = (
    (1, _LINES),
    (2, _IMAGES),
    (3, _VOLUMES),
)
_POOL_SHAPES = {1: _LINES, 2: _IMAGES, 3: _VOLUMES}


def entries() -> Iterator[Entry]:
    """Yield the entries of this file."""
    for rank, shapes in _BY_RANK:
        yield from _plain(rank, shapes)
        yield from _poolings(rank, shapes)
    yield _convolution(
        "Conv2D",
        "groups=2",
        ((2, 8, 8, 4), (2, 16, 12, 8), (3, 11, 7, 6)),
        {"groups": 2},
        filters=6,
    )
    yield _convolution("Conv2D", "1x1", _IMAGES, {"kernel_size": 1})
    yield _convolution("Conv2D", "5x5", _IMAGES, {"kernel_size": 5, "padding": "same"})
    yield _convolution("Conv2D", "relu", _IMAGES, {"activation": "relu"})
    yield _convolution("Conv2D", "no bias", _IMAGES, {"use_bias": False})
    for rank, shapes in ((1, _LINES), (2, _IMAGES)):
        for variant, options in _DEPTHWISE.items():
            yield _convolution(f"DepthwiseConv{rank}D", variant, shapes, options, filters=None)
        for variant, options in (("", {}), ("same", {"padding": "same"})):
            yield _convolution(f"SeparableConv{rank}D", variant, shapes, options)
    for kind, shapes in (("UpSampling2D", _IMAGES), ("ZeroPadding2D", _IMAGES)):
        yield of_layer(kind, shapes, lambda _shape: {})
    yield of_layer("Cropping2D", _IMAGES, lambda _shape: {"cropping": ((1, 0), (1, 2))})


_DEPTHWISE: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "same": {"padding": "same"},
    "depth_multiplier=2": {"depth_multiplier": 2},
    "strides=2": {"strides": 2},
}


def _plain(rank: int, shapes: Sequence[Shape]) -> Iterator[Entry]:
    kind = f"Conv{rank}D"
    yield _convolution(kind, "", shapes, {})
    yield _convolution(kind, "same", shapes, {"padding": "same"})
    yield _convolution(kind, "strides=2", shapes, {"strides": 2, "padding": "same"})
    if rank < 3:
        yield _convolution(kind, "dilation=2", shapes, {"dilation_rate": 2})
    yield _convolution(kind + "Transpose", "", shapes, {})
    yield _convolution(kind + "Transpose", "strides=2", shapes, {"strides": 2, "padding": "same"})


def _convolution(
    kind: str,
    variant: str,
    shapes: Sequence[Shape],
    options: Mapping[str, Any],
    filters: int | None = 5,
) -> Entry:
    given = {"kernel_size": 3, **options}
    if filters is not None:
        given["filters"] = filters
    # So many products meet in a number: the volume of the kernel times the channels.
    return of_layer(
        kind,
        shapes,
        lambda _shape: given,
        variant=variant,
        terms=lambda shape: given["kernel_size"] ** (len(shape) - 2) * shape[-1],
        dtypes=SINGLE if "3D" in kind else FLOATS,
    )


def _poolings(rank: int, shapes: Sequence[Shape]) -> Iterator[Entry]:
    for name in ("Max", "Average"):
        kind = f"{name}Pooling{rank}D"
        yield _pooling(kind, "", shapes, {"pool_size": 2})
        yield _pooling(kind, "same", shapes, {"pool_size": 3, "strides": 2, "padding": "same"})
        yield _pooling(f"Global{name}Pooling{rank}D", "", shapes, {})


def _pooling(kind: str, variant: str, shapes: Sequence[Shape], given: Mapping[str, Any]) -> Entry:
    return of_layer(
        kind,
        shapes,
        lambda _shape: given,
        variant=variant,
        terms=lambda shape: shape[1] ** (len(shape) - 2),
        dtypes=SINGLE if "3D" in kind else FLOATS,
    )
