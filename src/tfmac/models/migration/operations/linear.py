"""Products of matrices."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401, FBT002, PLR0917

from typing import Any

from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import FUNCTIONS as ELEMENTWISE
from tfmac.models.migration.operations.elementwise import Function, operand, shape_of, tensor_of
from tfmac.models.migration.operations.shaping import (
    expand_dims,
    matrix_transpose,
    squeeze,
    transpose,
)
from tfmac.models.migration.operations.values import (
    FLOATS,
    Array,
    Inexpressible,
    Shape,
    Tensor,
    broadcast,
    flag,
    integers,
)


def _sides(a: Any, b: Any) -> tuple[Any, Any, str]:
    tensors = [one for one in (a, b) if isinstance(one, Tensor)]
    types = {one.dtype for one in tensors}
    if len(types) != 1 or not types <= FLOATS:
        raise Inexpressible("the types of what it multiplies are not known to be one")
    dtype = str(types.pop())
    return operand(a, dtype), operand(b, dtype), dtype


def matmul(
    b: Builder,
    a: Any,
    b_: Any,
    transpose_a: Any = False,
    transpose_b: Any = False,
    adjoint_a: Any = False,
    adjoint_b: Any = False,
    *,
    a_is_sparse: Any = False,
    b_is_sparse: Any = False,
    output_type: Any = None,
    name: Any = None,
    **_: Any,
) -> Tensor:
    """Multiply matrices."""
    del name
    if a_is_sparse or b_is_sparse or output_type is not None:
        raise Inexpressible("it multiplies sparse matrices, or gives another type")
    first, second, dtype = _sides(a, b_)
    sides = []
    for one, turned in ((first, transpose_a or adjoint_a), (second, transpose_b or adjoint_b)):
        if not flag(turned, "transposition"):
            sides.append(one)
        elif isinstance(one, Tensor):
            sides.append(matrix_transpose(b, one))
        else:
            raise Inexpressible("it transposes a constant")
    shape = matmul_shape(shape_of(sides[0]), shape_of(sides[1]))
    return b.operation("numpy.Matmul", *sides, shape=shape, dtype=dtype)


def matmul_shape(first: Shape, second: Shape) -> Shape:
    """Give the shape of a product of matrices."""
    if first is None or second is None or min(len(first), len(second)) < 2:
        return None
    around = broadcast(first[:-2], second[:-2])
    return None if around is None else (*around, first[-2], second[-1])


def einsum(b: Builder, equation: Any, *inputs: Any, **options: Any) -> Tensor:
    """Multiply and add up as an equation says."""
    if not isinstance(equation, str) or set(options) - {"name", "optimize"}:
        raise Inexpressible("its equation is no constant")
    terms, arrow, result = equation.replace(" ", "").partition("->")
    if not inputs or len(terms.split(",")) != len(inputs) or not arrow:
        raise Inexpressible("the file does not say what it takes")
    dtype = next((one.dtype for one in inputs if isinstance(one, Tensor)), None)
    if dtype not in FLOATS:
        raise Inexpressible("the type of its input is not known")
    sides = [operand(one, dtype) for one in inputs]
    lengths: dict[str, Any] = {}
    for term, side in zip(terms.split(","), sides):
        shape = shape_of(side)
        if shape is not None and len(shape) == len(term):
            lengths.update(zip(term, shape))
    known = all(one in lengths for one in result)
    shape = tuple(lengths[one] for one in result) if known else None
    config = {"subscripts": equation}
    return b.operation("numpy.Einsum", *sides, config=config, shape=shape, dtype=dtype)


def tensordot(b: Builder, a: Any, b_: Any, axes: Any, name: Any = None) -> Tensor:
    """Multiply and add up over axes of both."""
    del name
    first, second, dtype = _sides(a, b_)
    values = axes.values if isinstance(axes, Array) else axes
    form, other = shape_of(first), shape_of(second)
    shape: Shape = None
    if isinstance(values, int):
        if form is not None and other is not None:
            shape = (*form[: len(form) - values], *other[values:])
        given: Any = values
    else:
        if not isinstance(values, (list, tuple)) or len(values) != 2:
            raise Inexpressible("its axes are no constant")
        pairs = [[one] if isinstance(one, int) else list(integers(one, "axes")) for one in values]
        given = pairs
        if form is not None and other is not None:
            left = {one % len(form) for one in pairs[0]}
            right = {one % len(other) for one in pairs[1]}
            kept = [one for at, one in enumerate(form) if at not in left]
            shape = (*kept, *[one for at, one in enumerate(other) if at not in right])
    config = {"axes": given}
    return b.operation("numpy.Tensordot", first, second, config=config, shape=shape, dtype=dtype)


def add_n(b: Builder, inputs: Any, name: Any = None) -> Tensor:
    """Add several."""
    del name
    parts = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    current = tensor_of(parts[0])
    for one in parts[1:]:
        current = ELEMENTWISE["add"](b, current, one)
    return current


def backend_dot(b: Builder, x: Any, y: Any) -> Tensor:
    """Give ``keras.backend.dot``: over the last axis of one and the last but one of the other."""
    first, second, _ = _sides(x, y)
    one, other = shape_of(first), shape_of(second)
    if one is None or other is None:
        raise Inexpressible("it is not known how many axes its inputs have")
    if len(one) == 2 and len(other) == 2:
        return matmul(b, first, second)
    return tensordot(b, first, second, [[len(one) - 1], [max(len(other) - 2, 0)]])


def batch_dot(b: Builder, x: Any, y: Any, axes: Any = None) -> Any:
    """Give ``keras.backend.batch_dot`` for matrices and vectors of each example."""
    first, second = tensor_of(x), tensor_of(y)
    ranks = first.known_rank(), second.known_rank()
    if not all(one in {2, 3} for one in ranks):
        raise Inexpressible("it multiplies more than matrices of each example")
    if axes is None:
        pair = (1, 1) if ranks == (2, 2) else (ranks[0] - 1, 1 if ranks[1] == 2 else ranks[1] - 2)
    elif isinstance(axes, int):
        pair = (axes, axes)
    else:
        left, right = integers(axes, "axes")
        pair = (left, right)
    left, right = pair[0] % ranks[0], pair[1] % ranks[1]
    if 0 in {left, right}:
        raise Inexpressible("it multiplies over the examples")
    rows = expand_dims(b, first, 1) if ranks[0] == 2 else first
    columns = expand_dims(b, second, 2) if ranks[1] == 2 else second
    if ranks[0] == 3 and left == 1:
        rows = transpose(b, rows, (0, 2, 1))
    if ranks[1] == 3 and right == 2:
        columns = transpose(b, columns, (0, 2, 1))
    product = matmul(b, rows, columns)
    if ranks == (2, 2):
        return squeeze(b, product, 1)
    if ranks[0] == 2:
        return squeeze(b, product, 1)
    return squeeze(b, product, 2) if ranks[1] == 2 else product


FUNCTIONS: dict[str, Function] = {
    "matmul": matmul,
    "einsum": einsum,
    "tensordot": tensordot,
    "add_n": add_n,
}
ALIASES = {"batch_matmul": "matmul", "batch_mat_mul_v2": "matmul", "mat_mul": "matmul"}
