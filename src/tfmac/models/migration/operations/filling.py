"""Constants, tensors of one value, and what is known of a tensor as a value."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: A002, ANN401, FBT002

from typing import Any

from tfmac.models.migration.operations.building import Builder, natural_dtype
from tfmac.models.migration.operations.elementwise import (
    Function,
    cast,
    dtype_named,
    tensor_of,
)
from tfmac.models.migration.operations.shaping import flat, reshaped_constant
from tfmac.models.migration.operations.values import (
    Array,
    Extent,
    Inexpressible,
    Sizes,
    Tensor,
    bounded,
    integers,
    is_constant,
    sizes_of,
)


def filled_like(operation: str, value: float) -> Function:
    """Make the recipe of a tensor of the same shape with one value throughout."""

    def recipe(
        b: Builder,
        input: Any,
        dtype: Any = None,
        name: Any = None,
        optimize: Any = True,
    ) -> Any:
        del name, optimize
        if isinstance(input, Array):
            return Array(values=_filled(input.values, value), dtype=input.dtype)
        taken = tensor_of(input)
        if dtype is not None:
            taken = cast(b, taken, dtype)
        return b.operation(operation, taken, shape=taken.shape, dtype=taken.dtype)

    return recipe


def _filled(values: Any, value: float) -> Any:
    if isinstance(values, (list, tuple)):
        return [_filled(one, value) for one in values]
    return value


def constant(
    b: Builder, value: Any, dtype: Any = None, shape: Any = None, name: Any = None, **_: Any
) -> Any:
    """Give a constant."""
    del b, name
    values = value.values if isinstance(value, Array) else value
    if isinstance(value, (Tensor, Extent, Sizes)):
        return value
    if not is_constant(values):
        raise Inexpressible("one of its constants is not known")
    kind = dtype_named(dtype) if dtype is not None else None
    if kind is None:
        kind = (value.dtype if isinstance(value, Array) else None) or natural_dtype(values)
    array = Array(values=values, dtype=kind)
    if shape is None:
        return array
    sizes = integers(shape, "shape")
    count = 1
    for one in sizes:
        count *= bounded(one, "shape")
        bounded(count, "shape")
    row = flat(values)
    row = row + [row[-1]] * (count - len(row)) if row else row
    return reshaped_constant(Array(values=row, dtype=kind), sizes)


def shape(b: Builder, input: Any, out_type: Any = None, name: Any = None, **_: Any) -> Sizes:
    """Give the lengths of the axes."""
    del b, out_type, name
    return sizes_of(tensor_of(input))


def rank(b: Builder, input: Any, name: Any = None) -> int:
    """Give the number of axes."""
    del b, name
    return tensor_of(input).known_rank()


def identity(b: Builder, input: Any, name: Any = None) -> Any:
    """Give the same."""
    del b, name
    return input


def stop_gradient(b: Builder, input: Any, name: Any = None) -> Tensor:
    """Give the same, which is not trained through."""
    del name
    taken = tensor_of(input)
    return b.operation("core.StopGradient", taken, shape=taken.shape, dtype=taken.dtype)


FUNCTIONS: dict[str, Function] = {
    "zeros_like": filled_like("numpy.ZerosLike", 0.0),
    "ones_like": filled_like("numpy.OnesLike", 1.0),
    "constant": constant,
    "convert_to_tensor": constant,
    "shape": shape,
    "rank": rank,
    "identity": identity,
    "stop_gradient": stop_gradient,
}
ALIASES = {"zeros_like_v2": "zeros_like", "ones_like_v2": "ones_like"}
