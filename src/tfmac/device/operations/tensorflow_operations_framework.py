"""Functions of ``keras.ops`` for Keras 2, by TensorFlow's own of the same meaning.

What Keras 2's users call is TensorFlow: so that is what is compared there.
"""

from __future__ import annotations

from typing import Any, Callable

import tensorflow as tf


def _to_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of TensorFlow take ``axis`` as its second parameter, everything else no."""

    def called(x: Any, axis: Any = None) -> Any:
        return function(x, axis=axis)

    return called


_MATH = [
    "exp",
    "expm1",
    "log",
    "log1p",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "erf",
    "floor",
    "ceil",
    "round",
    "sigmoid",
    "softplus",
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "negative",
    "sign",
    "square",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "divide",
    "logical_and",
    "logical_or",
    "logical_xor",
]
for _name in _MATH:
    globals()[_name] = getattr(tf.math, _name)
isnan, isfinite = tf.math.is_nan, tf.math.is_finite
arcsin, arccos, arctan = tf.math.asin, tf.math.acos, tf.math.atan
arcsinh, arccosh, arctanh = tf.math.asinh, tf.math.acosh, tf.math.atanh
arctan2, absolute, power, mod = tf.math.atan2, tf.math.abs, tf.math.pow, tf.math.floormod
floor_divide, log_sigmoid = tf.math.floordiv, tf.math.log_sigmoid
softsign, silu, elu, selu = tf.nn.softsign, tf.nn.silu, tf.nn.elu, tf.nn.selu
relu, relu6, leaky_relu = tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu
gelu, hard_sigmoid = tf.keras.activations.gelu, tf.keras.activations.hard_sigmoid
bitwise_and, bitwise_or = tf.bitwise.bitwise_and, tf.bitwise.bitwise_or
bitwise_xor = tf.bitwise.bitwise_xor
bitwise_left_shift, bitwise_right_shift = tf.bitwise.left_shift, tf.bitwise.right_shift
where, clip, cast, expand_dims = tf.where, tf.clip_by_value, tf.cast, tf.expand_dims
matmul, einsum, tensordot = tf.linalg.matmul, tf.einsum, tf.tensordot
dot, cross, transpose = tf.linalg.matmul, tf.linalg.cross, tf.transpose
cholesky, inv, det, solve = tf.linalg.cholesky, tf.linalg.inv, tf.linalg.det, tf.linalg.solve
trace, reshape, tile = tf.linalg.trace, tf.reshape, tf.tile
roll, concatenate, stack, repeat = tf.roll, tf.concat, tf.stack, tf.repeat
broadcast_to, take, one_hot = tf.broadcast_to, tf.gather, tf.one_hot
diag, searchsorted, in_top_k = tf.linalg.diag, tf.searchsorted, tf.math.in_top_k
logsumexp, norm = tf.math.reduce_logsumexp, tf.norm
sum, mean, prod = tf.math.reduce_sum, tf.math.reduce_mean, tf.math.reduce_prod  # noqa: A001
max, min = tf.math.reduce_max, tf.math.reduce_min  # noqa: A001
std, var = tf.math.reduce_std, tf.math.reduce_variance
any, all = tf.math.reduce_any, tf.math.reduce_all  # noqa: A001
count_nonzero = tf.math.count_nonzero
cumsum, cumprod = tf.math.cumsum, tf.math.cumprod
softmax, log_softmax = _to_last(tf.nn.softmax), _to_last(tf.nn.log_softmax)
argmax, argmin = _to_last(tf.math.argmax), _to_last(tf.math.argmin)
argsort, sort, top_k = _to_last(tf.argsort), _to_last(tf.sort), tf.math.top_k


def take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    """Gather along the last axis."""
    return tf.gather(x, indices, axis=axis, batch_dims=len(x.shape) - 1)


def scatter(indices: Any, values: Any, shape: Any) -> Any:
    """Add values into zeros."""
    return tf.scatter_nd(indices, values, shape)


def scatter_update(x: Any, indices: Any, updates: Any) -> Any:
    """Exchange values at places."""
    return tf.tensor_scatter_nd_update(x, indices, updates)


def segment_sum(x: Any, segments: Any, num_segments: int) -> Any:
    """Sum by segments."""
    return tf.math.unsorted_segment_sum(x, segments, num_segments)


def outer(x: Any, y: Any) -> Any:
    """Multiply each with each."""
    return tf.tensordot(x, y, axes=0)


def tril(x: Any) -> Any:
    """Keep the lower triangle."""
    return tf.linalg.band_part(x, -1, 0)


def triu(x: Any) -> Any:
    """Keep the upper triangle."""
    return tf.linalg.band_part(x, 0, -1)


def flip(x: Any, axis: int) -> Any:
    """Reverse an axis."""
    return tf.reverse(x, axis=[axis])


def pad(x: Any, widths: Any, mode: str) -> Any:
    """Pad each axis."""
    return tf.pad(x, widths, mode=mode)


def slice(x: Any, start: Any, sizes: Any) -> Any:  # noqa: A001 (the name in keras.ops)
    """Cut a part out."""
    return tf.slice(x, start, sizes)


def meshgrid(*axes: Any) -> Any:
    """Spread vectors over a grid."""
    return tf.meshgrid(*axes)


def split(x: Any, places: Any, axis: int) -> Any:
    """Divide an axis at places; TensorFlow's own takes sizes."""
    bounds = [0, *places, x.shape[axis]]
    sizes = [end - start for start, end in zip(bounds, bounds[1:])]
    return tf.split(x, sizes, axis=axis)


def swapaxes(x: Any, _first: int, _second: int) -> Any:
    """Transpose matrices."""
    return tf.linalg.matrix_transpose(x)


def resize(x: Any, size: Any, interpolation: str) -> Any:
    """Resize images."""
    return tf.image.resize(x, size, method=interpolation)


def svd(x: Any, full_matrices: bool) -> Any:  # noqa: FBT001 (as in keras.ops)
    """Decompose by singular values, in NumPy's order."""
    values, left, right = tf.linalg.svd(x, full_matrices=full_matrices)
    return left, values, tf.linalg.matrix_transpose(right)


def qr(x: Any) -> Any:
    """Decompose into an orthogonal and a triangular matrix."""
    return tf.linalg.qr(x)


def eigh(x: Any) -> Any:
    """Return eigenvalues and vectors of a symmetric matrix."""
    return tf.linalg.eigh(x)


def solve_triangular(matrix: Any, right: Any, lower: bool) -> Any:  # noqa: FBT001
    """Solve a triangular system."""
    return tf.linalg.triangular_solve(matrix, right, lower=lower)


def fft(parts: Any) -> Any:
    """Transform the last axis."""
    return _parts(tf.signal.fft(tf.complex(*parts)))


def fft2(parts: Any) -> Any:
    """Transform the last two axes."""
    return _parts(tf.signal.fft2d(tf.complex(*parts)))


def rfft(x: Any) -> Any:
    """Transform real numbers."""
    return _parts(tf.signal.rfft(x))


def _parts(x: Any) -> Any:
    return tf.math.real(x), tf.math.imag(x)
