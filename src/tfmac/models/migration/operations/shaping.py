"""Functions that arrange elements anew."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: A002, ANN401, FBT002

import math
from typing import Any, Union

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import (
    Function,
    tensor_of,
)
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Shape,
    Size,
    Sizes,
    Tensor,
    axes_of,
    axis_of,
    integers,
    is_constant,
    is_number,
    shape_of_nested,
)


def wanted_sizes(value: Any) -> tuple[Union[int, Extent], ...]:
    """Take a value for the lengths of axes, some of which may be those of a tensor."""
    if isinstance(value, Sizes):
        return value.sizes
    if isinstance(value, Array):
        value = value.values
    if isinstance(value, (list, tuple)):
        found = []
        for one in value:
            if isinstance(one, Extent) or (is_number(one) and isinstance(one, int)):
                found.append(one)
            else:
                raise Inexpressible("its shape is calculated while it runs")
        return tuple(found)
    raise Inexpressible("its shape is calculated while it runs")


def reshape(b: Builder, tensor: Any, shape: Any, name: Any = None) -> Any:
    """Give another shape; one length may be left to be found."""
    del name
    wanted = wanted_sizes(shape)
    if isinstance(tensor, (Array, list)):
        return reshaped_constant(tensor, wanted)
    taken = tensor_of(tensor)
    wanted = _resolved(wanted, taken)
    unknown = [at for at, one in enumerate(wanted) if one == -1 or isinstance(one, Extent)]
    known: Shape = tuple(_size(one) for one in wanted)
    if len(unknown) <= 1:
        numbers = [one if isinstance(one, int) else -1 for one in wanted]
        return b.operation(
            "numpy.Reshape", taken, config={"newshape": numbers}, shape=known, dtype=taken.dtype
        )
    if len(unknown) == 2 and unknown[0] == 0 and _is_first(wanted[0], taken):
        target = [one if isinstance(one, int) else -1 for one in wanted[1:]]
        config = {"target_shape": target}
        return b.layer("Reshape", taken, config=config, shape=known, dtype=taken.dtype)
    raise Inexpressible("its shape has several lengths that are only known when it runs")


def _resolved(
    wanted: tuple[Union[int, Extent], ...], tensor: Tensor
) -> tuple[Union[int, Extent], ...]:
    """Find the length that was left to be found, where others are only known when it runs."""
    symbols = [one.symbol for one in wanted if isinstance(one, Extent)]
    if -1 not in wanted or not symbols or tensor.shape is None:
        return wanted
    left = [one for one in tensor.shape if not isinstance(one, int)]
    numbers = math.prod(one for one in tensor.shape if isinstance(one, int))
    for one in symbols:
        if one is None or one not in left:
            return wanted
        left.remove(one)
    if len(left) > 1 or None in left:
        return wanted
    rest = numbers // max(1, math.prod(one for one in wanted if isinstance(one, int) and one > 0))
    if left and rest != 1:
        return wanted
    found = Extent(str(left[0])) if left else rest
    return tuple(found if one == -1 else one for one in wanted)


def _is_first(size: object, tensor: Tensor) -> bool:
    """Whether a length is how many examples a tensor holds."""
    if not isinstance(size, Extent) or size.symbol is None or not tensor.shape:
        return False
    return tensor.shape[0] == size.symbol


def _size(one: Union[int, Extent]) -> Size:
    if isinstance(one, Extent):
        return one.symbol
    return None if one == -1 else one


def reshaped_constant(tensor: Any, wanted: tuple[Union[int, Extent], ...]) -> Array:
    """Arrange a constant in a shape."""
    array = tensor if isinstance(tensor, Array) else Array(values=tensor)
    row = flat(array.values)
    numbers = [one for one in wanted if isinstance(one, int)]
    if len(numbers) < len(wanted) or numbers.count(-1) > 1:
        raise Inexpressible("it arranges a constant in a shape that is only known when it runs")
    product = 1
    for one in numbers:
        product *= one if one != -1 else 1
    if -1 in numbers and product:
        numbers[numbers.index(-1)] = len(row) // product
        product = len(row)
    if product != len(row):
        raise Inexpressible("a constant in it does not have the shape that it is given")
    for one in reversed(numbers[1:]):
        row = [row[at : at + one] for at in range(0, len(row), one)] if one else []
    return Array(values=row if numbers else row[0], dtype=array.dtype)


def flat(values: Any) -> list[Any]:
    """Give the numbers of a constant in a row."""
    if not isinstance(values, (list, tuple)):
        return [values]
    return [one for part in values for one in flat(part)]


def transpose(
    b: Builder, a: Any, perm: Any = None, conjugate: Any = False, name: Any = None
) -> Any:
    """Order axes anew."""
    del name
    if conjugate:
        raise Inexpressible("it conjugates")
    if isinstance(a, Array) and perm is None and len(shape_of_nested(a.values)) == 2:
        return Array(values=[list(row) for row in zip(*a.values)], dtype=a.dtype)
    taken = tensor_of(a)
    order = None if perm is None else integers(perm, "order of axes")
    if taken.shape is not None:
        rank = len(taken.shape)
        order = tuple(range(rank))[::-1] if order is None else order
        order = tuple(axis_of(one, rank) for one in order)
    shape = None if taken.shape is None or order is None else tuple(taken.shape[i] for i in order)
    config = {"axes": None if order is None else list(order)}
    return b.operation("numpy.Transpose", taken, config=config, shape=shape, dtype=taken.dtype)


def matrix_transpose(b: Builder, a: Any, name: Any = None, conjugate: Any = False) -> Tensor:
    """Exchange the last two axes."""
    rank = tensor_of(a).known_rank()
    order = (*range(rank - 2), rank - 1, rank - 2)
    return tensor_of(transpose(b, a, order, conjugate, name))


def expand_dims(
    b: Builder,
    input: Any,
    axis: Any = None,
    name: Any = None,
    dim: Any = None,
) -> Any:
    """Add an axis of length 1."""
    del name
    chosen = dim if axis is None else axis
    if is_constant(input):
        values = input.values if isinstance(input, Array) else input
        if chosen in {0, -1} and not isinstance(values, (list, tuple)):
            return Array(values=[values], dtype=input.dtype if isinstance(input, Array) else None)
        if chosen == 0:
            return Array(values=[values], dtype=input.dtype if isinstance(input, Array) else None)
    taken = tensor_of(input)
    at = axis_of(chosen, None if taken.rank is None else taken.rank + 1)
    shape: Shape = None
    if taken.shape is not None:
        shape = (*taken.shape[:at], 1, *taken.shape[at:])
    return b.operation(
        "numpy.ExpandDims", taken, config={"axis": at}, shape=shape, dtype=taken.dtype
    )


def squeeze(
    b: Builder,
    input: Any,
    axis: Any = None,
    name: Any = None,
    squeeze_dims: Any = None,
) -> Tensor:
    """Take axes of length 1 away."""
    del name
    taken = tensor_of(input)
    axes = axes_of(squeeze_dims if axis is None else axis, taken.rank)
    if not axes:
        if taken.shape is None or not all(isinstance(one, int) for one in taken.shape[1:]):
            raise Inexpressible("which of its axes have length 1 is not known")
        if taken.shape and taken.shape[0] == 1:
            raise Inexpressible("it takes the axis of the examples away")
        # A first axis of unknown length keeps its place as long as it is not 1: as TensorFlow,
        # which decides while it runs, but Keras does not.
        raise Inexpressible("it takes away whichever axes have length 1")
    current = taken
    for at in sorted(axes, reverse=True):
        shape = current.shape
        if shape is not None:
            shape = (*shape[:at], *shape[at + 1 :])
        current = b.operation(
            "numpy.Squeeze", current, config={"axis": at}, shape=shape, dtype=taken.dtype
        )
        if at < 0 and len(axes) > 1:
            raise Inexpressible("it is not known how many axes its input has")
    return current


def times(size: Size, count: int) -> Size:
    """Give a length some times over."""
    if isinstance(size, int):
        return size * count
    return size if count == 1 else None


def longer(size: Size, more: int) -> Size:
    """Give a length with some more."""
    return size + more if isinstance(size, int) else (size if not more else None)


def reverse(b: Builder, tensor: Any, axis: Any, name: Any = None) -> Tensor:
    """Turn the order along axes around."""
    del name
    current = tensor_of(tensor)
    for at in axes_of(axis, current.rank) or ():
        current = b.operation(
            "numpy.Flip", current, config={"axis": at}, shape=current.shape, dtype=current.dtype
        )
    return current


def roll(b: Builder, input: Any, shift: Any, axis: Any, name: Any = None) -> Tensor:
    """Move along axes; what falls out at the end comes in at the beginning."""
    del name
    current = tensor_of(input)
    shifts = (shift,) if isinstance(shift, int) else integers(shift, "shift")
    for distance, at in zip(shifts, axes_of(axis, current.rank) or ()):
        config = {"shift": distance, "axis": at}
        known: dict[str, Any] = {"shape": current.shape, "dtype": current.dtype}
        current = b.operation("numpy.Roll", current, config=config, **known)
    return current


FUNCTIONS: dict[str, Function] = {
    "reshape": reshape,
    "transpose": transpose,
    "matrix_transpose": matrix_transpose,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "reverse": reverse,
    "roll": roll,
}
ALIASES = {
    "linalg.matrix_transpose": "matrix_transpose",
    "linalg.transpose": "matrix_transpose",
    "manip.roll": "roll",
}
