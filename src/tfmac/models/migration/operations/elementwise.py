"""Functions that calculate element by element."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import math
import operator
from typing import Any, Callable, Optional

from tfmac.models.migration.operations.building import Builder, natural_dtype
from tfmac.models.migration.operations.folding import folded
from tfmac.models.migration.operations.values import (
    FLOATS,
    INTEGERS,
    Array,
    Extent,
    Inexpressible,
    Shape,
    Sizes,
    Tensor,
    broadcast,
    is_constant,
    is_number,
    shape_of_nested,
)

Function = Callable[..., Any]
# Operations of one tensor that TensorFlow has for real numbers alone, by its name of them.
_REAL = {
    **dict.fromkeys(("exp",), "numpy.Exp"),
    "expm1": "numpy.Expm1",
    "log": "numpy.Log",
    "log1p": "numpy.Log1p",
    "sqrt": "numpy.Sqrt",
    "rsqrt": "math.Rsqrt",
    "sin": "numpy.Sin",
    "cos": "numpy.Cos",
    "tan": "numpy.Tan",
    "asin": "numpy.Arcsin",
    "acos": "numpy.Arccos",
    "atan": "numpy.Arctan",
    "sinh": "numpy.Sinh",
    "cosh": "numpy.Cosh",
    "tanh": "numpy.Tanh",
    "asinh": "numpy.Arcsinh",
    "acosh": "numpy.Arccosh",
    "atanh": "numpy.Arctanh",
    "erf": "math.Erf",
    "erfinv": "math.Erfinv",
    "sigmoid": "nn.Sigmoid",
    "softplus": "nn.Softplus",
    "log_sigmoid": "nn.LogSigmoid",
    "reciprocal": "numpy.Reciprocal",
    "nn.sigmoid": "nn.Sigmoid",
    "nn.tanh": "numpy.Tanh",
    "nn.softplus": "nn.Softplus",
    "nn.softsign": "nn.Softsign",
    "nn.selu": "nn.Selu",
    "nn.elu": "nn.Elu",
}
# Those that give whole numbers for whole numbers too.
_ANY = {
    "abs": "numpy.Absolute",
    "negative": "numpy.Negative",
    "sign": "numpy.Sign",
    "square": "numpy.Square",
    "nn.relu": "nn.Relu",
    "nn.relu6": "nn.Relu6",
}
# Those of real numbers that leave whole ones as they are, where Keras makes real ones of them.
_ROUNDING = {"floor": "numpy.Floor", "ceil": "numpy.Ceil", "round": "numpy.Round"}
_TESTS = {"is_nan": "numpy.Isnan", "is_inf": "numpy.Isinf", "is_finite": "numpy.Isfinite"}
_BINARY: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "add": ("numpy.Add", operator.add),
    "subtract": ("numpy.Subtract", operator.sub),
    "multiply": ("numpy.Multiply", operator.mul),
    "maximum": ("numpy.Maximum", max),
    "minimum": ("numpy.Minimum", min),
}
_REAL_BINARY: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "pow": ("numpy.Power", operator.pow)
}
_COMPARISONS = {
    "equal": ("numpy.Equal", operator.eq),
    "not_equal": ("numpy.NotEqual", operator.ne),
    "less": ("numpy.Less", operator.lt),
    "less_equal": ("numpy.LessEqual", operator.le),
    "greater": ("numpy.Greater", operator.gt),
    "greater_equal": ("numpy.GreaterEqual", operator.ge),
}
_LOGICAL = {
    "logical_and": "numpy.LogicalAnd",
    "logical_or": "numpy.LogicalOr",
    "logical_xor": "numpy.LogicalXor",
}


def tensor_of(value: Any) -> Tensor:
    """Take a value for a tensor."""
    if not isinstance(value, Tensor):
        raise Inexpressible("it is used on something that is no tensor of the model")
    return value


def real(x: Any) -> Tensor:
    """Take a value for a tensor of real numbers, whose type decides the result's."""
    tensor = tensor_of(x)
    if tensor.dtype not in FLOATS:
        known = "not known" if tensor.dtype is None else tensor.dtype
        raise Inexpressible(f"the type of its input is {known}, and the result's depends on it")
    return tensor


def unary(operation: str) -> Function:
    """Make the recipe of an operation on one tensor of real numbers."""

    def recipe(b: Builder, x: Any, name: Any = None) -> Tensor:
        del name
        taken = real(x)
        return b.operation(operation, taken, shape=taken.shape, dtype=taken.dtype)

    return recipe


def _any_unary(operation: str) -> Function:
    def recipe(b: Builder, x: Any, name: Any = None) -> Any:
        del name
        if operation == "numpy.Negative" and is_number(x):
            return -x
        taken = tensor_of(x)
        if taken.dtype == "bool":
            raise Inexpressible("it is used on truth values")
        return b.operation(operation, taken, shape=taken.shape, dtype=taken.dtype)

    return recipe


def _test(operation: str) -> Function:
    def recipe(b: Builder, x: Any, name: Any = None) -> Tensor:
        del name
        taken = real(x)
        return b.operation(operation, taken, shape=taken.shape, dtype="bool")

    return recipe


def operands(x: Any, y: Any) -> tuple[Any, Any, Shape, Optional[str]]:
    """Give the two sides of a calculation with one type, and the result's shape and type."""
    if not isinstance(x, Tensor) and not isinstance(y, Tensor):
        raise Inexpressible("it calculates with constants alone")
    dtype = next(one.dtype for one in (x, y) if isinstance(one, Tensor))
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        if x.dtype != y.dtype and None not in {x.dtype, y.dtype}:
            raise Inexpressible(f"it calculates with {x.dtype} and {y.dtype}")
        return x, y, broadcast(x.shape, y.shape), x.dtype or y.dtype
    first, second = operand(x, dtype), operand(y, dtype)
    return first, second, broadcast(shape_of(first), shape_of(second)), dtype


def operand(value: Any, dtype: Optional[str]) -> Any:
    """Give a constant the type of the tensor that it is used with."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Array) and value.dtype not in {None, dtype}:
        raise Inexpressible(f"it calculates with {dtype} and a constant of {value.dtype}")
    values = value.values if isinstance(value, Array) else value
    if not is_constant(values):
        raise Inexpressible("one of its arguments is no constant")
    natural = natural_dtype(values)
    if natural == "float32" and dtype not in FLOATS and (dtype is not None):
        raise Inexpressible(f"it calculates with {dtype} and real numbers")
    if natural == "bool" and dtype != "bool":
        raise Inexpressible("it calculates with numbers and truth values")
    if not isinstance(values, (list, tuple)):
        return float(values) if dtype in FLOATS else values
    return Array(values=values, dtype=dtype)


def shape_of(value: Any) -> Shape:
    """Give the shape of a tensor or a constant."""
    if isinstance(value, Tensor):
        return value.shape
    return shape_of_nested(value.values if isinstance(value, Array) else value)


def _is_constant(value: Any) -> bool:
    return is_number(value) or isinstance(value, (Extent, Sizes))


def _binary(operation: str, function: Callable[[Any, Any], Any], only: frozenset[str]) -> Function:
    def recipe(b: Builder, x: Any, y: Any, name: Any = None) -> Any:
        del name
        if _is_constant(x) and _is_constant(y):
            return folded(function, x, y)
        first, second, shape, dtype = operands(x, y)
        if only and dtype not in only:
            raise Inexpressible(f"the result's type depends on its input's, which is {dtype}")
        if dtype == "bool":
            raise Inexpressible("it calculates with truth values")
        return b.operation(operation, first, second, shape=shape, dtype=dtype)

    return recipe


def _comparison(operation: str, function: Callable[[Any, Any], Any]) -> Function:
    def recipe(b: Builder, x: Any, y: Any, name: Any = None) -> Any:
        del name
        if _is_constant(x) and _is_constant(y) and is_number(x) and is_number(y):
            return function(x, y)
        first, second, shape, _ = operands(x, y)
        return b.operation(operation, first, second, shape=shape, dtype="bool")

    return recipe


def _logical(operation: str) -> Function:
    def recipe(b: Builder, x: Any, y: Any, name: Any = None) -> Tensor:
        del name
        first, second, shape, dtype = operands(x, y)
        if dtype != "bool":
            raise Inexpressible("it combines what is not known to be truth values")
        return b.operation(operation, first, second, shape=shape, dtype="bool")

    return recipe


def _logical_not(b: Builder, x: Any, name: Any = None) -> Tensor:
    del name
    taken = tensor_of(x)
    if taken.dtype != "bool":
        raise Inexpressible("it negates what is not known to be truth values")
    return b.operation("numpy.LogicalNot", taken, shape=taken.shape, dtype="bool")


def divided(b: Builder, x: Any, y: Any, name: Any = None) -> Any:
    """Divide; whole numbers give other types in TensorFlow than in Keras."""
    wide = next((_DIVIDED[one.dtype] for one in (x, y) if _is_whole(one)), None)
    sides = []
    for one in (x, y):
        if wide is not None and isinstance(one, Tensor) and one.dtype in INTEGERS:
            sides.append(cast(b, one, wide))
        else:
            sides.append(float(one) if wide is not None and is_number(one) else one)
    return _DIVISION(b, *sides, name)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype in _DIVIDED


def atan2(b: Builder, y: Any, x: Any, name: Any = None) -> Any:
    """Give the angle of a point."""
    return _binary("numpy.Arctan2", math.atan2, FLOATS)(b, y, x, name)


def divide_no_nan(b: Builder, x: Any, y: Any, name: Any = None) -> Tensor:
    """Divide, with 0 where the divisor is 0."""
    del name
    first, second, shape, dtype = operands(x, y)
    if dtype not in FLOATS:
        raise Inexpressible("it divides numbers whose type is not known")
    if not isinstance(second, Tensor):
        raise Inexpressible("it divides by constants, some of which may be 0")
    zero = b.operation("numpy.Equal", second, 0.0, shape=second.shape, dtype="bool")
    safe = b.operation("numpy.Where", zero, 1.0, second, shape=second.shape, dtype=dtype)
    quotient = b.operation("numpy.TrueDivide", first, safe, shape=shape, dtype=dtype)
    return b.operation("numpy.Where", zero, 0.0, quotient, shape=shape, dtype=dtype)


def squared_difference(b: Builder, x: Any, y: Any, name: Any = None) -> Tensor:
    """Square a difference."""
    del name
    first, second, shape, dtype = operands(x, y)
    difference = b.operation("numpy.Subtract", first, second, shape=shape, dtype=dtype)
    return b.operation("numpy.Square", difference, shape=shape, dtype=dtype)


def cast(b: Builder, x: Any, dtype: Any, name: Any = None) -> Any:
    """Change the type; real numbers to whole ones as TensorFlow does it, which Keras calls."""
    del name
    wanted = dtype_named(dtype)
    if is_number(x):
        return float(x) if wanted in FLOATS else Array(values=x, dtype=wanted)
    if isinstance(x, Extent):
        if wanted in INTEGERS:
            return x
        raise Inexpressible("it calculates with a length that is only known when it runs")
    if isinstance(x, Array):
        if x.dtype == wanted or (wanted in FLOATS and x.dtype in {None, "int32", *FLOATS}):
            return Array(values=x.values, dtype=wanted)
        raise Inexpressible("it changes the type of a constant")
    taken = tensor_of(x)
    if taken.dtype == wanted:
        return taken
    config = {"dtype": wanted}
    return b.operation("core.Cast", taken, config=config, shape=taken.shape, dtype=wanted)


def dtype_named(value: Any) -> str:
    """Give the name of a type, as a text or as TensorFlow writes it."""
    text = str(value)
    if text.startswith("<dtype: '"):
        text = text[len("<dtype: '") :].rstrip("'>")
    text = text.rpartition(".")[2]
    if text in FLOATS | INTEGERS | {"bool"}:
        return text
    if text in {"double", "half"}:
        return {"double": "float64", "half": "float16"}[text]
    raise Inexpressible(f"it asks for the type {text[:40]}")


def clipped(b: Builder, t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    """Keep values between two bounds."""
    del name
    taken = tensor_of(t)
    low, high = (operand(one, taken.dtype) for one in (clip_value_min, clip_value_max))
    if is_number(low) and is_number(high) and math.isfinite(low) and math.isfinite(high):
        config = {"x_min": low, "x_max": high}
        return b.operation("numpy.Clip", taken, config=config, shape=taken.shape, dtype=taken.dtype)
    upper = _BINARY_RECIPES["minimum"](b, taken, high)
    return _BINARY_RECIPES["maximum"](b, upper, low)


_DIVISION = _binary("numpy.TrueDivide", operator.truediv, FLOATS)
# TensorFlow divides whole numbers as real ones of this type.
_DIVIDED: "dict[Optional[str], str]" = {
    **dict.fromkeys(("int8", "uint8", "int16", "uint16"), "float32"),
    **dict.fromkeys(("int32", "int64"), "float64"),
}
_BINARY_RECIPES = {
    name: _binary(operation, function, frozenset())
    for name, (operation, function) in _BINARY.items()
}
FUNCTIONS: dict[str, Function] = {
    **{name: unary(operation) for name, operation in _REAL.items()},
    **{name: _any_unary(operation) for name, operation in _ANY.items()},
    **{name: unary(operation) for name, operation in _ROUNDING.items()},
    **{name: _test(operation) for name, operation in _TESTS.items()},
    **_BINARY_RECIPES,
    **{
        name: _binary(operation, function, FLOATS)
        for name, (operation, function) in _REAL_BINARY.items()
    },
    "floordiv": _binary("numpy.FloorDivide", operator.floordiv, FLOATS | INTEGERS),
    "floormod": _binary("numpy.Mod", operator.mod, FLOATS | INTEGERS),
    **{name: _comparison(*one) for name, one in _COMPARISONS.items()},
    **{name: _logical(operation) for name, operation in _LOGICAL.items()},
    "logical_not": _logical_not,
    "truediv": divided,
    "atan2": atan2,
    "divide_no_nan": divide_no_nan,
    "squared_difference": squared_difference,
    "cast": cast,
    "clip_by_value": clipped,
}
ALIASES = {
    "__operators__.add": "add",
    "__operators__.eq": "equal",
    "__operators__.ne": "not_equal",
    "divide": "truediv",
    "div": "truediv",
    "realdiv": "truediv",
    "floor_div": "floordiv",
    "mod": "floormod",
    "neg": "negative",
    "mul": "multiply",
    "sub": "subtract",
    "add_v2": "add",
    "nn.softplus": "softplus",
}
