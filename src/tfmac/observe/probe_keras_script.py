"""PyTorch and JAX under Keras 3 for the probe: what ``probe_script.Framework`` describes.

It is loaded by the probe's script, in the interpreter that is being diagnosed: the standard
library alone, valid Python 3.8.
"""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

# With it PyTorch computes on the CPU, unasked, what the Mac's GPU cannot.
MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"
GPU_PLATFORMS = ("gpu", "cuda", "rocm", "metal")


def withhold(*names: str) -> dict[str, str]:
    """Take variables out of this process's environment; return those that were set."""
    taken = {name: os.environ.pop(name, None) for name in names}
    return {name: value for name, value in taken.items() if value is not None}


def configured_backend() -> str:
    """Say what chooses Keras' backend here: the variable, then the user's file."""
    variable = os.environ.get("KERAS_BACKEND")
    said = "is not set" if variable is None else f"is {variable!r}"
    folder = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    path = os.path.join(folder, "keras.json")
    try:
        with open(path, encoding="utf-8") as file:
            backend = json.load(file)["backend"]
    except FileNotFoundError:
        return f"KERAS_BACKEND {said}, and there is no keras.json"
    except Exception as error:  # noqa: BLE001 (a file of the user's, damaged in any way)
        return f"KERAS_BACKEND {said}, and {path} cannot be read ({type(error).__name__})"
    return f"KERAS_BACKEND {said}, and {path} says {backend!r}"


class OnKeras:
    """What is the same for PyTorch and JAX: Keras 3 is a package of its own beside them.

    Both compute where the factors lie or refuse. So the result's device shows where it was made,
    and there is nothing to trace.
    """

    name: str

    def __init__(self) -> None:
        self.withheld: dict[str, str] = {}

    @property
    def _module(self) -> Any:  # noqa: ANN401
        return importlib.import_module(self.name)

    def said_versions(self) -> dict[str, object]:
        """Return the version that the imported module says."""
        return {self.name: getattr(self._module, "__version__", None)}

    def where(self, requested: str, factors: Any) -> dict[str, object]:  # noqa: ANN401, ARG002
        """Say that the device of the result is the device of the computation."""
        return {"follows_factors": True}

    def leave_places(self) -> None:
        """Undo nothing: no setting was changed."""

    def keras(self) -> Any:  # noqa: ANN401
        """Import Keras and hold its backend against the one that is to be proved."""
        configured = configured_backend()
        try:
            keras = importlib.import_module("keras")
            backend = keras.backend.backend()
        except Exception as error:
            line = f"{type(error).__name__}: {error}"
            raise ImportError(
                f"Keras does not load on {self.name}: {line}; {configured}"
            ) from error
        if backend != self.name:
            raise ImportError(f"Keras computes with {backend}, not {self.name}: {configured}")
        return keras

    def keras_version(self) -> str:
        """Return Keras' version."""
        return str(self.keras().__version__)

    def seed(self, number: int) -> None:
        """Seed the generators of Python, NumPy and the backend."""
        self.keras().utils.set_random_seed(number)

    def tensor(self, array: Any) -> Any:  # noqa: ANN401
        """Return an array as Keras puts it on its device."""
        return self.keras().ops.convert_to_tensor(array)


class Torch(OnKeras):
    """PyTorch: the CPU, and a Mac's GPU through MPS or NVIDIA's through CUDA."""

    name = "torch"
    mark = "tensor"
    packages = ("torch",)
    requiring = ("keras",)

    def __init__(self) -> None:
        super().__init__()
        # PyTorch reads it once, while it is imported.
        self.withheld = withhold(MPS_FALLBACK)

    def devices(self) -> list[Any]:
        """Return the CPU and the GPUs that can be used."""
        torch = self._module
        names = ["cpu"]
        mps = getattr(torch.backends, "mps", None)
        if mps is not None and mps.is_available():
            names.append("mps:0")
        if torch.cuda.is_available():
            names += [f"cuda:{number}" for number in range(torch.cuda.device_count())]
        return names

    def describe(self, device: str) -> dict[str, str]:
        """Name a device."""
        return {"name": device, "kind": "CPU" if device == "cpu" else "GPU"}

    def details(self, device: str) -> dict[str, object]:
        """Return the model of an NVIDIA GPU; of others PyTorch tells nothing."""
        if not device.startswith("cuda"):
            return {}
        return {"device_name": self._module.cuda.get_device_name(device)}

    def places(self) -> list[dict[str, str]]:
        """Return the first GPU, if there is one, and the CPU."""
        gpus = [name for name in self.devices() if name != "cpu"][:1]
        return [
            *({"requested": name, "kind": "GPU"} for name in gpus),
            {"requested": "cpu", "kind": "CPU"},
        ]

    def product(self, requested: str, factors: Any) -> tuple[Any, str]:  # noqa: ANN401
        """Multiply two tensors that were made on a device."""
        torch = self._module
        left, right = (
            torch.tensor(factor, dtype=torch.float32, device=requested) for factor in factors
        )
        result = torch.matmul(left, right)
        return result.tolist(), str(result.device)

    def device_of(self, tensor: Any) -> str | None:  # noqa: ANN401
        """Return the device of a tensor."""
        device = getattr(tensor, "device", None)
        return None if device is None else str(device)


class Jax(OnKeras):
    """JAX: the CPU, and the GPUs that its plug-ins bring."""

    name = "jax"
    mark = "device_put"
    packages = ("jax", "jaxlib", "jax-metal")
    requiring = ("jax", "keras")

    def devices(self) -> list[Any]:
        """Return the devices of the platform that JAX prefers, and the CPU."""
        jax = self._module
        preferred = list(jax.devices())
        if any(device.platform == "cpu" for device in preferred):
            return preferred
        try:
            return [*preferred, *jax.devices("cpu")]
        except RuntimeError:  # JAX_PLATFORMS leaves the CPU out
            return preferred

    def describe(self, device: Any) -> dict[str, str]:  # noqa: ANN401
        """Name a device by its platform and number."""
        platform = device.platform.lower()
        kind = "GPU" if platform in GPU_PLATFORMS else platform.upper()
        return {"name": f"{platform}:{device.id}", "kind": kind}

    def details(self, device: Any) -> dict[str, object]:  # noqa: ANN401
        """Return the model of a device."""
        return {"device_kind": device.device_kind}

    def places(self) -> list[dict[str, str]]:
        """Return the first GPU, if there is one, and the first CPU."""
        described = [self.describe(device) for device in self.devices()]
        chosen = []
        for kind in ("GPU", "CPU"):
            chosen += [one for one in described if one["kind"] == kind][:1]
        return [{"requested": one["name"], "kind": one["kind"]} for one in chosen]

    def product(self, requested: str, factors: Any) -> tuple[Any, str]:  # noqa: ANN401
        """Multiply two arrays that were put on a device."""
        jax = self._module
        numpy = importlib.import_module("numpy")
        device = next(one for one in self.devices() if self.describe(one)["name"] == requested)
        left, right = (
            jax.device_put(numpy.asarray(factor, dtype="float32"), device) for factor in factors
        )
        result = jax.numpy.matmul(left, right)
        return numpy.asarray(result).tolist(), str(self.device_of(result))

    def device_of(self, tensor: Any) -> str | None:  # noqa: ANN401
        """Return the device of an array, or all of them where it is spread."""
        devices = getattr(tensor, "devices", None)
        if not callable(devices):
            return None
        return ", ".join(sorted(self.describe(device)["name"] for device in devices()))


def framework(name: str) -> Torch | Jax:
    """Give the object that the probe asks."""
    return Torch() if name == Torch.name else Jax()
