"""Nodes of a TensorFlow graph as calls of its functions: what TensorFlow 2.0 to 2.3 saved."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Callable, Optional

from tfmac.models.configuration import Json
from tfmac.models.migration.operations.values import Inexpressible, integers

_Made = tuple[str, "list[Any]", "dict[str, Any]"]
_TYPES = {
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_BOOL": "bool",
    "DT_UINT8": "uint8",
    **{f"DT_INT{size}": f"int{size}" for size in (8, 16, 32, 64)},
}
# Nodes that take just what the function of another name takes.
_PLAIN = {
    "Add": "add",
    "AddV2": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "RealDiv": "truediv",
    "Div": "truediv",
    "FloorDiv": "floordiv",
    "FloorMod": "floormod",
    "Pow": "pow",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "SquaredDifference": "squared_difference",
    "Neg": "negative",
    "Abs": "abs",
    "Sign": "sign",
    "Square": "square",
    "Sqrt": "sqrt",
    "Rsqrt": "rsqrt",
    "Exp": "exp",
    "Expm1": "expm1",
    "Log": "log",
    "Log1p": "log1p",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Tanh": "tanh",
    "Erf": "erf",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Softsign": "nn.softsign",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Elu": "nn.elu",
    "Selu": "nn.selu",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
    "Reciprocal": "reciprocal",
    "IsNan": "is_nan",
    "IsInf": "is_inf",
    "IsFinite": "is_finite",
    "Equal": "equal",
    "NotEqual": "not_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or",
    "LogicalNot": "logical_not",
    "DivNoNan": "divide_no_nan",
    "Reshape": "reshape",
    "Transpose": "transpose",
    "ExpandDims": "expand_dims",
    "Tile": "tile",
    "ZerosLike": "zeros_like",
    "OnesLike": "ones_like",
    "Identity": "identity",
    "StopGradient": "stop_gradient",
    "Shape": "shape",
    "Rank": "rank",
    "Slice": "slice",
    "ClipByValue": "clip_by_value",
    "SelectV2": "where",
    "BroadcastTo": "broadcast_to",
    "ReverseV2": "reverse",
    "Softmax": "nn.softmax",
    "LogSoftmax": "nn.log_softmax",
    "Roll": "roll",
    "Pad": "pad",
    "BiasAdd": "nn.bias_add",
    "LeakyRelu": "nn.leaky_relu",
}
_REDUCTIONS = {
    "Sum": "reduce_sum",
    "Mean": "reduce_mean",
    "Max": "reduce_max",
    "Min": "reduce_min",
    "Prod": "reduce_prod",
    "Any": "reduce_any",
    "All": "reduce_all",
}


class Attributes:
    """The attributes of a node, as the JSON form of its message has them."""

    def __init__(self, node: Json) -> None:
        given = node.get("attr")
        self._given: Json = given if isinstance(given, Mapping) else {}

    def _value(self, name: str, kind: str) -> Any:
        one = self._given.get(name)
        return one.get(kind) if isinstance(one, Mapping) else None

    def number(self, name: str) -> int:
        """Give a whole number; 0 where there is none."""
        value = self._value(name, "i")
        try:
            return int(value) if value is not None else 0
        except (TypeError, ValueError) as error:
            raise Inexpressible(f"its attribute {name} is no number") from error

    def real(self, name: str) -> Optional[float]:
        """Give a number."""
        value = self._value(name, "f")
        return float(value) if isinstance(value, (int, float)) else None

    def flag(self, name: str) -> bool:
        """Whether an attribute is set."""
        return self._value(name, "b") is True

    def text(self, name: str) -> Optional[str]:
        """Give a text."""
        value = self._value(name, "s")
        if not isinstance(value, str):
            return None
        try:
            return base64.b64decode(value, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return value

    def numbers(self, name: str) -> list[int]:
        """Give a list of whole numbers."""
        found = self._value(name, "list")
        values = found.get("i") if isinstance(found, Mapping) else None
        try:
            return [int(one) for one in values] if isinstance(values, (list, tuple)) else []
        except (TypeError, ValueError) as error:
            raise Inexpressible(f"its attribute {name} is no list of numbers") from error

    def type(self, name: str) -> Optional[str]:
        """Give the name of a type."""
        return _TYPES.get(str(self._value(name, "type")))


def call_of(node: Json, inputs: "list[Any]") -> _Made:
    """Give the function that a node calls, with its arguments. Raises ``Inexpressible``."""
    operation = str(node.get("op"))
    attributes = Attributes(node)
    if operation in _PLAIN:
        if operation == "LeakyRelu":
            return _PLAIN[operation], [*inputs, attributes.real("alpha") or 0.2], {}
        return _PLAIN[operation], inputs, {}
    if operation in _REDUCTIONS:
        return _REDUCTIONS[operation], inputs[:2], {"keepdims": attributes.flag("keep_dims")}
    made = _OTHERS.get(operation)
    if made is None:
        raise Inexpressible(f"the operation {operation[:60]} has no known counterpart")
    try:
        return made(inputs, attributes)
    except (IndexError, ValueError) as error:
        raise Inexpressible(f"the operation {operation[:60]} lacks an input") from error


def _axis_last(inputs: "list[Any]", attributes: Attributes) -> _Made:
    del attributes
    return "concat", [inputs[:-1], _number(inputs[-1])], {}


def _number(value: Any) -> int:
    if isinstance(value, int):
        return value
    return integers(value, "axis")[0]


def _strided(inputs: "list[Any]", attributes: Attributes) -> _Made:
    masks = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return "strided_slice", inputs, {name: attributes.number(name) for name in masks}


def _matmul(inputs: "list[Any]", attributes: Attributes) -> _Made:
    turned = {
        "transpose_a": attributes.flag("transpose_a") or attributes.flag("adj_x"),
        "transpose_b": attributes.flag("transpose_b") or attributes.flag("adj_y"),
    }
    return "matmul", inputs, turned


def _window(function: str) -> Callable[["list[Any]", Attributes], _Made]:
    def made(inputs: "list[Any]", attributes: Attributes) -> _Made:
        settings: dict[str, Any] = {
            "strides": attributes.numbers("strides"),
            "padding": attributes.text("padding"),
            "data_format": attributes.text("data_format"),
        }
        if function in {"nn.max_pool2d", "nn.avg_pool2d"}:
            settings["ksize"] = attributes.numbers("ksize")
        else:
            settings["dilations"] = attributes.numbers("dilations") or None
        return function, inputs, settings

    return made


def _resize(way: str) -> Callable[["list[Any]", Attributes], _Made]:
    def made(inputs: "list[Any]", attributes: Attributes) -> _Made:
        settings = {name: attributes.flag(name) for name in ("align_corners", "half_pixel_centers")}
        return f"image.resize_{way}", inputs, settings

    return made


_OTHERS: dict[str, Callable[["list[Any]", Attributes], _Made]] = {
    "ConcatV2": _axis_last,
    "StridedSlice": _strided,
    "MatMul": _matmul,
    "BatchMatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "Pack": lambda inputs, given: ("stack", [inputs, given.number("axis")], {}),
    "Unpack": lambda inputs, given: (
        "unstack",
        [inputs[0], given.number("num"), given.number("axis")],
        {},
    ),
    "Split": lambda inputs, given: (
        "split",
        [inputs[1], given.number("num_split"), _number(inputs[0])],
        {},
    ),
    "SplitV": lambda inputs, _: (
        "split",
        [inputs[0], list(integers(inputs[1], "sizes")), _number(inputs[2])],
        {},
    ),
    "Squeeze": lambda inputs, given: ("squeeze", [inputs[0], given.numbers("squeeze_dims")], {}),
    "Cast": lambda inputs, given: ("cast", [inputs[0], given.type("DstT")], {}),
    "GatherV2": lambda inputs, given: (
        "gather",
        inputs[:2],
        {"axis": _number(inputs[2]), "batch_dims": given.number("batch_dims")},
    ),
    "ArgMax": lambda inputs, given: (
        "argmax",
        [inputs[0], _number(inputs[1]), given.type("output_type") or "int64"],
        {},
    ),
    "ArgMin": lambda inputs, given: (
        "argmin",
        [inputs[0], _number(inputs[1]), given.type("output_type") or "int64"],
        {},
    ),
    "PadV2": lambda inputs, _: ("pad", inputs[:2], {"constant_values": inputs[2]}),
    "MirrorPad": lambda inputs, given: ("pad", inputs[:2], {"mode": given.text("mode")}),
    "OneHot": lambda inputs, given: (
        "one_hot",
        inputs[:4],
        {"axis": given.number("axis"), "dtype": given.type("T")},
    ),
    "Einsum": lambda inputs, given: ("einsum", [given.text("equation"), *inputs], {}),
    "AddN": lambda inputs, _: ("add_n", [inputs], {}),
    "Conv2D": _window("nn.conv2d"),
    "DepthwiseConv2dNative": _window("nn.depthwise_conv2d"),
    "MaxPool": _window("nn.max_pool2d"),
    "AvgPool": _window("nn.avg_pool2d"),
    "ResizeBilinear": _resize("bilinear"),
    "ResizeNearestNeighbor": _resize("nearest_neighbor"),
    "DepthToSpace": lambda inputs, given: (
        "nn.depth_to_space",
        [inputs[0], given.number("block_size"), given.text("data_format")],
        {},
    ),
    "SpaceToDepth": lambda inputs, given: (
        "nn.space_to_depth",
        [inputs[0], given.number("block_size"), given.text("data_format")],
        {},
    ),
    "Cumsum": lambda inputs, given: (
        "cumsum",
        [inputs[0], _number(inputs[1]), given.flag("exclusive"), given.flag("reverse")],
        {},
    ),
}
