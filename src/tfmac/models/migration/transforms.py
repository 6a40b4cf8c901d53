"""What is done to arrays where the new layer keeps its numbers in another form.

The forms of cuDNN's recurrent layers are those of ``_convert_rnn_weights`` in
keras/src/saving/legacy/hdf5_format.py of Keras 2: the same numbers, arranged otherwise.
"""

from collections.abc import Sequence
from typing import Any, Callable, Optional

_LSTM_GATES, _GRU_GATES = 4, 3


def cudnn_input_kernel(gates: int, values: Any) -> Any:  # noqa: ANN401 - NumPy is imported late
    """Turn the kernel of each gate: cuDNN keeps its columns where rows are wanted."""
    import numpy as np  # noqa: PLC0415 - only who moves arrays has it

    parts = np.hsplit(values, gates)
    return np.hstack([one.T.reshape(one.shape, order="F") for one in parts])


def cudnn_recurrent_kernel(gates: int, values: Any) -> Any:  # noqa: ANN401
    """Transpose the recurrent kernel of each gate."""
    import numpy as np  # noqa: PLC0415

    return np.hstack([one.T for one in np.hsplit(values, gates)])


def _lstm_bias(values: Any) -> Any:  # noqa: ANN401
    """Add the two biases that cuDNN keeps apart."""
    import numpy as np  # noqa: PLC0415

    return np.sum(np.split(values, 2, axis=0), axis=0)


def _gru_bias(values: Any) -> Any:  # noqa: ANN401
    return values.reshape((2, -1))


def _turned(values: Any) -> Any:  # noqa: ANN401
    """Turn a convolution's kernel by half a turn in space, as Theano's convolutions want it."""
    import numpy as np  # noqa: PLC0415

    return np.flip(values, axis=tuple(range(values.ndim - 2)))


TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "cudnn-lstm-kernel": lambda one: cudnn_input_kernel(_LSTM_GATES, one),
    "cudnn-lstm-recurrent-kernel": lambda one: cudnn_recurrent_kernel(_LSTM_GATES, one),
    "cudnn-lstm-bias": _lstm_bias,
    "cudnn-gru-kernel": lambda one: cudnn_input_kernel(_GRU_GATES, one),
    "cudnn-gru-recurrent-kernel": lambda one: cudnn_recurrent_kernel(_GRU_GATES, one),
    "cudnn-gru-bias": _gru_bias,
    "theano-kernel": _turned,
}
"""By the names that ``PlacedArray.transform`` has."""

_CUDNN = {"CuDNNLSTM": ("LSTM", "cudnn-lstm"), "CuDNNGRU": ("GRU", "cudnn-gru")}


def cudnn_transform(old_class: str, new_class: str, key: str) -> Optional[tuple[str, str]]:
    """Give the key in the old layer and the transform, for a variable of the new one."""
    wanted, prefix = _CUDNN.get(old_class, ("", ""))
    if wanted != new_class or "cell/" not in key:
        return None
    above, _, name = key.rpartition("cell/")
    return f"{above}{name}", f"{prefix}-{name.replace('_', '-')}"


def transformed_shape(name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Give the shape of what a transform makes of an array."""
    if name == "cudnn-lstm-bias":
        return (shape[0] // 2,)
    if name == "cudnn-gru-bias":
        return (2, shape[0] // 2)
    return tuple(shape)
