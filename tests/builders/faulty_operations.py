"""Operations for ``parity --ops`` that are wrong by design on TensorFlow's CPU:1 alone.

This file is run in the interpreter that is measured: ``--ops-from`` names it.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import context

_SHAPES = [(8, 16), (7, 13)]
_calls = [0]


def _tested() -> bool:
    """Tell whether CPU:1 computes: also while a function is traced for it."""
    if os.environ.get("TFMAC_TEST_WITHOUT_FAULTS"):
        return False
    return "CPU:1" in str(context.context().device_name)


def sound(x: Any) -> Any:
    return x * 3.0


def wrong_by_a_percent(x: Any) -> Any:
    return x * (3.03 if _tested() else 3.0)


def wrong_by_a_thousandth(x: Any) -> Any:
    return x * (3.003 if _tested() else 3.0)


@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
def wrong_when_compiled(x: Any) -> Any:
    # A tensor of a graph has no value yet.
    return x + (0.5 if _tested() and not hasattr(x, "numpy") else 0.0)


def wrong_at_odd_sizes(x: Any) -> Any:
    return x + (0.5 if _tested() and x.shape[-1] % 2 else 0.0)


def wrong_in_one_number(x: Any) -> Any:
    flat = tf.reshape(x, (-1,))
    bump = tf.one_hot(5, flat.shape[0], dtype=flat.dtype)
    return flat + (bump if _tested() else 0.0 * bump)


def gives_nan(x: Any) -> Any:
    return x * (float("nan") if _tested() else 1.0)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def wrong_gradient(x: Any) -> Any:
    def gradient(upstream: Any) -> Any:
        return upstream * (2.2 if _tested() else 2.0)

    return x * 2.0, gradient


def unsteady(x: Any) -> Any:
    _calls[0] += 1
    return x + (0.1 * _calls[0] if _tested() and tf.executing_eagerly() else 0.0)


def without_kernel(x: Any) -> Any:
    if _tested():
        raise NotImplementedError("No OpKernel was registered to support this")
    return x


def refuses(x: Any) -> Any:
    if _tested():
        raise RuntimeError("this device does not like that")
    return x


def refuses_everywhere(_x: Any) -> Any:
    raise RuntimeError("nobody can do that")


def loses_the_device(x: Any) -> Any:
    if _tested():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    return x


def dies(x: Any) -> Any:
    if _tested():
        os.kill(os.getpid(), signal.SIGSEGV)
    return x


def aborts(x: Any) -> Any:
    if _tested():
        os.abort()
    return x


def dies_on_the_reference(x: Any) -> Any:
    if not _tested():
        os.kill(os.getpid(), signal.SIGSEGV)
    return x


def hangs(x: Any) -> Any:
    while _tested():
        time.sleep(60)
    return x


def _operation(function: Callable[[Any], Any], **more: Any) -> "dict[str, Any]":
    return {"name": function.__name__, "function": function, "shapes": _SHAPES, **more}


_ONE = {"dtypes": ["float32"], "shapes": [(8, 16)]}
OPERATIONS = [
    _operation(sound),
    _operation(wrong_by_a_percent),
    _operation(wrong_by_a_thousandth, dtypes=["float32"]),
    _operation(wrong_when_compiled, dtypes=["float32"]),
    _operation(wrong_at_odd_sizes, dtypes=["float32"]),
    _operation(wrong_in_one_number),
    _operation(gives_nan),
    _operation(wrong_gradient),
    _operation(unsteady, dtypes=["float32"], gradient=False),
    _operation(without_kernel, dtypes=["float32"]),
    _operation(refuses, **_ONE),
    _operation(refuses_everywhere, **_ONE),
    _operation(loses_the_device, **_ONE),
    _operation(dies, **_ONE),
    _operation(aborts, **_ONE),
    _operation(dies_on_the_reference, **_ONE),
    _operation(hangs, **_ONE),
    {**_operation(sound), "name": "sound_again"},
]
