"""Functions that take elements out of a tensor, and choose between two."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401, PLR0917

from typing import Any

from packaging.version import Version

from tfmac.models.migration.operations.building import Builder, natural_dtype
from tfmac.models.migration.operations.elementwise import (
    Function,
    dtype_named,
    operands,
    shape_of,
    tensor_of,
)
from tfmac.models.migration.operations.shaping import expand_dims
from tfmac.models.migration.operations.values import (
    FLOATS,
    Array,
    Extent,
    Inexpressible,
    Shape,
    Size,
    Sizes,
    Tensor,
    axis_of,
    broadcast,
    integer,
    integers,
    is_constant,
    is_number,
    shape_of_nested,
)

# Before, an operation that slices took no list, which is what a file gives for a tuple.
_KEYS_SINCE = Version("3.2")


def getitem(b: Builder, tensor: Any, slice_spec: Any, var: Any = None, name: Any = None) -> Any:
    """Take a part as Python's brackets do."""
    del var, name
    keys = list(slice_spec) if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    keys = [_key(one) for one in keys]
    if isinstance(tensor, (Sizes, list, tuple)):
        return _of_sizes(tensor.sizes if isinstance(tensor, Sizes) else tuple(tensor), keys)
    taken = tensor_of(tensor)
    for one in keys:
        if not (one is None or one is ... or isinstance(one, (slice, int))):
            raise Inexpressible("what it takes is only known when it runs")
    keys = _without_ellipsis(keys, taken)
    if b.keras < _KEYS_SINCE:
        return _by_axis(b, taken, keys)
    if not keys:
        return taken
    shape = sliced_shape(taken.shape, keys)
    return b.operation("numpy.GetItem", taken, keys, shape=shape, dtype=taken.dtype)


def _key(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"start", "stop", "step"}:
        value = slice(value["start"], value["stop"], value["step"])
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        if not all(one is None or (is_number(one) and isinstance(one, int)) for one in parts):
            raise Inexpressible("what it takes is only known when it runs")
        return value
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return ...
    return ... if isinstance(value, str) and value == "Ellipsis" else value


def _without_ellipsis(keys: list[Any], tensor: Tensor) -> list[Any]:
    if ... not in keys:
        return keys
    at = next(i for i, one in enumerate(keys) if one is ...)
    rest = keys[at + 1 :]
    if not rest:
        return keys[:at]
    if tensor.shape is None:
        return keys
    used = sum(1 for one in keys if one is not None and one is not ...)
    return [*keys[:at], *[slice(None)] * (len(tensor.shape) - used), *rest]


def _of_sizes(sizes: tuple[Any, ...], keys: list[Any]) -> Any:
    if len(keys) != 1:
        raise Inexpressible("it takes a part of a shape in an unknown way")
    if isinstance(keys[0], slice):
        return Sizes(sizes[keys[0]])
    at = integer(keys[0], "place")
    if not -len(sizes) <= at < len(sizes):
        raise Inexpressible(f"it has no axis {at}")
    return sizes[at]


def sliced_shape(shape: Shape, keys: list[Any]) -> Shape:
    """Give the shape of a part."""
    if shape is None or ... in keys:
        return None
    left = list(shape)
    found: list[Size] = []
    for key in keys:
        if key is None:
            found.append(1)
            continue
        if not left:
            raise Inexpressible("it takes more axes apart than there are")
        size = left.pop(0)
        if isinstance(key, slice):
            found.append(_slice_length(size, key))
    return (*found, *left)


def _slice_length(size: Size, key: slice) -> Size:
    if key == slice(None):
        return size
    if isinstance(size, int):
        return len(range(size)[key])
    return None


def _by_axis(b: Builder, tensor: Tensor, keys: list[Any]) -> Tensor:
    """Take a part axis by axis, with operations that every Keras 3 reads from a file."""
    current, at = tensor, 0
    for key in keys:
        if key is None:
            current = expand_dims(b, current, at)
        elif isinstance(key, slice):
            current = _sliced(b, current, key, at)
        elif key is ...:
            raise Inexpressible(f"Keras {b.keras} cannot read an ellipsis from a file")
        else:
            current = _taken(b, current, key, at)
            continue
        at += 1
    return current


def _taken(b: Builder, tensor: Tensor, place: int, axis: int) -> Tensor:
    size = tensor.shape[axis] if tensor.shape is not None else None
    if place < 0:
        if not isinstance(size, int):
            raise Inexpressible(f"Keras {b.keras} cannot count from the end of an axis here")
        place += size
    shape = tensor.shape
    if shape is not None:
        shape = (*shape[:axis], *shape[axis + 1 :])
    config = {"axis": axis}
    return b.operation("numpy.Take", tensor, place, config=config, shape=shape, dtype=tensor.dtype)


def _sliced(b: Builder, tensor: Tensor, key: slice, axis: int) -> Tensor:
    if key.start in {None, 0} and key.stop is None and key.step in {None, 1}:
        return tensor
    size = tensor.shape[axis] if tensor.shape is not None else None
    start, stop = key.start or 0, key.stop
    if key.step not in {None, 1}:
        raise Inexpressible(f"Keras {b.keras} cannot take every second part of an axis from a file")
    if isinstance(size, int):
        span = range(size)[key]
        start, stop = span.start, span.stop
        if not len(span):
            raise Inexpressible("it takes an empty part")
        if len(span) == size:
            return tensor
        stop = None if stop == size else stop
    else:
        raise Inexpressible(
            f"Keras {b.keras} needs to know how long an axis is to take a part of it"
        )
    pieces = [one for one in (start, stop) if one]
    length = sliced_shape((size,), [key])
    config = {"indices_or_sections": pieces, "axis": axis}
    shape = tensor.shape
    if shape is not None and length is not None:
        shape = (*shape[:axis], length[0], *shape[axis + 1 :])
    first = b.operation("numpy.Split", tensor, config=config, shape=shape, dtype=tensor.dtype)
    return b.output(first, 1 if start else 0, shape, tensor.dtype)


def strided_slice(
    b: Builder,
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: Any = None,
) -> Any:
    """Take a part; which numbers mean something else is said by bits."""
    del var, name
    starts, stops = integers(begin, "beginning"), integers(end, "end")
    steps = integers(strides, "steps") if strides is not None else (1,) * len(starts)
    keys: list[Any] = []
    for at, (start, stop, step) in enumerate(zip(starts, stops, steps)):
        bit = 1 << at
        if ellipsis_mask & bit:
            keys.append(...)
        elif new_axis_mask & bit:
            keys.append(None)
        elif shrink_axis_mask & bit:
            keys.append(start)
        else:
            first = None if begin_mask & bit else start
            keys.append(slice(first, None if end_mask & bit else stop, step if step != 1 else None))
    return getitem(b, input_, keys)


def sliced(b: Builder, input_: Any, begin: Any, size: Any, name: Any = None) -> Any:
    """Take a part of given lengths; -1 for all that is left."""
    del name
    starts = integers(begin, "beginning")
    taken = tensor_of(input_)
    lengths = size.sizes if isinstance(size, Sizes) else size
    lengths = lengths.values if isinstance(lengths, Array) else lengths
    if not isinstance(lengths, (list, tuple)) or len(lengths) != len(starts):
        raise Inexpressible("how much it takes is no constant")
    keys = []
    for at, (start, length) in enumerate(zip(starts, lengths)):
        if isinstance(length, Extent):
            whole = taken.shape is not None and taken.shape[at] == length.symbol
            if start or not whole or length.symbol is None:
                raise Inexpressible("how much it takes is only known when it runs")
            keys.append(slice(None))
        else:
            number = integer(length, "length")
            keys.append(slice(start or None, None if number == -1 else start + number))
    return getitem(b, taken, keys)


def gather(
    b: Builder,
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: Any = 0,
    name: Any = None,
) -> Any:
    """Take some along an axis."""
    del validate_indices, name
    if isinstance(params, Sizes) and isinstance(indices, int):
        return _of_sizes(params.sizes, [indices])
    if batch_dims:
        raise Inexpressible("it takes others for each example")
    at = 0 if axis is None else integer(axis, "axis")
    if not isinstance(params, Tensor) and isinstance(indices, Tensor):
        return _from_constant(b, params, indices, at)
    taken = tensor_of(params)
    at = axis_of(at, taken.rank)
    if isinstance(indices, Tensor):
        _check_places(indices)
        places: Any = indices
    elif is_constant(indices):
        values = indices.values if isinstance(indices, Array) else indices
        places = values if isinstance(values, int) else Array(values=values, dtype="int32")
    else:
        raise Inexpressible("what it takes is not known")
    inner = shape_of(places)
    shape: Shape = None
    if taken.shape is not None and inner is not None:
        shape = (*taken.shape[:at], *inner, *taken.shape[at + 1 :])
    config = {"axis": at}
    return b.operation("numpy.Take", taken, places, config=config, shape=shape, dtype=taken.dtype)


def _check_places(indices: Tensor) -> None:
    if indices.dtype not in {"int32", "int64"}:
        raise Inexpressible("the places that it takes are not known to be whole numbers")


def _from_constant(b: Builder, params: Any, indices: Tensor, axis: int) -> Tensor:
    if not is_constant(params) or axis:
        raise Inexpressible("what it takes from is not known")
    _check_places(indices)
    array = params if isinstance(params, Array) else Array(values=params)
    array = Array(values=array.values, dtype=array.dtype or natural_dtype(array.values))
    inner = shape_of_nested(array.values)
    shape = None if indices.shape is None else (*indices.shape, *inner[1:])
    config = {"axis": 0}
    return b.operation("numpy.Take", array, indices, config=config, shape=shape, dtype=array.dtype)


def where(b: Builder, condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Tensor:
    """Choose between two, element by element."""
    del name
    if x is None or y is None:
        raise Inexpressible("it gives the places, as many as there are")
    test = tensor_of(condition)
    if test.dtype != "bool":
        raise Inexpressible("its condition is not known to be truth values")
    if isinstance(x, Tensor) or isinstance(y, Tensor):
        first, second, shape, dtype = operands(x, y)
    else:
        first, second, shape, dtype = _constants(x, y)
    if b.first_version and not test.rank == len(shape or ()) and test.rank != 0:
        raise Inexpressible("TensorFlow 1 chooses whole rows here")
    whole = broadcast(test.shape, shape)
    return b.operation("numpy.Where", test, first, second, shape=whole, dtype=dtype)


def _constants(x: Any, y: Any) -> tuple[Any, Any, Shape, str]:
    parts = []
    for one in (x, y):
        if not is_constant(one):
            raise Inexpressible("it chooses between what is not known")
        values = one.values if isinstance(one, Array) else one
        kind = one.dtype if isinstance(one, Array) else None
        parts.append(Array(values=values, dtype=kind or natural_dtype(values)))
    if parts[0].dtype != parts[1].dtype:
        raise Inexpressible("it chooses between two types")
    shape = broadcast(shape_of_nested(parts[0].values), shape_of_nested(parts[1].values))
    return parts[0], parts[1], shape, str(parts[0].dtype)


def one_hot(
    b: Builder,
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: Any = None,
) -> Tensor:
    """Give a row with a 1 at each place."""
    del name
    taken = tensor_of(indices)
    if on_value not in {None, 1} or off_value not in {None, 0}:
        raise Inexpressible("it has values other than 0 and 1")
    if taken.dtype not in {"int32", "int64", "uint8"}:
        raise Inexpressible("the places are not known to be whole numbers")
    count = integer(depth, "number of classes")
    if axis is not None and integer(axis, "axis") != -1:
        raise Inexpressible("its new axis is not the last")
    kind = "float32" if dtype is None else dtype_named(dtype)
    if kind not in FLOATS | {"int32", "int64"}:
        raise Inexpressible(f"it gives {kind}")
    config = {"num_classes": count, "axis": -1, "dtype": kind}
    shape = None if taken.shape is None else (*taken.shape, count)
    return b.operation("nn.OneHot", taken, config=config, shape=shape, dtype=kind)


FUNCTIONS: dict[str, Function] = {
    "__operators__.getitem": getitem,
    "strided_slice": strided_slice,
    "slice": sliced,
    "gather": gather,
    "where": where,
    "one_hot": one_hot,
}
ALIASES = {"nn.embedding_lookup": "gather", "where_v2": "where", "gather_v2": "gather"}
