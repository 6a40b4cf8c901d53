"""Functions that put parts together, take them apart, and repeat them."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: A002, ANN401, PLR0917

from typing import Any

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import Function, tensor_of
from tfmac.models.migration.operations.shaping import (
    expand_dims,
    longer,
    squeeze,
    times,
    wanted_sizes,
)
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Shape,
    Size,
    Sizes,
    Tensor,
    axis_of,
    bounded,
    integer,
    integers,
    is_constant,
    is_number,
    joined_dtype,
    shape_of_nested,
)


def concat(b: Builder, values: Any, axis: Any, name: Any = None) -> Any:
    """Join along an axis."""
    del name
    parts = list(values) if isinstance(values, (list, tuple)) else [values]
    if not any(isinstance(one, Tensor) for one in parts):
        return _joined_sizes(parts)
    tensors = _of_one_type(parts)
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return tensors[0]
    shapes = [_shape(one) for one in tensors]
    rank = next((len(one) for one in shapes if one is not None), None)
    at = axis_of(axis, rank)
    shape: Shape = None
    if all(one is not None for one in shapes) and rank is not None:
        shape = joined_shape([one for one in shapes if one is not None], at)
    config = {"axis": at}
    dtype = joined_dtype(tensors)
    return b.operation("numpy.Concatenate", tensors, config=config, shape=shape, dtype=dtype)


def joined_shape(shapes: list[tuple[Size, ...]], axis: int) -> Shape:
    """Give the shape of what is joined along an axis."""
    if len({len(one) for one in shapes}) != 1:
        return None
    found: list[Size] = []
    for at, sizes in enumerate(zip(*shapes)):
        if at == axis % len(shapes[0]):
            numbers = [one for one in sizes if isinstance(one, int)]
            found.append(sum(numbers) if len(numbers) == len(sizes) else None)
        else:
            found.append(next((one for one in sizes if isinstance(one, int)), sizes[0]))
    return tuple(found)


def _shape(value: Any) -> Shape:
    return value.shape if isinstance(value, Tensor) else shape_of_nested(value.values)


def _of_one_type(parts: list[Any]) -> list[Any]:
    """Let the constants among tensors have the type of these."""
    types = {one.dtype for one in parts if isinstance(one, Tensor)}
    if len(types) != 1:
        raise Inexpressible("the types of what it joins are not known to be one")
    (dtype,) = types
    found: list[Any] = []
    for one in parts:
        if isinstance(one, Tensor):
            found.append(one)
        elif is_constant(one) and isinstance(one, (Array, list, tuple)):
            values = one.values if isinstance(one, Array) else one
            if isinstance(one, Array) and one.dtype not in {None, dtype}:
                raise Inexpressible("the types of what it joins are not known to be one")
            found.append(Array(values=values, dtype=dtype))
        elif is_number(one) and dtype is not None:
            found.append(Array(values=one, dtype=dtype))
        else:
            raise Inexpressible("it joins what is not known")
    return found


def _joined_sizes(parts: list[Any]) -> Sizes:
    return Sizes(tuple(one for part in parts for one in wanted_sizes(part)))


def stack(b: Builder, values: Any, axis: Any = 0, name: Any = None) -> Any:
    """Join along a new axis."""
    del name
    parts = list(values) if isinstance(values, (list, tuple)) else [values]
    if not any(isinstance(one, Tensor) for one in parts):
        return Sizes(wanted_sizes(parts))
    tensors = _of_one_type(parts)
    shapes = [_shape(one) for one in tensors]
    shape = next((one for one in shapes if one is not None), None)
    at = axis_of(axis, None if shape is None else len(shape) + 1)
    if shape is not None:
        shape = (*shape[:at], len(tensors), *shape[at:])
    config = {"axis": at}
    dtype = joined_dtype(tensors)
    return b.operation("numpy.Stack", tensors, config=config, shape=shape, dtype=dtype)


def unstack(b: Builder, value: Any, num: Any = None, axis: Any = 0, name: Any = None) -> list[Any]:
    """Give the parts along an axis, which is taken away."""
    del name
    if isinstance(value, Sizes):
        return list(value.sizes)
    taken = tensor_of(value)
    at = axis_of(axis, taken.rank)
    count = taken.shape[at] if taken.shape is not None else num
    if not isinstance(count, int):
        raise Inexpressible("it is not known into how many parts it takes its input apart")
    parts = split(b, taken, bounded(count, "number of parts"), at)
    return [squeeze(b, one, at) for one in parts]


def split(
    b: Builder,
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: Any = None,
    name: Any = None,
) -> list[Tensor]:
    """Give parts along an axis."""
    del num, name
    taken = tensor_of(value)
    at = axis_of(axis, taken.rank)
    length = taken.shape[at] if taken.shape is not None else None
    if isinstance(num_or_size_splits, int):
        count = bounded(num_or_size_splits, "number of parts")
        if not count or (isinstance(length, int) and length % count):
            raise Inexpressible("its parts do not have the same length")
        sizes: list[Size] = [length // count if isinstance(length, int) else None] * count
        given: Any = count
    else:
        sizes = list(integers(num_or_size_splits, "sizes of parts"))
        if -1 in sizes:
            if not isinstance(length, int):
                raise Inexpressible("how long one of its parts is, is not known")
            sizes[sizes.index(-1)] = length - sum(one for one in sizes if one != -1)  # type: ignore[misc]
        given, reached = [], 0
        for one in sizes[:-1]:
            reached += one  # type: ignore[operator]
            given.append(reached)
        if not given:
            return [taken]
    config = {"indices_or_sections": given, "axis": at}
    shapes = [_with(taken.shape, at, one) for one in sizes]
    first = b.operation("numpy.Split", taken, config=config, shape=shapes[0], dtype=taken.dtype)
    return [b.output(first, number, one, taken.dtype) for number, one in enumerate(shapes)]


def _with(shape: Shape, axis: int, size: Size) -> Shape:
    return None if shape is None else (*shape[:axis], size, *shape[axis:][1:])


def broadcast_to(b: Builder, input: Any, shape: Any, name: Any = None) -> Tensor:
    """Repeat axes of length 1 until the shape is that."""
    del name
    taken = tensor_of(input)
    wanted = wanted_sizes(shape)
    if taken.shape is None:
        raise Inexpressible("it is not known how many axes its input has")
    here = (1,) * (len(wanted) - len(taken.shape)) + taken.shape
    counts = []
    for have, want in zip(here, wanted):
        if have == (want.symbol if isinstance(want, Extent) else want) and have is not None:
            counts.append(1)
        elif have == 1 and isinstance(want, int):
            counts.append(want)
        else:
            raise Inexpressible("its shape has lengths that are only known when it runs")
    current = taken
    for _ in range(len(wanted) - len(taken.shape)):
        current = expand_dims(b, current, 0)
    return tile(b, current, counts)


def tile(b: Builder, input: Any, multiples: Any, name: Any = None) -> Tensor:
    """Repeat the whole along axes."""
    del name
    taken = tensor_of(input)
    counts = integers(multiples, "numbers of repetitions")
    shape: Shape = None
    if taken.shape is not None:
        if len(counts) != len(taken.shape):
            raise Inexpressible("it does not say for each axis how often it is repeated")
        shape = tuple(times(one, count) for one, count in zip(taken.shape, counts))
    config = {"repeats": list(counts)}
    return b.operation("numpy.Tile", taken, config=config, shape=shape, dtype=taken.dtype)


def repeat(
    b: Builder,
    input: Any,
    repeats: Any,
    axis: Any = None,
    name: Any = None,
) -> Tensor:
    """Repeat each element along an axis."""
    del name
    taken = tensor_of(input)
    count = integer(repeats, "number of repetitions")
    if axis is None:
        raise Inexpressible("it repeats without an axis")
    at = axis_of(axis, taken.rank)
    shape = taken.shape
    if shape is not None:
        shape = (*shape[:at], times(shape[at], count), *shape[at + 1 :])
    config = {"repeats": count, "axis": at}
    return b.operation("numpy.Repeat", taken, config=config, shape=shape, dtype=taken.dtype)


def pad(
    b: Builder,
    tensor: Any,
    paddings: Any,
    mode: Any = "CONSTANT",
    constant_values: Any = 0,
    name: Any = None,
) -> Tensor:
    """Add elements around."""
    del name
    taken = tensor_of(tensor)
    rows = paddings.values if isinstance(paddings, Array) else paddings
    if not isinstance(rows, (list, tuple)):
        raise Inexpressible("how much it adds is no constant")
    width = [list(integers(one, "padding")) for one in rows]
    kind = str(mode).lower()
    if kind not in {"constant", "reflect", "symmetric"}:
        raise Inexpressible(f"it pads in the way {str(mode)[:20]}")
    shape = taken.shape
    if shape is not None:
        shape = tuple(longer(one, sum(more)) for one, more in zip(shape, width))
    config = {"pad_width": width, "mode": kind}
    value = constant_values.values if isinstance(constant_values, Array) else constant_values
    known: dict[str, Any] = {"config": config, "shape": shape, "dtype": taken.dtype}
    if kind != "constant" or value == 0:
        return b.operation("numpy.Pad", taken, **known)
    if not is_number(value):
        raise Inexpressible("it pads with what is no constant number")
    return b.operation("numpy.Pad", taken, constant_values=value, **known)


FUNCTIONS: dict[str, Function] = {
    "tile": tile,
    "repeat": repeat,
    "pad": pad,
    "concat": concat,
    "stack": stack,
    "unstack": unstack,
    "split": split,
    "broadcast_to": broadcast_to,
}
ALIASES = {"pack": "stack", "unpack": "unstack"}
