"""PyTorch as ``frameworks.Framework``, with Keras 3 on top where that is in the process.

Keras keeps the device for its own tensors apart from ``torch.device``: a scope sets both.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Callable

import torch

from .frameworks import Array, Device, DeviceProblem, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

# Where Keras 3 keeps the device that it takes without a scope; read when it is imported.
_KERAS_DEVICE_VARIABLE = "KERAS_TORCH_DEVICE"
_KERAS_CORE = "keras.src.backend.torch.core"


class Torch:
    """PyTorch, from 2.0 on: CUDA, Apple's Metal (mps) and the CPU."""

    name = "torch"

    def __init__(self) -> None:
        self._devices: list[Device] | None = None

    def version(self) -> str:
        """Return PyTorch's version."""
        return str(torch.__version__)

    def devices(self) -> list[Device]:
        """Return CUDA's devices or the one of Metal, then the CPU."""
        if self._devices is None:
            self._devices = [*_gpus(), _cpu()]
        return self._devices

    def scope(self, device: Device) -> AbstractContextManager[None]:
        """Return ``torch.device`` together with Keras' scope."""
        return _Scope(device.native)

    @contextlib.contextmanager
    def strict(self) -> Iterator[None]:
        """Turn TensorFloat-32 off. PyTorch never moves work to another device by itself.

        For Metal the variable ``PYTORCH_ENABLE_MPS_FALLBACK`` changes that; it is read when
        PyTorch is imported, so whoever starts the process takes it away.
        """
        products = torch.get_float32_matmul_precision()
        convolutions = torch.backends.cudnn.allow_tf32
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = False
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(products)
            torch.backends.cudnn.allow_tf32 = convolutions

    @contextlib.contextmanager
    def double(self) -> Iterator[None]:
        """Do nothing: PyTorch computes float64 as float64."""
        yield

    def split_cpu(self, count: int) -> None:
        """Say that PyTorch has one CPU device."""
        if count > 1:
            raise DeviceProblem("PyTorch has one CPU device; it cannot be divided")

    def hide_gpus(self) -> None:
        """Hide CUDA's devices, and make the CPU the device that Keras takes."""
        if torch.cuda.is_initialized():
            raise DeviceProblem(
                "PyTorch has already used the GPU in this process: this has to stand before the "
                "first tensor on it, right after `import torch`"
            )
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ[_KERAS_DEVICE_VARIABLE] = "cpu"
        core: Any = sys.modules.get(_KERAS_CORE)
        if hasattr(core, "DEFAULT_DEVICE"):
            core.DEFAULT_DEVICE = "cpu"
        # Not by asking what there is: that alone would start CUDA.
        self._devices = [_cpu()]

    def on_device(self, array: Array, device: Device) -> Tensor:
        """Copy an array to a device."""
        return torch.tensor(array, device=device.native)

    def array(self, tensor: Tensor) -> Array:
        """Copy a tensor or variable to the host."""
        held: Tensor = getattr(tensor, "value", tensor)
        host = held.detach().cpu().resolve_conj().resolve_neg()
        if host.dtype == torch.bfloat16:
            host = host.float()
        return host.numpy()

    def device_name(self, tensor: Tensor) -> str | None:
        """Return the device that holds a tensor or variable."""
        held = getattr(tensor, "value", tensor)
        if not isinstance(held, torch.Tensor):
            return None
        kind = "CPU" if held.device.type == "cpu" else "GPU"
        return f"{kind}:{held.device.index or 0}"

    def is_tensor(self, value: object) -> bool:
        """Tell whether a value is a tensor of PyTorch."""
        return isinstance(value, torch.Tensor)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is: PyTorch runs eagerly unless it is told otherwise."""
        return function

    def compiles(self) -> bool:
        """Nothing is compiled."""
        return False

    def pullback(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Tensor],
        cotangents: Sequence[Array],
        variables: Sequence[Tensor] = (),
    ) -> list[Array | None]:
        """Differentiate by autograd."""
        leaves = [
            tensor.detach().requires_grad_() if _has_gradient(tensor) else tensor
            for tensor in inputs
        ]
        # Keras' trainer leaves gradients off after predict(); a scope of our own is sure.
        with torch.enable_grad():
            outputs = list(function(*leaves))
        sources = [*leaves, *(getattr(one, "value", one) for one in variables)]
        wanted = [source for source in sources if source.requires_grad]
        pairs = [
            (output, torch.as_tensor(cotangent).to(output.device, output.dtype))
            for output, cotangent in zip(outputs, cotangents)
            if output.requires_grad
        ]
        found: Sequence[Tensor | None] = [None] * len(wanted)
        if pairs and wanted:
            found = torch.autograd.grad(
                [output for output, _ in pairs],
                wanted,
                grad_outputs=[seed for _, seed in pairs],
                allow_unused=True,
            )
        gradients = iter([None if one is None else self.array(one) for one in found])
        return [next(gradients) if source.requires_grad else None for source in sources]

    def synchronise(self, device: Device) -> None:
        """Wait for the device's stream."""
        if device.native.type == "cuda":
            torch.cuda.synchronize(device.native)
        elif device.native.type == "mps":
            torch.mps.synchronize()

    def peak_memory(self, device: Device) -> int | None:
        """Return the peak of CUDA's allocator; Metal and the CPU tell none."""
        if device.native.type != "cuda":
            return None
        return int(torch.cuda.max_memory_allocated(device.native))

    def seed(self, number: int) -> None:
        """Seed all generators of PyTorch."""
        torch.manual_seed(number)


def made() -> Torch:
    """Return the object for this process."""
    return Torch()


class _Scope:
    """``torch.device`` as a context, and Keras' own scope when its PyTorch backend is loaded."""

    def __init__(self, native: torch.device) -> None:
        self._native = native
        self._keras: Any = None

    def __enter__(self) -> None:
        self._native.__enter__()
        core = sys.modules.get(_KERAS_CORE)
        if core is not None:
            try:
                self._keras = core.device_scope(str(self._native))
                self._keras.__enter__()
            except BaseException:
                self._native.__exit__(None, None, None)
                raise

    def __exit__(self, *exception: object) -> None:
        try:
            if self._keras is not None:
                self._keras.__exit__(*exception)
        finally:
            self._native.__exit__(*exception)


def _has_gradient(tensor: Tensor) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())


def _cpu() -> Device:
    return Device("CPU:0", "cpu", torch.device("cpu"), "CPU")


def _gpus() -> Iterator[Device]:
    for number in range(torch.cuda.device_count()):
        described = torch.cuda.get_device_name(number)
        yield Device(f"GPU:{number}", "gpu", torch.device("cuda", number), described)
    metal = getattr(torch.backends, "mps", None)
    if metal is not None and metal.is_available():
        yield Device("GPU:0", "gpu", torch.device("mps"), "Apple GPU (Metal)")
