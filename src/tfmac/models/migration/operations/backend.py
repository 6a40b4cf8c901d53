"""Functions of ``keras.backend`` and ``keras.activations`` of Keras 1 and 2."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401, FBT002

from typing import Any

from tfmac.models.migration.operations import (
    elementwise,
    filling,
    images,
    indexing,
    joining,
    linear,
    neural,
    reductions,
    shaping,
)
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import Function, tensor_of
from tfmac.models.migration.operations.values import (
    Inexpressible,
    Sizes,
    Tensor,
    integer,
    integers,
    is_number,
    sizes_of,
)

_E, _R, _N = elementwise.FUNCTIONS, reductions.FUNCTIONS, neural.FUNCTIONS


def _as(function: Function, *names: str, **defaults: Any) -> Function:
    """Let a recipe be called with the names that ``keras.backend`` gives its arguments."""

    def recipe(b: Builder, *args: Any, **kwargs: Any) -> Any:
        if len(args) > len(names) or not set(kwargs) <= set(names):
            raise Inexpressible("it is called with arguments that are not known")
        given = {**defaults, **dict(zip(names, args)), **kwargs}
        ordered = [given.pop(name) for name in names if name in given]
        return function(b, *ordered)

    return recipe


def _reduction(name: str) -> Function:
    def recipe(b: Builder, x: Any, axis: Any = None, keepdims: Any = False) -> Tensor:
        taken = tensor_of(x)
        if name in {"reduce_mean", "reduce_variance", "reduce_std", "reduce_any", "reduce_all"}:
            of_truth = name in {"reduce_any", "reduce_all"}
            if (taken.dtype == "bool") is not of_truth:
                taken = tensor_of(elementwise.cast(b, taken, "bool" if of_truth else "float32"))
        return tensor_of(_R[name](b, taken, axis, keepdims))

    return recipe


def int_shape(b: Builder, x: Any) -> Any:
    """Give the lengths of the axes; None for those that are only known when it runs."""
    del b
    if tensor_of(x).shape is None:
        raise Inexpressible("it is not known how many axes its input has")
    return tuple(one if isinstance(one, int) else None for one in tensor_of(x).shape or ())


def batch_flatten(b: Builder, x: Any) -> Tensor:
    """Give one row for each example."""
    taken = tensor_of(x)
    shape = taken.shape
    row: Any = None
    if shape is not None and all(isinstance(one, int) for one in shape[1:]):
        row = 1
        for one in shape[1:]:
            row *= one
    if row is None:
        raise Inexpressible("how long its rows are is not known")
    known = (shape[0] if shape else None, row)
    config = {"newshape": [-1, row]}
    return b.operation("numpy.Reshape", taken, config=config, shape=known, dtype=taken.dtype)


def repeat_elements(b: Builder, x: Any, rep: Any, axis: Any) -> Tensor:
    """Repeat each element along an axis."""
    return joining.repeat(b, x, rep, axis)


def repeat_rows(b: Builder, x: Any, n: Any) -> Tensor:
    """Repeat each row of a matrix, along a new axis."""
    if tensor_of(x).known_rank() != 2:
        raise Inexpressible("it repeats what is no matrix")
    return joining.tile(b, shaping.expand_dims(b, x, 1), [1, integer(n, "number"), 1])


def tile(b: Builder, x: Any, n: Any) -> Tensor:
    """Repeat the whole along axes."""
    return joining.tile(b, x, [n] if isinstance(n, int) else n)


def clip(b: Builder, x: Any, min_value: Any, max_value: Any) -> Any:
    """Keep values between two bounds, one of which may be missing."""
    low = -float("inf") if min_value is None else min_value
    high = float("inf") if max_value is None else max_value
    if is_number(low) and is_number(high) and high < low:
        high = low
    return elementwise.clipped(b, x, low, high)


def _whole_sqrt(b: Builder, x: Any) -> Tensor:
    """Give the root; that of negative values is 0."""
    taken = elementwise.real(x)
    return tensor_of(_E["sqrt"](b, _E["maximum"](b, taken, 0.0)))


def _pads(axes: int) -> Function:
    """Make the recipe of adding zeros around images or series."""

    def recipe(b: Builder, x: Any, padding: Any = None, data_format: Any = None) -> Tensor:
        if data_format == "channels_first":
            raise Inexpressible("its channels come first")
        if axes == 1:
            rows = [list(integers((1, 1) if padding is None else padding, "padding"))]
        else:
            default = ((1, 1),) * axes
            rows = [list(integers(one, "padding")) for one in (padding or default)]
        return joining.pad(b, x, [[0, 0], *rows, [0, 0]])

    return recipe


def one_hot(b: Builder, indices: Any, num_classes: Any) -> Tensor:
    """Give a row with a 1 at each place."""
    return indexing.one_hot(b, indices, num_classes)


def switch(b: Builder, condition: Any, then_expression: Any, else_expression: Any) -> Tensor:
    """Choose between two, where both have the condition's shape."""
    taken = tensor_of(condition)
    first = tensor_of(then_expression)
    if taken.rank is None or taken.rank != first.rank:
        raise Inexpressible("its condition has another shape than what it chooses from")
    return indexing.where(b, taken, first, else_expression)


def reverse(b: Builder, x: Any, axes: Any) -> Tensor:
    """Turn the order along axes around."""
    return shaping.reverse(b, x, [axes] if isinstance(axes, int) else axes)


def concatenate(b: Builder, tensors: Any, axis: Any = -1) -> Any:
    """Join along an axis."""
    return joining.concat(b, tensors, axis)


def squeeze(b: Builder, x: Any, axis: Any) -> Tensor:
    """Take an axis of length 1 away."""
    return shaping.squeeze(b, x, axis)


def power(b: Builder, x: Any, a: Any) -> Any:
    """Raise to a power."""
    return _E["pow"](b, x, a)


def shape(b: Builder, x: Any) -> Sizes:
    """Give the lengths of the axes."""
    del b
    return sizes_of(tensor_of(x))


def ndim(b: Builder, x: Any) -> int:
    """Give the number of axes."""
    del b
    return tensor_of(x).known_rank()


def dtype(b: Builder, x: Any) -> str:
    """Give the name of the type."""
    del b
    found = tensor_of(x).dtype
    if found is None:
        raise Inexpressible("the type of its input is not known")
    return found


def constant(b: Builder, value: Any, dtype: Any = None, shape: Any = None, name: Any = None) -> Any:
    """Give a constant, of real numbers unless it says otherwise."""
    return filling.constant(b, value, dtype or "float32", shape, name)


def gather(b: Builder, reference: Any, indices: Any) -> Any:
    """Take some along the first axis."""
    return indexing.gather(b, reference, indices)


def softmax(b: Builder, x: Any, axis: Any = -1) -> Tensor:
    """Make a distribution along an axis."""
    return tensor_of(_N["nn.softmax"](b, x, axis))


def epsilon(b: Builder) -> float:
    """Give the small number that Keras adds, unless it was told another."""
    del b
    return 1e-7


def _floatx(b: Builder) -> str:
    del b
    return "float32"


def linear_activation(b: Builder, x: Any) -> Any:
    """Give the same."""
    del b
    return x


def gelu(b: Builder, x: Any, approximate: Any = False) -> Tensor:
    """Weigh by the normal distribution."""
    return tensor_of(_N["nn.gelu"](b, x, approximate))


_ONE = {
    **{name: name for name in ("abs", "square", "exp", "log", "round", "sign", "sin", "cos")},
    **{name: name for name in ("sigmoid", "tanh", "softplus")},
    "softsign": "nn.softsign",
}
_TWO = ("maximum", "minimum", "equal", "not_equal", "greater", "greater_equal", "less")
_REDUCTIONS = {
    "sum": "reduce_sum",
    "mean": "reduce_mean",
    "max": "reduce_max",
    "min": "reduce_min",
    "prod": "reduce_prod",
    "var": "reduce_variance",
    "std": "reduce_std",
    "any": "reduce_any",
    "all": "reduce_all",
    "logsumexp": "reduce_logsumexp",
}
_BACKEND: dict[str, Function] = {
    **{name: _as(_E[function], "x") for name, function in _ONE.items()},
    **{name: _as(_E[name], "x", "y") for name in (*_TWO, "less_equal")},
    **{name: _reduction(function) for name, function in _REDUCTIONS.items()},
    "sqrt": _whole_sqrt,
    "pow": power,
    "clip": clip,
    "cast": _as(elementwise.cast, "x", "dtype"),
    "argmax": _as(_R["argmax"], "x", "axis", axis=-1),
    "argmin": _as(_R["argmin"], "x", "axis", axis=-1),
    "cumsum": _as(_R["cumsum"], "x", "axis", axis=0),
    "cumprod": _as(_R["cumprod"], "x", "axis", axis=0),
    "l2_normalize": _as(reductions.l2_normalize, "x", "axis"),
    "expand_dims": _as(shaping.expand_dims, "x", "axis", axis=-1),
    "squeeze": squeeze,
    "concatenate": concatenate,
    "reshape": _as(shaping.reshape, "x", "shape"),
    "permute_dimensions": _as(shaping.transpose, "x", "pattern"),
    "transpose": _as(shaping.transpose, "x"),
    "repeat_elements": repeat_elements,
    "repeat": repeat_rows,
    "tile": tile,
    "flatten": lambda b, x: shaping.reshape(b, x, [-1]),
    "batch_flatten": batch_flatten,
    "stack": _as(joining.stack, "x", "axis", axis=0),
    "reverse": reverse,
    "zeros_like": filling.FUNCTIONS["zeros_like"],
    "ones_like": filling.FUNCTIONS["ones_like"],
    "constant": constant,
    "identity": filling.FUNCTIONS["identity"],
    "stop_gradient": filling.stop_gradient,
    "spatial_2d_padding": _pads(2),
    "spatial_3d_padding": _pads(3),
    "temporal_padding": _pads(1),
    "one_hot": one_hot,
    "switch": switch,
    "gather": gather,
    "dot": linear.backend_dot,
    "batch_dot": linear.batch_dot,
    "resize_images": images.backend_resize,
    "relu": neural.relu_of,
    "elu": neural.elu,
    "softmax": softmax,
    "hard_sigmoid": neural.hard_sigmoid,
    "int_shape": int_shape,
    "shape": shape,
    "ndim": ndim,
    "dtype": dtype,
    "epsilon": epsilon,
    "floatx": _floatx,
    "bias_add": neural.bias_add,
}
_ACTIVATIONS: dict[str, Function] = {
    **{name: _BACKEND[name] for name in ("relu", "elu", "softmax", "hard_sigmoid", "tanh")},
    **{name: _BACKEND[name] for name in ("sigmoid", "softplus", "softsign")},
    "exponential": _as(_E["exp"], "x"),
    "linear": linear_activation,
    "selu": _as(_E["nn.selu"], "x"),
    "swish": _as(neural.silu, "x"),
    "gelu": gelu,
}
FUNCTIONS: dict[str, Function] = {
    **{f"keras.backend.{name}": function for name, function in _BACKEND.items()},
    **{f"keras.activations.{name}": function for name, function in _ACTIVATIONS.items()},
}
"""``image_data_format`` is not among them: it was the setting of the machine that wrote it."""
