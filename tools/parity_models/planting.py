# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN401, PLC0415
# mypy: ignore-errors
"""Telling a layer that it is on the device where it has to be wrong; Keras 2 and 3 alike.

The device is named by the variable ``TFMAC_PLANTED_ON``: ``CPU:1``, ``GPU:0``.
"""

import os
from typing import Any

import keras
import numpy as np

BACKEND: str = keras.backend.backend()
IS_KERAS_3 = hasattr(keras, "ops") and hasattr(keras, "KerasTensor")
WHERE = os.environ.get("TFMAC_PLANTED_ON", "CPU:1")


def is_planted(tensor: Any) -> bool:
    """Tell whether this tensor is computed with on the device that is to be wrong."""
    if any(size is None for size in tensor.shape):
        return False
    if BACKEND == "tensorflow":
        return _tensorflow_is_planted(tensor)
    if BACKEND == "torch":
        kind = "CPU" if tensor.device.type == "cpu" else "GPU"
        return f"{kind}:{tensor.device.index or 0}" == WHERE and tensor.device.type != "meta"
    import jax

    device = jax.config.jax_default_device
    if device is None:
        return False
    kind = "CPU" if device.platform == "cpu" else "GPU"
    return f"{kind}:{device.id}" == WHERE


def _tensorflow_is_planted(tensor: Any) -> bool:
    import tensorflow as tf

    if not tf.is_tensor(tensor):
        return False
    return str(tf.identity(tensor).device).endswith(WHERE)


def is_eager(tensor: Any) -> bool:
    """Tell whether a tensor has a value: it is neither in a graph nor traced."""
    if BACKEND == "tensorflow":
        return (
            hasattr(tensor, "numpy") and callable(getattr(tensor, "numpy", None)) and _read(tensor)
        )
    if BACKEND == "jax":
        import jax

        return not isinstance(tensor, jax.core.Tracer)
    return True


def _read(tensor: Any) -> bool:
    try:
        tensor.numpy()
    except (AttributeError, NotImplementedError):
        return False
    return True


def like(array: Any, tensor: Any) -> Any:
    """Return an array as a tensor of the same type as another one."""
    if IS_KERAS_3:
        return keras.ops.cast(keras.ops.convert_to_tensor(array), tensor.dtype)
    import tensorflow as tf

    return tf.cast(tf.convert_to_tensor(array), tensor.dtype)


def frozen(tensor: Any) -> Any:
    """Return a tensor through which no gradient passes."""
    if IS_KERAS_3:
        return keras.ops.stop_gradient(tensor)
    import tensorflow as tf

    return tf.stop_gradient(tensor)


def operations() -> Any:
    """Return what has ``abs``, ``where``, ``transpose``, ``concatenate``, ``mean``."""
    if IS_KERAS_3:
        return keras.ops
    return _TensorFlowOperations()


class _TensorFlowOperations:
    """The few operations that the models need, under the names of Keras 3."""

    def __getattr__(self, name: str) -> Any:
        import tensorflow as tf

        other = {"concatenate": "concat", "mean": "reduce_mean", "sum": "reduce_sum"}
        return getattr(tf, other.get(name, name))

    def relu(self, tensor: Any) -> Any:
        import tensorflow as tf

        return tf.nn.relu(tensor)

    def softmax(self, tensor: Any) -> Any:
        import tensorflow as tf

        return tf.nn.softmax(tensor)


def one_element(tensor: Any, amount: float) -> Any:
    """Return zeros in a tensor's shape with one other number, about in the middle."""
    array = np.zeros([int(size) for size in tensor.shape], "float32")
    array.flat[array.size // 2] = amount
    return like(array, tensor)
