"""Functions that take several elements together."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: A002, ANN401, FBT002, PLR0917

from typing import Any, Optional

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import FUNCTIONS as ELEMENTWISE
from tfmac.models.migration.operations.elementwise import (
    Function,
    cast,
    dtype_named,
    real,
    tensor_of,
)
from tfmac.models.migration.operations.values import (
    FLOATS,
    INTEGERS,
    Inexpressible,
    Shape,
    Tensor,
    axes_of,
    axis_of,
    flag,
)

# What Keras calculates in the type of its input as TensorFlow does.
_SAME_TYPE = FLOATS | {"int32", "int64"}


def reduced(shape: Shape, axes: Optional[tuple[int, ...]], *, keepdims: bool) -> Shape:
    """Give the shape that is left of one."""
    if axes is None:
        if not keepdims:
            return ()
        return None if shape is None else (1,) * len(shape)
    if shape is None:
        return None
    if keepdims:
        return tuple(1 if at in axes else one for at, one in enumerate(shape))
    return tuple(one for at, one in enumerate(shape) if at not in axes)


def _reduction(operation: str, only: frozenset[str], result: Optional[str] = None) -> Function:
    def recipe(
        b: Builder,
        input_tensor: Any,
        axis: Any = None,
        keepdims: Any = None,
        name: Any = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        del name
        taken = tensor_of(input_tensor)
        if taken.dtype not in only:
            raise Inexpressible(f"the result depends on its input's type, which is {taken.dtype}")
        axes = axes_of(reduction_indices if axis is None else axis, taken.rank)
        keeps = flag(keepdims, "keepdims") or flag(keep_dims, "keep_dims")
        if axes == ():
            raise Inexpressible("it is over no axis")
        # Before Keras 3.11 some operations take one axis, or all, and no list of one.
        given: Any = axes if axes is None or len(axes) > 1 else axes[0]
        return b.operation(
            operation,
            taken,
            config={"axis": list(given) if isinstance(given, tuple) else given, "keepdims": keeps},
            shape=reduced(taken.shape, axes, keepdims=keeps),
            dtype=result or taken.dtype,
        )

    return recipe


def _arg(operation: str) -> Function:
    def recipe(
        b: Builder,
        input: Any,
        axis: Any = None,
        output_type: Any = "int64",
        name: Any = None,
        dimension: Any = None,
    ) -> Tensor:
        del name
        taken = tensor_of(input)
        chosen = dimension if axis is None else axis
        at = axis_of(0 if chosen is None else chosen, taken.rank)
        found = b.operation(
            operation,
            taken,
            config={"axis": at},
            shape=reduced(taken.shape, (at,), keepdims=False) if taken.rank else None,
            dtype="int32",
        )
        result = cast(b, found, dtype_named(output_type))
        return tensor_of(result)

    return recipe


def _cumulative(operation: str) -> Function:
    def recipe(
        b: Builder,
        x: Any,
        axis: Any = 0,
        exclusive: Any = False,
        reverse: Any = False,
        name: Any = None,
    ) -> Tensor:
        del name
        if flag(exclusive, "exclusive"):
            raise Inexpressible("it leaves the element itself out")
        taken = tensor_of(x)
        if taken.dtype not in _SAME_TYPE:
            raise Inexpressible(f"the result depends on its input's type, which is {taken.dtype}")
        at = axis_of(axis, taken.rank)
        known: dict[str, Any] = {"shape": taken.shape, "dtype": taken.dtype}
        turned = flag(reverse, "reverse")
        flip = {"axis": at}
        current = b.operation("numpy.Flip", taken, config=flip, **known) if turned else taken
        current = b.operation(operation, current, config={"axis": at}, **known)
        return b.operation("numpy.Flip", current, config=flip, **known) if turned else current

    return recipe


def logsumexp(
    b: Builder, input_tensor: Any, axis: Any = None, keepdims: Any = None, name: Any = None
) -> Tensor:
    """Give the logarithm of the sum of the exponentials, with the largest taken out."""
    del name
    taken = real(input_tensor)
    axes = axes_of(axis, taken.rank)
    keeps = flag(keepdims, "keepdims")
    whole = _FUNCTIONS["reduce_max"](b, taken, axes, keepdims=True)
    # The largest is no number to take out where it is infinite.
    finite = b.operation("numpy.Isfinite", whole, shape=whole.shape, dtype="bool")
    offset = b.operation("numpy.Where", finite, whole, 0.0, shape=whole.shape, dtype=taken.dtype)
    rest = ELEMENTWISE["exp"](b, ELEMENTWISE["subtract"](b, taken, offset))
    logarithm = ELEMENTWISE["log"](b, _FUNCTIONS["reduce_sum"](b, rest, axes, keepdims=True))
    result = tensor_of(ELEMENTWISE["add"](b, logarithm, offset))
    if keeps:
        return result
    return _FUNCTIONS["reduce_max"](b, result, axes, keepdims=False)  # type: ignore[no-any-return]


def moments(
    b: Builder,
    x: Any,
    axes: Any,
    shift: Any = None,
    keepdims: Any = False,
    name: Any = None,
    keep_dims: Any = None,
) -> tuple[Tensor, Tensor]:
    """Give mean and variance."""
    del name
    if shift is not None:
        raise Inexpressible("it shifts its input")
    taken = real(x)
    keeps = flag(keepdims, "keepdims") or flag(keep_dims, "keep_dims")
    mean = _FUNCTIONS["reduce_mean"](b, taken, axes, keepdims=True)
    difference = ELEMENTWISE["squared_difference"](b, taken, mean)
    variance = _FUNCTIONS["reduce_mean"](b, difference, axes, keepdims=keeps)
    return (mean if keeps else _FUNCTIONS["reduce_mean"](b, taken, axes)), variance


def l2_normalize(
    b: Builder,
    x: Any,
    axis: Any = None,
    epsilon: Any = 1e-12,
    name: Any = None,
    dim: Any = None,
) -> Tensor:
    """Divide by the length of the vectors, which is at least the root of a small number."""
    del name
    taken = real(x)
    squares = _FUNCTIONS["reduce_sum"](
        b, ELEMENTWISE["square"](b, taken), dim if axis is None else axis, keepdims=True
    )
    length = ELEMENTWISE["rsqrt"](b, ELEMENTWISE["maximum"](b, squares, epsilon))
    return tensor_of(ELEMENTWISE["multiply"](b, taken, length))


def norm(
    b: Builder,
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """Give the length of vectors."""
    del name
    taken = real(tensor)
    keeps = flag(keepdims, "keepdims") or flag(keep_dims, "keep_dims")
    axes = axes_of(axis, taken.rank)
    of_vectors = axes is not None and len(axes) == 1
    if ord in {"euclidean", "fro"} or (ord == 2 and of_vectors):
        squares = ELEMENTWISE["square"](b, taken)
        return tensor_of(
            ELEMENTWISE["sqrt"](b, _FUNCTIONS["reduce_sum"](b, squares, axes, keepdims=keeps))
        )
    if ord == 1 and of_vectors:
        absolute = ELEMENTWISE["abs"](b, taken)
        return tensor_of(_FUNCTIONS["reduce_sum"](b, absolute, axes, keepdims=keeps))
    raise Inexpressible(f"it is the norm of order {str(ord)[:20]}")


_FUNCTIONS: dict[str, Function] = {
    "reduce_sum": _reduction("numpy.Sum", _SAME_TYPE),
    "reduce_mean": _reduction("numpy.Mean", FLOATS),
    "reduce_max": _reduction("numpy.Max", FLOATS | INTEGERS),
    "reduce_min": _reduction("numpy.Min", FLOATS | INTEGERS),
    "reduce_prod": _reduction("numpy.Prod", _SAME_TYPE),
    "reduce_variance": _reduction("numpy.Var", FLOATS),
    "reduce_std": _reduction("numpy.Std", FLOATS),
    "reduce_any": _reduction("numpy.Any", frozenset({"bool"}), "bool"),
    "reduce_all": _reduction("numpy.All", frozenset({"bool"}), "bool"),
    "reduce_logsumexp": logsumexp,
    "argmax": _arg("numpy.Argmax"),
    "argmin": _arg("numpy.Argmin"),
    "cumsum": _cumulative("numpy.Cumsum"),
    "cumprod": _cumulative("numpy.Cumprod"),
    "nn.moments": moments,
    "norm": norm,
    "l2_normalize": l2_normalize,
}
FUNCTIONS = _FUNCTIONS
ALIASES = {"nn.l2_normalize": "l2_normalize", "arg_max": "argmax", "arg_min": "argmin"}
