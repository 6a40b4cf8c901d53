"""Functions that enlarge images, and the way in which TensorFlow 1 did it."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401, FBT002, PLR0917

import math
import struct
from typing import Any

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import FUNCTIONS as ELEMENTWISE
from tfmac.models.migration.operations.elementwise import Function, cast, real, tensor_of
from tfmac.models.migration.operations.shaping import transpose
from tfmac.models.migration.operations.values import (
    Array,
    Inexpressible,
    Tensor,
    bounded,
    flag,
    integer,
    integers,
)

_METHODS = {"bilinear": "bilinear", "nearest": "nearest", "bicubic": "bicubic"}
_NUMBERS = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}


def resize(
    b: Builder,
    images: Any,
    size: Any,
    method: Any = "bilinear",
    preserve_aspect_ratio: Any = False,
    antialias: Any = False,
    name: Any = None,
    align_corners: Any = False,
) -> Tensor:
    """Give images another size."""
    del name
    taken = tensor_of(images)
    if flag(preserve_aspect_ratio, "aspect ratio") or flag(align_corners, "alignment"):
        raise Inexpressible("it keeps the proportions, or aligns corners")
    way = str(_NUMBERS.get(method, method) if isinstance(method, int) else method).lower()
    way = way.rpartition(".")[2].replace("nearest_neighbor", "nearest")
    height, width = _two(size)
    if b.legacy_images:
        return legacy_resize(b, taken, (height, width), way)
    return _resized(b, taken, (height, width), way, antialias=flag(antialias, "antialiasing"))


def _two(size: Any) -> tuple[int, int]:
    found = integers(size, "size")
    if len(found) != 2 or not all(found):
        raise Inexpressible("its size is none of images")
    return bounded(found[0], "size"), bounded(found[1], "size")


def _resized(
    b: Builder, taken: Tensor, size: tuple[int, int], way: str, *, antialias: bool
) -> Tensor:
    if taken.known_rank() not in {3, 4} or way not in _METHODS:
        raise Inexpressible(f"it enlarges by {way[:20]}, which Keras does not do in the same way")
    if way == "nearest":
        source = taken
    else:
        # Keras gives the type of its input, TensorFlow real numbers.
        source = taken if taken.dtype == "float32" else tensor_of(cast(b, taken, "float32"))
    shape = (*(source.shape or ())[:-3], *size, (source.shape or (None,))[-1])
    config = {
        "size": list(size),
        "interpolation": _METHODS[way],
        "antialias": antialias,
        "data_format": "channels_last",
    }
    return b.operation("image.Resize", source, config=config, shape=shape, dtype=source.dtype)


def legacy_resize(b: Builder, taken: Tensor, size: tuple[int, int], way: str) -> Tensor:
    """Enlarge as TensorFlow 1 did: the first points of old and new image lie upon each other."""
    if taken.known_rank() != 4 or way not in {"bilinear", "nearest"}:
        raise Inexpressible(f"TensorFlow 1 enlarges by {way[:20]} in its own way")
    current = taken
    for axis, wanted in ((2, size[1]), (1, size[0])):
        length = (taken.shape or ())[axis]
        if not isinstance(length, int):
            raise Inexpressible("how large its images are is not known")
        if length != wanted:
            current = _along(b, current, axis, wanted, way)
    return current


def _along(b: Builder, taken: Tensor, axis: int, wanted: int, way: str) -> Tensor:
    shape = taken.shape or ()
    length = shape[axis]
    if not isinstance(length, int):
        raise Inexpressible("how large its images are is not known")
    # The ratio is a number of single precision, as the points that follow from it.
    places = [_single(one * _single(length / wanted)) for one in range(wanted)]
    low = [min(math.floor(one), length - 1) for one in places]
    if way == "nearest":
        return _picked(b, taken, low, axis)
    high = [min(one + 1, length - 1) for one in low]
    parts = [_single(one - math.floor(one)) for one in places]
    lower = _picked(b, real(taken), low, axis)
    upper = _picked(b, taken, high, axis)
    nested: Any = parts
    for _ in range(len(shape) - 1 - axis):
        nested = [[one] for one in nested]
    weights = Array(values=nested, dtype=taken.dtype)
    difference = ELEMENTWISE["subtract"](b, upper, lower)
    moved = ELEMENTWISE["multiply"](b, difference, weights)
    return tensor_of(ELEMENTWISE["add"](b, lower, moved))


def _single(value: float) -> float:
    """Round to single precision."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _picked(b: Builder, taken: Tensor, places: "list[int]", axis: int) -> Tensor:
    shape = taken.shape or ()
    return b.operation(
        "numpy.Take",
        taken,
        Array(values=places, dtype="int32"),
        config={"axis": axis},
        shape=(*shape[:axis], len(places), *shape[axis + 1 :]),
        dtype=taken.dtype,
    )


def _legacy(way: str) -> Function:
    def recipe(
        b: Builder,
        images: Any,
        size: Any,
        align_corners: Any = False,
        name: Any = None,
        half_pixel_centers: Any = False,
    ) -> Tensor:
        del name
        if flag(align_corners, "alignment"):
            raise Inexpressible("it aligns corners")
        height, width = _two(size)
        taken = tensor_of(images)
        if flag(half_pixel_centers, "centers"):
            return _resized(b, taken, (height, width), way, antialias=False)
        return legacy_resize(b, taken, (height, width), way)

    return recipe


def _first_resize(
    b: Builder,
    images: Any,
    size: Any,
    method: Any = 0,
    align_corners: Any = False,
    preserve_aspect_ratio: Any = False,
    name: Any = None,
) -> Tensor:
    """Give the function that only TensorFlow 1 has."""
    del name
    before, b.legacy_images = b.legacy_images, True
    try:
        return resize(b, images, size, method, preserve_aspect_ratio, align_corners=align_corners)
    finally:
        b.legacy_images = before


def backend_resize(
    b: Builder,
    x: Any,
    height_factor: Any,
    width_factor: Any,
    data_format: Any,
    interpolation: Any = "nearest",
) -> Any:
    """Give ``keras.backend.resize_images``."""
    taken = tensor_of(x)
    if taken.known_rank() != 4:
        raise Inexpressible("its input is no batch of images")
    factors = (integer(height_factor, "factor"), integer(width_factor, "factor"))
    first = data_format == "channels_first"
    current = transpose(b, taken, (0, 2, 3, 1)) if first else taken
    lengths = (current.shape or ())[1:3]
    if not all(isinstance(one, int) for one in lengths):
        raise Inexpressible("how large its images are is not known")
    size = [int(one or 0) * factor for one, factor in zip(lengths, factors)]
    result = resize(b, current, size, interpolation)
    return transpose(b, result, (0, 3, 1, 2)) if first else result


def _rgb_to_grayscale(b: Builder, images: Any, name: Any = None) -> Tensor:
    """Weigh the three colours."""
    del name
    taken = real(images)
    product = ELEMENTWISE["multiply"](b, taken, [0.2989, 0.587, 0.114])
    shape = None if taken.shape is None else (*taken.shape[:-1], 1)
    config = {"axis": -1, "keepdims": True}
    return b.operation("numpy.Sum", product, config=config, shape=shape, dtype=taken.dtype)


def _flip(axis: int) -> Function:
    def recipe(b: Builder, image: Any) -> Tensor:
        taken = tensor_of(image)
        at = taken.known_rank() + axis
        known: dict[str, Any] = {"shape": taken.shape, "dtype": taken.dtype}
        return b.operation("numpy.Flip", taken, config={"axis": at}, **known)

    return recipe


FUNCTIONS: dict[str, Function] = {
    "image.resize": resize,
    "image.resize_images": _first_resize,
    "image.resize_bilinear": _legacy("bilinear"),
    "image.resize_nearest_neighbor": _legacy("nearest"),
    "image.rgb_to_grayscale": _rgb_to_grayscale,
    "image.flip_left_right": _flip(-2),
    "image.flip_up_down": _flip(-3),
}
ALIASES = {
    "resize_bilinear": "image.resize_bilinear",
    "resize_nearest_neighbor": "image.resize_nearest_neighbor",
}
