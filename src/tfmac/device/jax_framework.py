"""JAX as ``frameworks.Framework``: devices by ``jax.devices``, placement by the default device."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any, Callable

import jax
import jax.numpy as jnp
import numpy as np

from .frameworks import Array, Device, DeviceProblem, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

_TOO_LATE = (
    "JAX has already looked for its devices in this process, and from then on they cannot be "
    "changed: this has to stand right after `import jax`"
)
_LOGICAL_FLAG = "--xla_force_host_platform_device_count"


class Jax:
    """JAX, from 0.4 on."""

    name = "jax"

    def __init__(self) -> None:
        self._devices: list[Device] | None = None

    def version(self) -> str:
        """Return JAX's version."""
        return str(jax.__version__)

    def devices(self) -> list[Device]:
        """Return the devices of the default platform, then the CPU's."""
        if self._devices is None:
            default = jax.local_devices()
            cpus = jax.local_devices(backend="cpu")
            gpus = [device for device in default if device.platform != "cpu"]
            self._devices = [*_named(gpus, "GPU"), *_named(cpus, "CPU")]
        return self._devices

    def scope(self, device: Device) -> AbstractContextManager[None]:
        """Return ``jax.default_device``."""
        scope: AbstractContextManager[None] = jax.default_device(device.native)
        return scope

    def strict(self) -> AbstractContextManager[None]:
        """Ask for products in full precision. JAX never moves work to another device by itself."""
        precision: AbstractContextManager[None] = jax.default_matmul_precision("highest")
        return precision

    def double(self) -> AbstractContextManager[None]:
        """Allow 64-bit types for a while."""
        # jax.enable_x64 is the newer name of the same context.
        enable: Callable[[bool], AbstractContextManager[None]] | None
        enable = getattr(jax, "enable_x64", None)
        if enable is None:
            enable = importlib.import_module("jax.experimental").enable_x64
        return enable(True)

    def split_cpu(self, count: int) -> None:
        """Make logical devices of the CPU, through the flag that XLA reads when it starts."""
        if _started():
            raise DeviceProblem(_TOO_LATE)
        others = os.environ.get("XLA_FLAGS", "").split()
        kept = [flag for flag in others if not flag.startswith(_LOGICAL_FLAG)]
        os.environ["XLA_FLAGS"] = " ".join([*kept, f"{_LOGICAL_FLAG}={count}"])
        self._devices = None

    def hide_gpus(self) -> None:
        """Use the CPU's platform alone."""
        if _started():
            if all(device.kind == "cpu" for device in self.devices()):
                return
            raise DeviceProblem(_TOO_LATE)
        jax.config.update("jax_platforms", "cpu")
        self._devices = None

    def on_device(self, array: Array, device: Device) -> Tensor:
        """Copy an array to a device."""
        return jax.device_put(array, device.native)

    def array(self, tensor: Tensor) -> Array:
        """Copy a tensor or variable to the host."""
        host = np.asarray(getattr(tensor, "value", tensor))
        return host.astype(np.float32) if str(host.dtype) == "bfloat16" else host

    def device_name(self, tensor: Tensor) -> str | None:
        """Return the device that holds a tensor; None for one that is only traced or is spread."""
        held = getattr(tensor, "value", tensor)
        if not isinstance(held, jax.Array) or isinstance(held, jax.core.Tracer):
            return None
        places = list(held.devices())
        if len(places) != 1:
            return None
        return next((one.name for one in self.devices() if one.native == places[0]), None)

    def is_tensor(self, value: object) -> bool:
        """Tell whether a value is an array of JAX."""
        return isinstance(value, jax.Array)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``jax.jit`` of a function."""
        made: Callable[..., Any] = jax.jit(function)
        return made

    def compiles(self) -> bool:
        """A compiled function is fused; one that is not runs operation by operation."""
        return True

    def pullback(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Array],
        variables: Sequence[Tensor] = (),
    ) -> list[Array | None]:
        """Differentiate by ``jax.vjp``."""
        if variables:
            raise ValueError("JAX has no variables of its own: the state is an input")
        active = [number for number, tensor in enumerate(inputs) if _has_gradient(tensor)]

        def of_active(*tensors: Tensor) -> tuple[Tensor, ...]:
            full = list(inputs)
            for number, tensor in zip(active, tensors):
                full[number] = tensor
            return tuple(function(*full))

        outputs, pull = jax.vjp(of_active, *(inputs[number] for number in active))
        seeds = tuple(_seed(output, cotangent) for output, cotangent in zip(outputs, cotangents))
        found = dict(zip(active, pull(seeds)))
        return [
            self.array(found[number]) if number in found else None for number in range(len(inputs))
        ]

    def synchronise(self, device: Device) -> None:
        """Wait for a computation that was given to the device last."""
        with jax.default_device(device.native):
            (jnp.zeros(()) + 1).block_until_ready()

    def peak_memory(self, device: Device) -> int | None:
        """Return the peak of JAX's allocator, None where the platform tells none."""
        try:
            told = device.native.memory_stats()
        except Exception:  # noqa: BLE001 (platforms raise what they like for "not implemented")
            return None
        peak = (told or {}).get("peak_bytes_in_use")
        return None if peak is None else int(peak)

    def seed(self, number: int) -> None:
        """Do nothing: JAX has no hidden generator."""


def made() -> Jax:
    """Return the object for this process."""
    return Jax()


def _has_gradient(tensor: Tensor) -> bool:
    return bool(jnp.issubdtype(tensor.dtype, jnp.inexact))


def _seed(output: Tensor, cotangent: Array) -> Any:
    if not _has_gradient(output):
        return np.zeros(output.shape, jax.dtypes.float0)
    return jnp.asarray(cotangent, dtype=output.dtype)


def _named(devices: Sequence[Any], kind: str) -> Iterator[Device]:
    for number, native in enumerate(devices):
        yield Device(f"{kind}:{number}", kind.lower(), native, str(native.device_kind))


def _started() -> bool:
    """Tell whether JAX has made its clients; there is no public question for that."""
    try:
        from jax._src import xla_bridge  # noqa: PLC0415

        return bool(xla_bridge.backends_are_initialized())
    except (ImportError, AttributeError):
        return False
