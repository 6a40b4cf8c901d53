"""The enlargement of images as Keras before 2.4 did it, with layers that every Keras 3 has.

There, point ``k * s + j`` of an enlargement by ``s`` lies ``j / s`` of the way from ``in[k]`` to
``in[k + 1]``, and beyond the last point is the last point. That is the mean of ``s`` neighbours in
the image that was enlarged by repeating points, with its last point repeated.
"""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

from typing import Any

from tfmac.models.migration.network import Call, Layer
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.inference import output_of
from tfmac.models.migration.operations.shaping import longer, transpose
from tfmac.models.migration.operations.values import Inexpressible, Tensor, integers


def is_old_bilinear(layer: Layer) -> bool:
    """Whether a layer is one that later releases calculate in another way."""
    return layer.class_name == "UpSampling2D" and layer.config.get("interpolation") == "bilinear"


def old_bilinear(b: Builder, layer: Layer, call: Call) -> Any:
    """Express one call of such a layer. Raises ``Inexpressible``."""
    taken = call.args[0] if call.args else None
    if not isinstance(taken, Tensor):
        raise Inexpressible("its input is no batch of images")
    size = layer.config.get("size")
    factors = integers((size, size) if isinstance(size, int) else size, "size")
    if len(factors) != 2 or min(factors) < 1:
        raise Inexpressible("its size is none of images")
    if layer.config.get("data_format") != "channels_first":
        return enlarged(b, taken, factors)
    moved = transpose(b, _of_four(taken), (0, 2, 3, 1))
    return transpose(b, enlarged(b, moved, factors), (0, 3, 1, 2))


def _of_four(tensor: Tensor) -> Tensor:
    shape = tensor.shape or (None,) * 4
    return Tensor(reference=tensor.reference, shape=shape, dtype=tensor.dtype)


def enlarged(b: Builder, taken: Tensor, factors: "tuple[int, ...]") -> Tensor:
    """Enlarge images, channels last."""
    dtype = taken.dtype
    settings = {"size": list(factors), "interpolation": "nearest", "data_format": "channels_last"}
    stand_in = Layer(name="", class_name="UpSampling2D", config={**settings, "dtype": dtype})
    shape, _ = output_of(stand_in, [taken])
    repeated = b.layer("UpSampling2D", taken, config=settings, shape=shape, dtype=dtype)
    more = (0, *(one - 1 for one in factors), 0)
    wider = None
    if shape is not None:
        wider = tuple(longer(one, extra) for one, extra in zip(shape, more))
    pads = {"pad_width": [[0, extra] for extra in more], "mode": "symmetric"}
    padded = b.operation("numpy.Pad", repeated, config=pads, shape=wider, dtype=dtype)
    window = {
        "pool_size": list(factors),
        "strides": [1, 1],
        "padding": "valid",
        "data_format": "channels_last",
    }
    return b.layer("AveragePooling2D", padded, config=window, shape=shape, dtype=dtype)
