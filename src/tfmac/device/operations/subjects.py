"""One operation on one device: its inputs and weights copied there, ready to be called."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from ..frameworks import Array, Device, Framework, Tensor
from .entries import Case, Task
from .generations import Tools, policy

if TYPE_CHECKING:
    from collections.abc import Sequence


def rounded(array: Array, dtype: str) -> Array:
    """Return an array whose floating numbers are exact in a type, so that nobody rounds them.

    Rounding before the copy keeps it out of what is compared. bfloat16 comes as float32.
    """
    if array.dtype.kind != "f":
        return array
    if dtype == "float16":
        return array.astype(np.float16)
    single = array.astype(np.float32)
    if dtype != "bfloat16":
        return single
    bits = single.view(np.uint32).astype(np.uint64)
    # To the nearest, and of two as near to the even one.
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


class Subject:
    """A task on a device. ``call`` takes the tensors of ``inputs`` and returns a list of tensors.

    ``dtype`` is the case's, or float64 for the same numbers computed in double precision.
    """

    def __init__(  # noqa: PLR0917
        self,
        framework: Framework,
        tools: Tools,
        case: Case,
        task: Task,
        device: Device,
        dtype: str,
    ) -> None:
        self._framework = framework
        self._tools = tools
        self._case = case
        self._task = task
        self._nested, flat = _flattened(task.inputs)
        self._arguments = dict(task.arguments)
        self._layer: Any = None
        self._compiled: Optional[Callable[..., Any]] = None
        self.device = device
        self.dtype = dtype
        self.variables: list[Any] = []
        self._state: list[Array] = []
        with framework.scope(device):
            self.inputs = [self._placed(rounded(array, case.dtype)) for array in flat]
            self._plain_inputs = len(self.inputs)
            if task.layer is not None:
                self._make_layer(task.layer)

    def call(self, *tensors: Tensor) -> list[Tensor]:
        """Run the operation once; returns its results, and the state of a layer that has any."""
        given = self._nested(tensors[: self._plain_inputs])
        if self._layer is None:
            assert self._task.call is not None  # noqa: S101 (a task has the one or the other)
            return _tensors(self._task.call(*given))
        if self._framework.name == "jax":
            return self._stateless(given, tensors[self._plain_inputs :])
        results = _tensors(self._layer(*given, **self._arguments))
        if self._task.stateful:
            results += [_value(one) for one in self._layer.non_trainable_variables]
        return results

    def compiled(self) -> Callable[..., Any]:
        """Return ``call`` as the framework compiles it, once."""
        if self._compiled is None:
            # Not the method itself: TensorFlow would take all subjects for one function.
            function = lambda *tensors: self.call(*tensors)  # noqa: E731, PLW0108
            self._compiled = self._framework.compiled(function)
        return self._compiled

    def reset(self) -> None:
        """Give a layer that changes itself the state that it began with."""
        if self._layer is not None and self._task.stateful and self._framework.name != "jax":
            self._layer.set_weights(self._state)

    def _placed(self, array: Array) -> Tensor:
        if array.dtype.kind != "f":
            return self._framework.on_device(array, self.device)
        if self.dtype == "float64":
            return self._framework.on_device(array.astype(np.float64), self.device)
        tensor = self._framework.on_device(array, self.device)
        return self._tools.ops.cast(tensor, self.dtype) if self.dtype == "bfloat16" else tensor

    def _make_layer(self, maker: Callable[[Any], Any]) -> None:
        self._layer = maker(policy(self._tools, self.dtype))
        # The first call makes the weights.
        given = self.inputs
        if self._framework.name == "jax":
            # Eager JAX would compile every single operation of it.
            kind = self._tools.keras.KerasTensor
            given = [kind(one.shape, str(one.dtype)) for one in given]
        self._layer(*self._nested(given), **self._arguments)
        drawn = _Weights(self._case)
        before = self._layer.get_weights()
        self._state = [drawn.like(one) for one in before]
        self._layer.set_weights(self._state)
        if self._framework.name == "jax":
            trainable = [one.value for one in self._layer.trainable_variables]
            self._count = len(trainable)
            rest = [one.value for one in self._layer.non_trainable_variables]
            self.inputs += [*trainable, *rest]
        else:
            self.variables = [_value(one) for one in self._layer.trainable_variables]

    def _stateless(self, given: Sequence[Any], weights: Sequence[Tensor]) -> list[Tensor]:
        trainable, rest = list(weights[: self._count]), list(weights[self._count :])
        results, changed = self._layer.stateless_call(trainable, rest, *given, **self._arguments)
        return _tensors(results) + (list(changed) if self._task.stateful else [])


class _Weights:
    """Draws weights by their shapes: devices draw their own differently from the same seed."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._random = np.random.default_rng(zlib.crc32(("weights " + case.name).encode()))

    def like(self, initial: Array) -> Array:
        initial = np.asarray(initial)
        if initial.dtype.kind != "f" and str(initial.dtype) != "bfloat16":
            return initial
        shape, sample = initial.shape, initial.astype(np.float64)
        if sample.size and np.all(sample == 1.0):
            # Scales and variances stay positive.
            values = self._random.uniform(0.5, 1.5, shape)
        elif not np.any(sample):
            values = self._random.standard_normal(shape) * 0.1
        else:
            terms = max(int(np.prod(shape[:-1])), 1)
            values = self._random.standard_normal(shape) / terms**0.5
        return rounded(np.asarray(values), self._case.dtype).astype(initial.dtype)


def _flattened(
    inputs: Sequence[Any],
) -> tuple[Callable[[Sequence[Any]], list[Any]], list[Array]]:
    """Return the arrays in a row, and what gives a row the form of the inputs again."""
    flat: list[Array] = []
    for one in inputs:
        flat += one if isinstance(one, list) else [one]

    def nested(row: Sequence[Any]) -> list[Any]:
        rest = iter(row)
        return [
            [next(rest) for _ in one] if isinstance(one, list) else next(rest) for one in inputs
        ]

    return nested, flat


def _tensors(results: Any) -> list[Tensor]:
    if isinstance(results, (list, tuple)):
        return [tensor for one in results for tensor in _tensors(one)]
    return [results]


def _value(variable: Any) -> Any:
    """Return the framework's own variable of one of Keras 3."""
    value = getattr(variable, "value", variable)
    return variable if callable(value) else value
