"""A framework whose devices a test names, for what ``tfmac.device`` does above frameworks."""

import contextlib
from collections.abc import Iterator
from typing import Any, Optional

import pytest

from tfmac.device import frameworks
from tfmac.device.frameworks import Device, DeviceProblem

CPU = Device("CPU:0", "cpu", "cpu", "CPU")
CUDA = Device("GPU:0", "gpu", "gpu", "NVIDIA A100")
METAL = Device("GPU:0", "gpu", "gpu", "METAL")


class FrameworkStandIn:
    """Knows devices and scopes, and writes down what was entered and left."""

    def __init__(self, name: str, *devices: Device, version: str = "2.0") -> None:
        self.name = name
        self.log: list[str] = []
        self.too_late = ""
        self._devices = list(devices)
        self._version = version

    def version(self) -> str:
        """Return the version that was given."""
        return self._version

    def devices(self) -> "list[Device]":
        """Return the same list until it is another one."""
        return self._devices

    @contextlib.contextmanager
    def scope(self, device: Device) -> "Iterator[None]":
        """Write down when it is entered and left."""
        self.log.append(f"enter {device.name}")
        try:
            yield
        finally:
            self.log.append(f"leave {device.name}")

    def hide_gpus(self) -> None:
        """Keep the CPUs alone, or refuse."""
        if self.too_late:
            raise DeviceProblem(self.too_late)
        self._devices = [device for device in self._devices if device.kind == "cpu"]


def stand_in(
    monkeypatch: pytest.MonkeyPatch,
    *devices: Device,
    name: str = "torch",
    version: str = "2.0",
) -> Any:
    """Let this process have one framework, with these devices."""
    used = FrameworkStandIn(name, *devices, version=version)
    monkeypatch.setenv(frameworks.BACKEND_VARIABLE, name)
    monkeypatch.setitem(frameworks._MADE, name, used)
    return used


class Layer:
    """What ``tfmac.device`` reads of a Keras layer or model, Keras 2 and 3 alike."""

    def __init__(
        self, name: str, *inner: "Layer", dtype: str = "float32", filters: Optional[int] = None
    ) -> None:
        self.name = name
        self.compute_dtype = dtype
        self.filters = filters
        self._inner = inner

    def _flatten_layers(self) -> "Iterator[Layer]":
        yield self
        for layer in self._inner:
            yield from layer._flatten_layers()


class Dense(Layer):
    """A class of layers is known by its name."""


class Conv1D(Layer):
    """Has filters."""


class LSTM(Layer):
    """Is slow on Metal."""


class Functional(Layer):
    """A model."""
