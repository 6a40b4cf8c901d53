"""TensorFlow as ``frameworks.Framework``: devices by ``tf.config``, placement by ``tf.device``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Callable

import tensorflow as tf

from .frameworks import Array, Device, DeviceProblem, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

_TOO_LATE = (
    "TensorFlow has already used its devices in this process, and from then on they cannot be "
    "changed: this has to stand before the first tensor, model or device name, right after "
    "`import tensorflow`"
)


class TensorFlow:
    """TensorFlow, from 2.9 on."""

    name = "tensorflow"

    def __init__(self) -> None:
        self._devices: list[Device] | None = None

    def version(self) -> str:
        """Return TensorFlow's version."""
        return str(tf.__version__)

    def devices(self) -> list[Device]:
        """Return the logical devices, without starting the runtime, so that hiding stays possible.

        Names count on over all physical devices of a kind, as TensorFlow's own do.
        """
        if self._devices is None:
            visible = tf.config.get_visible_devices()
            self._devices = [*_logical(visible, "GPU"), *_logical(visible, "CPU")]
        return self._devices

    def scope(self, device: Device) -> AbstractContextManager[None]:
        """Return ``tf.device``."""
        scope: AbstractContextManager[None] = tf.device(device.native)
        return scope

    @contextlib.contextmanager
    def strict(self) -> Iterator[None]:
        """Turn soft placement and TensorFloat-32 off."""
        config = tf.config
        soft = config.get_soft_device_placement()
        reduced = config.experimental.tensor_float_32_execution_enabled()
        config.set_soft_device_placement(False)
        config.experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            config.set_soft_device_placement(soft)
            config.experimental.enable_tensor_float_32_execution(reduced)

    @contextlib.contextmanager
    def double(self) -> Iterator[None]:
        """Do nothing: TensorFlow computes float64 as float64."""
        yield

    def split_cpu(self, count: int) -> None:
        """Make logical devices of the first CPU."""
        cpu = tf.config.list_physical_devices("CPU")[0]
        wanted = [tf.config.LogicalDeviceConfiguration() for _ in range(count)]
        try:
            tf.config.set_logical_device_configuration(cpu, wanted)
        except RuntimeError as error:
            raise DeviceProblem(_TOO_LATE) from error
        self._devices = None

    def hide_gpus(self) -> None:
        """Take the GPUs out of the visible devices."""
        if not tf.config.get_visible_devices("GPU"):
            return
        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError as error:
            raise DeviceProblem(_TOO_LATE) from error
        self._devices = None

    def on_device(self, array: Array, device: Device) -> Tensor:
        """Copy an array to a device."""
        with tf.device(device.native):
            return tf.identity(tf.convert_to_tensor(array))

    def array(self, tensor: Tensor) -> Array:
        """Copy a tensor or variable to the host."""
        dense = tf.convert_to_tensor(tensor)
        if dense.dtype == tf.bfloat16:
            dense = tf.cast(dense, tf.float32)
        return dense.numpy()

    def device_name(self, tensor: Tensor) -> str | None:
        """Return the device that a tensor was made on, or that holds a variable."""
        said = getattr(getattr(tensor, "value", tensor), "device", None)
        if said is None:
            said = getattr(tensor, "device", None)
        if not isinstance(said, str) or ":" not in said:
            return None
        return ":".join(said.rsplit(":", 2)[-2:])

    def is_tensor(self, value: object) -> bool:
        """Tell whether TensorFlow takes a value for a tensor."""
        return bool(tf.is_tensor(value))

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``tf.function`` of a function: graph mode, with Grappler's fusions."""
        graph: Callable[..., Any] = tf.function(function)
        return graph

    def compiles(self) -> bool:
        """Graph mode is another way than eager mode."""
        return True

    def pullback(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Array],
        variables: Sequence[Tensor] = (),
    ) -> list[Array | None]:
        """Differentiate by a gradient tape."""
        watched = [tensor for tensor in inputs if _has_gradient(tensor)]
        with tf.GradientTape() as tape:
            for tensor in watched:
                tape.watch(tensor)
            outputs = list(function(*inputs))
        sources = [*watched, *variables]
        pairs = [
            (output, tf.cast(tf.convert_to_tensor(cotangent), output.dtype))
            for output, cotangent in zip(outputs, cotangents)
            if _has_gradient(output)
        ]
        found = (
            tape.gradient([output for output, _ in pairs], sources, [seed for _, seed in pairs])
            if pairs
            else [None] * len(sources)
        )
        gradients = iter([None if one is None else self.array(one) for one in found])
        of_inputs = [next(gradients) if _has_gradient(tensor) else None for tensor in inputs]
        return [*of_inputs, *gradients]

    def synchronise(self, device: Device) -> None:
        """Wait for the device: what is read back comes after all that was given to it before."""
        with tf.device(device.native):
            tf.reduce_sum(tf.zeros((1,))).numpy()

    def peak_memory(self, device: Device) -> int | None:
        """Return the peak of TensorFlow's allocator; CPUs and pluggable devices tell none."""
        try:
            return int(tf.config.experimental.get_memory_info(device.name)["peak"])
        except (ValueError, KeyError, AttributeError, tf.errors.OpError):
            return None

    def seed(self, number: int) -> None:
        """Seed TensorFlow's generators."""
        tf.random.set_seed(number)


def made() -> TensorFlow:
    """Return the object for this process."""
    return TensorFlow()


def _has_gradient(tensor: Tensor) -> bool:
    return bool(tensor.dtype.is_floating or tensor.dtype.is_complex)


def _logical(visible: list[Any], kind: str) -> Iterator[Device]:
    number = 0
    for physical in visible:
        if physical.device_type != kind:
            continue
        logical = tf.config.get_logical_device_configuration(physical) or [None]
        described = _described(physical)
        for _ in logical:
            name = f"{kind}:{number}"
            yield Device(name, kind.lower(), f"/device:{name}", described)
            number += 1


def _described(physical: Any) -> str:
    try:
        details = tf.config.experimental.get_device_details(physical)
    except (ValueError, tf.errors.OpError):
        details = {}
    return str(details.get("device_name", physical.device_type))
