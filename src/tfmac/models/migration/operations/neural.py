"""Functions of ``tf.nn``: activations, convolutions, pooling."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: A002, ANN401, FBT002, PLR0917

from typing import Any, Optional

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import FUNCTIONS as ELEMENTWISE
from tfmac.models.migration.operations.elementwise import Function, operand, real, tensor_of
from tfmac.models.migration.operations.shaping import reshape, transpose
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Shape,
    Size,
    Tensor,
    axis_of,
    flag,
    integer,
    is_number,
    shape_of_nested,
)


def _softmax(operation: str) -> Function:
    def recipe(
        b: Builder, logits: Any, axis: Any = None, name: Any = None, dim: Any = None
    ) -> Tensor:
        del name
        taken = real(logits)
        chosen = dim if axis is None else axis
        at = axis_of(-1 if chosen is None else chosen, taken.rank)
        config = {"axis": at}
        return b.operation(operation, taken, config=config, shape=taken.shape, dtype=taken.dtype)

    return recipe


def leaky_relu(b: Builder, features: Any, alpha: Any = 0.2, name: Any = None) -> Tensor:
    """Let negative values through, made smaller."""
    del name
    taken = real(features)
    config = {"negative_slope": number(alpha)}
    return b.operation("nn.LeakyRelu", taken, config=config, shape=taken.shape, dtype=taken.dtype)


def number(value: Any) -> float:
    """Take a value for a constant number."""
    if isinstance(value, Array):
        value = value.values
    if not is_number(value):
        raise Inexpressible("one of its settings is no constant number")
    return float(value)


def gelu(b: Builder, features: Any, approximate: Any = False, name: Any = None) -> Tensor:
    """Weigh by the normal distribution."""
    del name
    taken = real(features)
    config = {"approximate": flag(approximate, "approximation")}
    return b.operation("nn.Gelu", taken, config=config, shape=taken.shape, dtype=taken.dtype)


def silu(b: Builder, features: Any, beta: Any = 1.0, name: Any = None) -> Tensor:
    """Multiply by the sigmoid."""
    del name
    taken = real(features)
    scale = number(beta)
    inner = taken if scale == 1.0 else ELEMENTWISE["multiply"](b, taken, scale)
    return tensor_of(ELEMENTWISE["multiply"](b, taken, ELEMENTWISE["sigmoid"](b, inner)))


def bias_add(
    b: Builder, value: Any, bias: Any, data_format: Any = None, name: Any = None
) -> Tensor:
    """Add a number for each channel."""
    del name
    if str(data_format or "NHWC").startswith("NC"):
        raise Inexpressible("its channels come first")
    return tensor_of(ELEMENTWISE["add"](b, value, bias))


def batch_normalization(
    b: Builder,
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: Any = None,
) -> Tensor:
    """Scale by mean and variance that are given."""
    del name
    add, times = ELEMENTWISE["add"], ELEMENTWISE["multiply"]
    if not isinstance(variance, Tensor):
        raise Inexpressible("its variance is a constant")
    factor = ELEMENTWISE["rsqrt"](b, add(b, variance, variance_epsilon))
    if scale is not None:
        factor = times(b, factor, scale)
    moved = times(b, mean, factor)
    moved = ELEMENTWISE["negative"](b, moved)
    if offset is not None:
        moved = add(b, moved, offset)
    return tensor_of(add(b, times(b, x, factor), moved))


def _pair(value: Any, axes: int, what: str) -> tuple[int, ...]:
    """Give one number for each axis of an image, as TensorFlow lets them be written."""
    if isinstance(value, Array):
        value = value.values
    numbers = [value] if isinstance(value, int) else list(value or [1])
    whole = tuple(integer(one, what) for one in numbers)
    if len(whole) == 1:
        return whole * axes
    if len(whole) == axes:
        return whole
    if len(whole) == axes + 2 and whole[0] == whole[-1] == 1:
        return whole[1:-1]
    raise Inexpressible(f"its {what} go over examples or channels")


def _padding(value: Any) -> str:
    if not isinstance(value, str) or value.upper() not in {"SAME", "VALID"}:
        raise Inexpressible("it says for each side how much is added")
    return value.lower()


def _channels_last(value: Any) -> None:
    if value is not None and not str(value).endswith("C") and value != "channels_last":
        raise Inexpressible("its channels come first")


def _images(value: Any, axes: Optional[int]) -> tuple[Tensor, int]:
    taken = real(value)
    rank = taken.known_rank() - 2
    if rank not in {1, 2, 3} or axes not in {None, rank}:
        raise Inexpressible(f"its input has {rank + 2} axes")
    return taken, rank


def window_shape(
    shape: Shape, size: tuple[int, ...], strides: tuple[int, ...], padding: str, channels: Size
) -> Shape:
    """Give the shape of what a window leaves of images, channels last."""
    if shape is None:
        return None
    found: list[Size] = []
    for length, reach, step in zip(shape[1:-1], size, strides):
        if not isinstance(length, int):
            found.append(length if step == 1 and padding == "same" else None)
        else:
            found.append(-(-(length if padding == "same" else length - reach + 1) // step))
    return (shape[0], *found, channels)


def _pool(operation: str, axes: Optional[int]) -> Function:
    def recipe(
        b: Builder,
        input: Any,
        ksize: Any,
        strides: Any,
        padding: Any,
        data_format: Any = None,
        name: Any = None,
    ) -> Tensor:
        del name
        _channels_last(data_format)
        taken, rank = _images(input, axes)
        size, steps = _pair(ksize, rank, "sizes"), _pair(strides, rank, "strides")
        kind = _padding(padding)
        return b.operation(
            operation,
            taken,
            config={
                "pool_size": list(size),
                "strides": list(steps),
                "padding": kind,
                "data_format": "channels_last",
            },
            shape=window_shape(taken.shape, size, steps, kind, (taken.shape or (None,))[-1]),
            dtype=taken.dtype,
        )

    return recipe


def _convolution(operation: str, axes: Optional[int]) -> Function:
    depthwise = operation == "nn.DepthwiseConv"

    def recipe(
        b: Builder,
        input: Any,
        filters: Any = None,
        strides: Any = None,
        padding: Any = "VALID",
        data_format: Any = None,
        dilations: Any = None,
        name: Any = None,
        filter: Any = None,
        use_cudnn_on_gpu: Any = None,
        rate: Any = None,
    ) -> Tensor:
        del name, use_cudnn_on_gpu
        filters = filter if filters is None else filters
        dilations = rate if dilations is None else dilations
        _channels_last(data_format)
        taken, rank = _images(input, axes)
        kernel = filters if isinstance(filters, Tensor) else operand(filters, taken.dtype)
        if isinstance(kernel, Tensor) or not isinstance(kernel, Array):
            raise Inexpressible("its filters are no constant")
        form = shape_of_nested(kernel.values)
        steps, spread = _pair(strides, rank, "strides"), _pair(dilations, rank, "dilations")
        kind = _padding(padding)
        reach = tuple((one - 1) * more + 1 for one, more in zip(form, spread))
        channels = form[-1] * form[-2] if depthwise else form[-1]
        return b.operation(
            operation,
            taken,
            kernel,
            config={
                "strides": _one_for_all(steps, depthwise=depthwise),
                "padding": kind,
                "data_format": "channels_last",
                "dilation_rate": _one_for_all(spread, depthwise=depthwise),
            },
            shape=window_shape(taken.shape, reach, steps, kind, channels),
            dtype=taken.dtype,
        )

    return recipe


def _one_for_all(numbers: tuple[int, ...], *, depthwise: bool) -> Any:
    """Give one number where all are the same: a list is not taken by all operations."""
    if len(set(numbers)) == 1:
        return numbers[0]
    if depthwise:
        raise Inexpressible("it goes over the two axes in different ways")
    return list(numbers)


def depth_to_space(
    b: Builder,
    input: Any,
    block_size: Any,
    data_format: Any = "NHWC",
    name: Any = None,
) -> Any:
    """Move channels into blocks of points."""
    del name
    _channels_last(data_format)
    taken, block = tensor_of(input), integer(block_size, "block")
    first, height, width, channels = _four(taken)
    deep = channels // (block * block)
    split = reshape(b, taken, [Extent(first), height, width, block, block, deep])
    mixed = transpose(b, split, (0, 1, 3, 2, 4, 5))
    return reshape(b, mixed, [Extent(first), height * block, width * block, deep])


def space_to_depth(
    b: Builder,
    input: Any,
    block_size: Any,
    data_format: Any = "NHWC",
    name: Any = None,
) -> Any:
    """Move blocks of points into channels."""
    del name
    _channels_last(data_format)
    taken, block = tensor_of(input), integer(block_size, "block")
    first, height, width, channels = _four(taken)
    high, wide = height // block, width // block
    split = reshape(b, taken, [Extent(first), high, block, wide, block, channels])
    mixed = transpose(b, split, (0, 1, 3, 2, 4, 5))
    return reshape(b, mixed, [Extent(first), high, wide, channels * block * block])


def _four(tensor: Tensor) -> tuple[Optional[str], int, int, int]:
    shape = tensor.shape or ()
    if len(shape) != 4 or not all(isinstance(one, int) for one in shape[1:]):
        raise Inexpressible("how large its images are is not known")
    first, height, width, channels = shape
    name = None if isinstance(first, int) else first
    return name, int(height or 0), int(width or 0), int(channels or 0)


def relu_of(
    b: Builder, x: Any, alpha: Any = 0.0, max_value: Any = None, threshold: Any = 0.0
) -> Tensor:
    """Give ``keras.backend.relu`` with its settings."""
    taken = tensor_of(x)
    slope, start = number(alpha), number(threshold)
    if start == 0.0 and max_value is None:
        if slope:
            return leaky_relu(b, taken, slope)
        return tensor_of(ELEMENTWISE["nn.relu"](b, taken))
    if slope == 0.0 and start == 0.0 and number(max_value) == 6.0:
        return tensor_of(ELEMENTWISE["nn.relu6"](b, taken))
    config = {"negative_slope": slope, "max_value": max_value, "threshold": start}
    return b.layer("ReLU", real(taken), config=config, shape=taken.shape, dtype=taken.dtype)


def hard_sigmoid(b: Builder, x: Any) -> Tensor:
    """Give the formula of Keras 2."""
    line = ELEMENTWISE["add"](b, ELEMENTWISE["multiply"](b, real(x), 0.2), 0.5)
    return tensor_of(ELEMENTWISE["clip_by_value"](b, line, 0.0, 1.0))


def elu(b: Builder, x: Any, alpha: Any = 1.0) -> Tensor:
    """Let negative values approach a bound."""
    taken = real(x)
    config = {"alpha": number(alpha)}
    return b.operation("nn.Elu", taken, config=config, shape=taken.shape, dtype=taken.dtype)


FUNCTIONS: dict[str, Function] = {
    "nn.softmax": _softmax("nn.Softmax"),
    "nn.log_softmax": _softmax("nn.LogSoftmax"),
    "nn.leaky_relu": leaky_relu,
    "nn.gelu": gelu,
    "nn.silu": silu,
    "nn.bias_add": bias_add,
    "nn.batch_normalization": batch_normalization,
    "nn.max_pool": _pool("nn.MaxPool", None),
    "nn.max_pool1d": _pool("nn.MaxPool", 1),
    "nn.max_pool2d": _pool("nn.MaxPool", 2),
    "nn.max_pool3d": _pool("nn.MaxPool", 3),
    "nn.avg_pool": _pool("nn.AveragePool", None),
    "nn.avg_pool1d": _pool("nn.AveragePool", 1),
    "nn.avg_pool2d": _pool("nn.AveragePool", 2),
    "nn.avg_pool3d": _pool("nn.AveragePool", 3),
    "nn.convolution": _convolution("nn.Conv", None),
    "nn.conv1d": _convolution("nn.Conv", 1),
    "nn.conv2d": _convolution("nn.Conv", 2),
    "nn.conv3d": _convolution("nn.Conv", 3),
    "nn.depthwise_conv2d": _convolution("nn.DepthwiseConv", 2),
    "nn.depth_to_space": depth_to_space,
    "nn.space_to_depth": space_to_depth,
}
ALIASES = {
    "nn.swish": "nn.silu",
    "depth_to_space": "nn.depth_to_space",
    "space_to_depth": "nn.space_to_depth",
    "nn.max_pool_v2": "nn.max_pool",
    "nn.avg_pool_v2": "nn.avg_pool",
}
