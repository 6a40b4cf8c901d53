"""What the expressions of a Lambda mean: attributes, calls, operators, brackets."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import math
import operator
from typing import Any, Callable

import msgspec

from tfmac.models.migration.operations import registry
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.indexing import getitem
from tfmac.models.migration.operations.names_of_modules import Names, constant_of, is_new_axis
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Sizes,
    Tensor,
    is_number,
)

_LARGEST = 1e12
_MOST_PARTS = 1000
_FUNCTIONS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "truediv",
    "//": "floordiv",
    "%": "floormod",
    "**": "pow",
    "@": "matmul",
    "&": "logical_and",
    "|": "logical_or",
    "^": "logical_xor",
}
_PYTHON: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARISONS = {
    "<": "less",
    "<=": "less_equal",
    "==": "equal",
    "!=": "not_equal",
    ">": "greater",
    ">=": "greater_equal",
}
# Methods of tensors by the function that does the same.
_SHAPES = frozenset({"get_shape", "as_list"})
_OF_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "np.sqrt": math.sqrt,
    "np.log": math.log,
    "np.exp": math.exp,
    "np.float32": float,
    "np.float64": float,
    "np.int32": int,
    "np.int64": int,
    "math.sqrt": math.sqrt,
    "math.log": math.log,
    "math.exp": math.exp,
    "np.abs": abs,
    "builtins.abs": abs,
    "builtins.int": int,
    "builtins.float": float,
    "math.floor": math.floor,
    "math.ceil": math.ceil,
    "np.floor": lambda one: float(math.floor(one)),
}


class Method(msgspec.Struct, frozen=True):
    """A method of a value."""

    value: Any
    name: str


def attribute(value: Any, name: str) -> Any:
    """Give an attribute of a value. Raises ``Inexpressible``."""
    if isinstance(value, Names):
        return value.attribute(name)
    if isinstance(value, Tensor):
        return _of_tensor(value, name)
    if isinstance(value, tuple):
        if name == "as_list":
            return Method(value, name)
        if name in {"ndims", "rank"}:
            return len(value)
    if name == "value" and (value is None or is_number(value)):
        return value
    raise Inexpressible(f"it takes {name[:80]} of what has none that is known")


def _of_tensor(tensor: Tensor, name: str) -> Any:
    if name == "shape":
        return _static(tensor)
    if name == "dtype":
        if tensor.dtype is None:
            raise Inexpressible("the type of its input is not known")
        return tensor.dtype
    if name == "ndim":
        return tensor.known_rank()
    if name == "get_shape":
        return Method(tensor, name)
    raise Inexpressible(f"it takes {name[:80]} of a tensor")


def _static(tensor: Tensor) -> tuple[Any, ...]:
    """Give the lengths that were known before it ran; None for the others."""
    tensor.known_rank()
    shape = tensor.shape or ()
    if any(one is None for one in shape):
        raise Inexpressible("how long the axes of its input are is not known")
    return tuple(one if isinstance(one, int) else None for one in shape)


def called(b: Builder, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Give the result of a call. Raises ``Inexpressible``."""
    if isinstance(function, Method):
        if args or kwargs:
            raise Inexpressible(f"it calls {function.name} with arguments")
        if function.name == "get_shape":
            return _static(function.value)
        return list(function.value)
    if not isinstance(function, Names):
        raise Inexpressible("it calls what is no known function")
    plain = [looked_up(one) for one in args]
    named = {key: looked_up(one) for key, one in kwargs.items() if key != "name"}
    path = function.path
    if not named and len(plain) == 1 and is_number(plain[0]) and path in _OF_NUMBERS:
        return _number(_OF_NUMBERS[path], plain[0])
    if path.startswith("builtins."):
        return _built_in(b, path.partition(".")[2], plain, named)
    if path in {"np.array", "np.asarray"} and len(plain) == 1 and not named:
        return Array(values=plain[0])
    if path.startswith(("np.", "math.")):
        raise Inexpressible(f"it calls {path[:80]}")
    return registry.apply(b, path, plain, named)


def _number(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except (ArithmeticError, ValueError) as error:
        raise Inexpressible(f"it calculates with constants: {error}") from error


def _built_in(b: Builder, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or not args:
        raise Inexpressible(f"it calls {name} in an unknown way")
    first = args[0]
    if name == "abs":
        return registry.apply(b, "abs", args, {})
    if name == "len" and isinstance(first, (list, tuple)):
        return len(first)
    if name in {"list", "tuple"} and isinstance(first, (list, tuple)):
        return list(first) if name == "list" else tuple(first)
    if name in {"max", "min"} and len(args) > 1 and all(is_number(one) for one in args):
        return max(args) if name == "max" else min(args)
    if name == "slice":
        return slice(*args[:3])
    if name in {"int", "float"} and isinstance(first, Extent) and name == "int":
        return first
    raise Inexpressible(f"it calls {name} on what is not known")


def looked_up(value: Any) -> Any:
    """Give what an argument means that is a name in a module. Raises ``Inexpressible``."""
    if isinstance(value, Names):
        if is_new_axis(value):
            return None
        found = constant_of(value)
        if found is None:
            raise Inexpressible(f"it gives {value.path[:80]} to a function")
        return found
    if isinstance(value, (list, tuple)):
        return type(value)(looked_up(one) for one in value)
    if isinstance(value, Method):
        raise Inexpressible(f"it gives the method {value.name} to a function")
    return value


def binary(b: Builder, sign: str, first: Any, second: Any) -> Any:
    """Give what an operator makes of two values. Raises ``Inexpressible``."""
    first, second = looked_up(first), looked_up(second)
    if is_number(first) and is_number(second):
        return _calculated(sign, first, second)
    if sign == "+" and type(first) is type(second) and isinstance(first, (list, tuple)):
        if len(first) + len(second) > _MOST_PARTS:
            raise Inexpressible("it builds a list that is longer than what is evaluated")
        return first + second
    values = (first, second)
    if sign in {"+", "*"} and isinstance(first, (list, tuple)) and is_number(second):
        if sign == "*" and isinstance(second, int) and len(first) * second <= _MOST_PARTS:
            return first * second
        raise Inexpressible("it calculates with a list")
    if not any(isinstance(one, (Tensor, Extent, Sizes)) for one in values):
        raise Inexpressible(f"it calculates with {sign} on what is not known")
    name = _FUNCTIONS.get(sign)
    if name is None:
        raise Inexpressible(f"it calculates with {sign}")
    return registry.apply(b, name, [first, second], {})


def _calculated(sign: str, first: Any, second: Any) -> Any:
    try:
        if sign == "**":
            if abs(second) > 64 or abs(first) > 1e6:
                raise Inexpressible("it calculates with numbers beyond what is evaluated")
            result = first**second
        elif sign in _PYTHON:
            result = _PYTHON[sign](first, second)
        else:
            raise Inexpressible(f"it calculates with {sign}")
    except (ArithmeticError, ValueError, TypeError) as error:
        raise Inexpressible(f"it calculates with constants: {error}") from error
    if isinstance(result, complex) or (isinstance(result, int) and abs(result) > _LARGEST):
        raise Inexpressible("it calculates with numbers beyond what is evaluated")
    return result


def compared(b: Builder, sign: str, first: Any, second: Any) -> Any:
    """Compare two values. Raises ``Inexpressible``."""
    first, second = looked_up(first), looked_up(second)
    name = _COMPARISONS.get(sign)
    if name is None or not any(isinstance(one, Tensor) for one in (first, second)):
        raise Inexpressible(f"it compares with {sign} what is no tensor")
    if b.first_version and name in {"equal", "not_equal"}:
        raise Inexpressible("TensorFlow 1 compares here which tensor it is")
    return registry.apply(b, name, [first, second], {})


def unary(b: Builder, sign: str, value: Any) -> Any:
    """Give what an operator makes of a value. Raises ``Inexpressible``."""
    value = looked_up(value)
    if is_number(value) and sign in {"-", "+"}:
        return -value if sign == "-" else value
    if isinstance(value, Tensor) and sign in {"-", "~"}:
        return registry.apply(b, "negative" if sign == "-" else "logical_not", [value], {})
    raise Inexpressible(f"it calculates with {sign} on what is not known")


def subscript(b: Builder, value: Any, key: Any) -> Any:
    """Give what brackets take of a value. Raises ``Inexpressible``."""
    key = looked_up(key)
    if isinstance(value, (list, tuple)):
        if isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        if isinstance(key, slice):
            parts = (key.start, key.stop, key.step)
            if all(one is None or isinstance(one, int) for one in parts) and key.step != 0:
                return value[key]
        raise Inexpressible("it takes a part of a list in an unknown way")
    if isinstance(key, slice):
        key = slice(*(looked_up(one) for one in (key.start, key.stop, key.step)))
    return getitem(b, value, key)
