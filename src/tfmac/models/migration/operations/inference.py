"""What is known of the outputs of Keras's layers: how many axes, how long, and of which type."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import math
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

from tfmac.models.configuration import Json
from tfmac.models.migration.network import Layer
from tfmac.models.migration.operations.joining import joined_shape
from tfmac.models.migration.operations.neural import window_shape
from tfmac.models.migration.operations.shaping import longer, times
from tfmac.models.migration.operations.values import (
    FLOATS,
    INTEGERS,
    Shape,
    Size,
    Tensor,
    broadcast,
)

_Rule = Callable[[Json, Sequence[Shape]], Shape]
_POLICIES = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
# What a policy of a layer does not decide: their outputs have types of their own.
_OWN_TYPES = frozenset(
    {
        *("StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "Discretization"),
        *("CategoryEncoding", "HashedCrossing", "CategoryCrossing", "TFOpLambda", "Lambda"),
        *("SlicingOpLambda", "TensorFlowOpLayer", "TFSMLayer"),
    }
)
# What leaves whole numbers as they are; others calculate in the type of their policy.
_PASSES = frozenset(
    {
        *(
            "Flatten",
            "Reshape",
            "Permute",
            "RepeatVector",
            "Concatenate",
            "Cropping1D",
            "Cropping2D",
        ),
        *(
            "Cropping3D",
            "ZeroPadding1D",
            "ZeroPadding2D",
            "ZeroPadding3D",
            "Activation",
            "Identity",
        ),
        *("Masking", "Dropout", "Add", "Multiply", "Maximum", "Minimum", "Subtract"),
        *("UpSampling1D", "UpSampling2D", "UpSampling3D", "SpatialDropout1D", "SpatialDropout2D"),
    }
)


def compute_dtype(config: Json, default: Optional[str] = "float32") -> Optional[str]:
    """Give the type that a layer calculates in."""
    policy = config.get("dtype", config.get("dtype_policy"))
    if isinstance(policy, Mapping):
        inner = policy.get("config")
        policy = inner.get("name") if isinstance(inner, Mapping) else None
    if policy is None:
        return default
    if not isinstance(policy, str):
        return None
    policy = _POLICIES.get(policy, policy)
    return policy if policy in FLOATS | INTEGERS | {"bool"} else None


def input_tensor_shape(config: Json, symbol: str) -> Shape:
    """Give the shape that an input states; lengths that it leaves open get names."""
    stated = config.get("batch_shape", config.get("batch_input_shape"))
    if isinstance(stated, Mapping):
        stated = stated.get("config", stated.get("items"))
    if not isinstance(stated, (list, tuple)):
        return None
    return tuple(
        one if isinstance(one, int) else ("batch" if at == 0 else f"{symbol}.{at}")
        for at, one in enumerate(stated)
    )


def output_of(layer: Layer, inputs: Sequence[Tensor]) -> tuple[Shape, Optional[str]]:
    """Tell shape and type of the first output of a layer of Keras."""
    rule = _RULES.get(layer.class_name)
    if not inputs or (rule is None and layer.class_name not in _KEEP_SHAPE):
        return None, _type_of(layer, inputs) if layer.class_name in _TYPED else None
    shapes = [one.shape for one in inputs]
    try:
        shape = shapes[0] if rule is None else rule(layer.config, shapes)
    except (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError, AttributeError):
        shape = None
    return shape, _type_of(layer, inputs)


def _type_of(layer: Layer, inputs: Sequence[Tensor]) -> Optional[str]:
    if layer.class_name in _OWN_TYPES:
        return None
    own = compute_dtype(layer.config)
    if layer.class_name in _PASSES:
        given = {one.dtype for one in inputs}
        if len(given) != 1:
            return None
        (dtype,) = given
        return own if dtype in FLOATS else dtype
    return own if own in FLOATS else None


def _numbers(value: Any, count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(int(one) for one in value)


def _last(key: str) -> _Rule:
    def rule(config: Json, shapes: Sequence[Shape]) -> Shape:
        return None if shapes[0] is None else (*shapes[0][:-1], int(config[key]))

    return rule


def _first_channels(config: Json) -> bool:
    return config.get("data_format") == "channels_first"


def _moved(shape: tuple[Size, ...]) -> tuple[Size, ...]:
    """Give a shape with the channels, which come first, at the end."""
    return (shape[0], *shape[2:], shape[1])


def _back(shape: tuple[Size, ...]) -> tuple[Size, ...]:
    return (shape[0], shape[-1], *shape[1:-1])


def _spatial(rule: _Rule) -> _Rule:
    """Let a rule see the channels at the end."""

    def around(config: Json, shapes: Sequence[Shape]) -> Shape:
        if shapes[0] is None or not _first_channels(config):
            return rule(config, shapes)
        found = rule(config, [_moved(shapes[0])])
        return None if found is None else _back(found)

    return around


def _convolved(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None:
        return None
    axes = len(shape) - 2
    spread = _numbers(config.get("dilation_rate", 1), axes)
    kernel = _numbers(config["kernel_size"], axes)
    reach = tuple((one - 1) * more + 1 for one, more in zip(kernel, spread))
    padding = "same" if config.get("padding") in {"same", "causal"} else "valid"
    channels = _channels(config, shape[-1])
    strides = _numbers(config.get("strides", 1), axes)
    return window_shape(shape, reach, strides, padding, channels)


def _channels(config: Json, channels: Size) -> Size:
    if "filters" in config and config["filters"] is not None:
        return int(config["filters"])
    return times(channels, int(config.get("depth_multiplier", 1)))


def _deconvolved(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None:
        return None
    axes = len(shape) - 2
    if config.get("output_padding") is not None or config.get("padding") != "same":
        return (shape[0], *[None] * axes, int(config["filters"]))
    strides = _numbers(config.get("strides", 1), axes)
    lengths = [times(one, step) for one, step in zip(shape[1:-1], strides)]
    return (shape[0], *lengths, int(config["filters"]))


def _pooled(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None:
        return None
    axes = len(shape) - 2
    size = _numbers(config["pool_size"], axes)
    strides = size if config.get("strides") is None else _numbers(config["strides"], axes)
    padding = str(config.get("padding", "valid"))
    return window_shape(shape, size, strides, padding, shape[-1])


def _globally(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None:
        return None
    if config.get("keepdims"):
        return (shape[0], *[1] * (len(shape) - 2), shape[-1])
    return (shape[0], shape[-1])


def _enlarged(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None:
        return None
    factors = _numbers(config["size"], len(shape) - 2)
    lengths = [times(one, factor) for one, factor in zip(shape[1:-1], factors)]
    return (shape[0], *lengths, shape[-1])


def _padded(sign: int, key: str) -> _Rule:
    def rule(config: Json, shapes: Sequence[Shape]) -> Shape:
        shape = shapes[0]
        if shape is None:
            return None
        axes = len(shape) - 2
        given = config[key]
        if isinstance(given, int):
            rows: list[Any] = [(given, given)] * axes
        elif axes == 1:
            rows = [given]
        else:
            rows = [(one, one) if isinstance(one, int) else one for one in given]
        lengths = [longer(one, sign * sum(row)) for one, row in zip(shape[1:-1], rows)]
        return (shape[0], *lengths, shape[-1])

    return rule


def _flat(config: Json, shapes: Sequence[Shape]) -> Shape:
    del config
    shape = shapes[0]
    if shape is None:
        return (None, None)
    lengths = [one for one in shape[1:] if isinstance(one, int)]
    return (shape[0], math.prod(lengths) if len(lengths) == len(shape) - 1 else None)


def _reshaped(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    target = [int(one) for one in config["target_shape"]]
    first = shape[0] if shape else "batch"
    lengths: list[Size] = [one if one >= 0 else None for one in target]
    flat = _flat(config, shapes)
    if target.count(-1) == 1 and flat is not None and isinstance(flat[1], int):
        lengths[target.index(-1)] = flat[1] // -math.prod(target)
    return (first, *lengths)


def _permuted(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    return None if shape is None else (shape[0], *(shape[int(one)] for one in config["dims"]))


def _repeated(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    return None if shape is None else (shape[0], int(config["n"]), shape[1])


def _embedded(config: Json, shapes: Sequence[Shape]) -> Shape:
    return None if shapes[0] is None else (*shapes[0], int(config["output_dim"]))


def _recurrent(config: Json, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if shape is None or config.get("time_major") or config.get("return_state"):
        return None
    units = int(config["units"])
    return (shape[0], shape[1], units) if config.get("return_sequences") else (shape[0], units)


def _joined(config: Json, shapes: Sequence[Shape]) -> Shape:
    known = [one for one in shapes if one is not None]
    return joined_shape(known, int(config.get("axis", -1))) if len(known) == len(shapes) else None


def _merged(config: Json, shapes: Sequence[Shape]) -> Shape:
    del config
    found = shapes[0]
    for one in shapes[1:]:
        # Layers put missing axes behind the examples, not before them.
        if found is None or one is None or len(found) != len(one):
            return None
        found = broadcast(found, one)
    return found


_CONVOLUTIONS = [
    f"{kind}{n}D" for kind in ("Conv", "SeparableConv", "DepthwiseConv") for n in "123"
]
_RULES: dict[str, _Rule] = {
    "Dense": _last("units"),
    "EinsumDense": lambda config, shapes: None,  # noqa: ARG005
    **dict.fromkeys(_CONVOLUTIONS, _spatial(_convolved)),
    **{f"Conv{n}DTranspose": _spatial(_deconvolved) for n in "123"},
    **{f"{kind}Pooling{n}D": _spatial(_pooled) for kind in ("Max", "Average") for n in "123"},
    **{
        f"Global{kind}Pooling{n}D": _spatial(_globally)
        for kind in ("Max", "Average")
        for n in "123"
    },
    **{f"UpSampling{n}D": _spatial(_enlarged) for n in "123"},
    **{f"ZeroPadding{n}D": _spatial(_padded(1, "padding")) for n in "123"},
    **{f"Cropping{n}D": _spatial(_padded(-1, "cropping")) for n in "123"},
    "Flatten": _flat,
    "Reshape": _reshaped,
    "Permute": _permuted,
    "RepeatVector": _repeated,
    "Embedding": _embedded,
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU"), _recurrent),
    "Concatenate": _joined,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _merged),
}
_KEEP_SHAPE = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "ThresholdedReLU"),
        *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
        *("GaussianNoise", "GaussianDropout", "ActivityRegularization", "Masking", "Identity"),
        *("BatchNormalization", "SyncBatchNormalization", "LayerNormalization"),
        *("GroupNormalization", "UnitNormalization", "Rescaling", "Normalization"),
        *("BatchNormalizationV1", "MultiHeadAttention", "RandomFlip", "RandomRotation"),
        *("RandomContrast", "RandomBrightness", "RandomTranslation", "RandomZoom"),
    }
)
# Layers whose shape is not known here, but which calculate in the type of their policy.
_TYPED = frozenset(
    {
        *("EinsumDense", "Attention", "AdditiveAttention", "Dot", "TimeDistributed"),
        *("Bidirectional", "RNN", "ConvLSTM2D", "Resizing", "CenterCrop", "LocallyConnected1D"),
        *("LocallyConnected2D", *_RULES, *_KEEP_SHAPE),
    }
)
