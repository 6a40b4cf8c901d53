"""What stands for a value while a function of TensorFlow is expressed in operations of Keras 3."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

from collections.abc import Iterator, Sequence
from typing import Any, Optional, Union

import msgspec

from tfmac.models.migration.network import Reference

Size = Union[int, str, None]
"""How long an axis is: a number, a name that is the same wherever the length is, or unknown."""
Shape = Optional[tuple[Size, ...]]
"""None where even the number of axes is unknown."""

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})


MOST = 20_000
"""How many parts or numbers a file can ask for."""


class Inexpressible(Exception):
    """A function, or a use of one, that has no surely equal counterpart."""


class NoSuchInstruction(Inexpressible):
    """An instruction that a Python does not write into a plain function."""


class Tensor(msgspec.Struct, frozen=True, kw_only=True):
    """An output of a layer, with what is known of it."""

    reference: Reference
    shape: Shape = None
    dtype: Optional[str] = None

    @property
    def rank(self) -> Optional[int]:
        """How many axes it has."""
        return None if self.shape is None else len(self.shape)

    def known_rank(self) -> int:
        """Give its number of axes, without which a function cannot be expressed."""
        if self.shape is None:
            raise Inexpressible("it is not known how many axes its input has")
        return len(self.shape)


class Array(msgspec.Struct, frozen=True, kw_only=True):
    """A constant of several numbers."""

    values: Any
    dtype: Optional[str] = None
    """None where it takes the type of what it is used with."""


class Extent(msgspec.Struct, frozen=True):
    """The length of an axis that is only known when the model runs."""

    symbol: Optional[str]


class Sizes(msgspec.Struct, frozen=True):
    """A shape as a value: what ``tf.shape`` gives."""

    sizes: tuple[Union[int, Extent], ...]


def sizes_of(tensor: Tensor) -> Sizes:
    """Give the shape of a tensor as a value."""
    tensor.known_rank()
    return Sizes(tuple(one if isinstance(one, int) else Extent(one) for one in tensor.shape or ()))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Give the tensors in a value, at any depth."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from tensors_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from tensors_in(one)


def is_number(value: Any) -> bool:
    """Whether a value is one number of Python."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_constant(value: Any) -> bool:
    """Whether a value is numbers alone, at any depth."""
    if isinstance(value, (list, tuple)):
        return all(is_constant(one) for one in value)
    return isinstance(value, (bool, int, float, Array))


def shape_of_nested(values: Any) -> tuple[int, ...]:
    """Give the shape of a constant; raise where its rows are not equally long."""
    if not isinstance(values, (list, tuple)):
        return ()
    inner = {shape_of_nested(one) for one in values}
    if len(inner) > 1:
        raise Inexpressible("a constant in it has rows of different lengths")
    return (len(values), *(inner.pop() if inner else ()))


def first_number(values: Any) -> Any:
    """Give the first number of a constant."""
    while isinstance(values, (list, tuple)):
        if not values:
            return 0.0
        values = values[0]
    return values


def integer(value: Any, what: str) -> int:
    """Take a value for a whole number."""
    if isinstance(value, Array) and shape_of_nested(value.values) == ():
        value = value.values
    if isinstance(value, bool) or not isinstance(value, int):
        raise Inexpressible(f"its {what} is no constant whole number")
    return value


def bounded(count: int, what: str) -> int:
    """Take a number for how many of something are made, which a file may say at will."""
    if not 0 <= count <= MOST:
        raise Inexpressible(f"its {what} is beyond what is expressed")
    return count


def integers(value: Any, what: str) -> tuple[int, ...]:
    """Take a value for several whole numbers."""
    if isinstance(value, Array):
        value = value.values
    if isinstance(value, Sizes):
        value = value.sizes
    if not isinstance(value, (list, tuple)):
        raise Inexpressible(f"its {what} is no constant list of whole numbers")
    return tuple(integer(one, what) for one in value)


def flag(value: Any, what: str) -> bool:
    """Take a value for true or false."""
    if not isinstance(value, (bool, int)) and value is not None:
        raise Inexpressible(f"its {what} is no constant")
    return bool(value)


def axis_of(value: Any, rank: Optional[int]) -> int:
    """Take a value for an axis; from the front where the number of axes is known."""
    axis = integer(value, "axis")
    if rank is None:
        return axis
    if not -rank <= axis < rank:
        raise Inexpressible(f"it has no axis {axis}")
    return axis % rank


def axes_of(value: Any, rank: Optional[int]) -> Optional[tuple[int, ...]]:
    """Take a value for axes; None for all of them."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return (axis_of(value, rank),)
    return tuple(axis_of(one, rank) for one in integers(value, "axis"))


def joined_dtype(values: Sequence[Any]) -> Optional[str]:
    """Give the one type of some tensors; None where one of them is unknown."""
    found = {one.dtype for one in values if isinstance(one, Tensor)}
    return found.pop() if len(found) == 1 else None


def broadcast(first: Shape, second: Shape) -> Shape:
    """Give the shape of what is calculated from two, element by element."""
    if first is None or second is None:
        return None
    length = max(len(first), len(second))
    one = (1,) * (length - len(first)) + first
    other = (1,) * (length - len(second)) + second
    return tuple(_wider(a, b) for a, b in zip(one, other))


def _wider(one: Size, other: Size) -> Size:
    if other in {one, 1}:
        return one
    if one == 1:
        return other
    # A length that is known and not 1 is that of both.
    if isinstance(one, int):
        return one
    return other if isinstance(other, int) else None
