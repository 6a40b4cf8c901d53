"""Modules that bear the names of PyTorch, JAX and Keras and do what the probe asks, and no more.

With them a test has a Mac's GPU, or a Keras that computes with something else, on any machine.
"""

from pathlib import Path

TORCH = """
import os
from types import SimpleNamespace as _Space

__version__ = "2.99.0"
float32 = "float32"
# What runs without the GPU's kernel, and is said to lie on the GPU again.
_FALLBACK = os.environ.get("PYTORCH_ENABLE_MPS_FALLBACK") == "1"


class _Tensor:
    def __init__(self, rows, device):
        self.rows, self.device = rows, device

    def tolist(self):
        return self.rows


def tensor(rows, dtype, device):
    return _Tensor(rows, device)


def matmul(left, right):
    if left.device == "mps:0" and (REFUSES_GPU and not _FALLBACK):
        raise NotImplementedError("no kernel for the MPS device")
    rows = [[sum(a * b for a, b in zip(row, column)) for column in zip(*right.rows)]
            for row in left.rows]
    return _Tensor(rows, left.device if KEEPS_DEVICE else "cpu")


backends = _Space(mps=_Space(is_available=lambda: HAS_MPS))
cuda = _Space(
    is_available=lambda: CUDA_DEVICES > 0,
    device_count=lambda: CUDA_DEVICES,
    get_device_name=lambda device: "stand-in " + device,
)
"""

JAX = """
from types import SimpleNamespace as _Space

__version__ = "0.99.0"


class _Device:
    def __init__(self, platform, number):
        self.platform, self.id, self.device_kind = platform, number, "stand-in " + platform


_CPU = _Device("cpu", 0)
_GPUS = [_Device("gpu", number) for number in range(GPUS)]


def devices(platform=None):
    if platform == "cpu" and not HAS_CPU:
        raise RuntimeError("Unknown backend cpu")
    return (_GPUS if platform is None else []) or [_CPU]


class _Array:
    def __init__(self, rows, device):
        self.rows, self._device = rows, device

    def devices(self):
        return {self._device}

    def tolist(self):
        return self.rows


def device_put(rows, device):
    return _Array(rows, device)


def _matmul(left, right):
    rows = [[sum(a * b for a, b in zip(row, column)) for column in zip(*right.rows)]
            for row in left.rows]
    return _Array(rows, left._device)


numpy = _Space(matmul=_matmul)
"""

KERAS = """
import os
import pickle
import zipfile
from types import SimpleNamespace as _Space

__version__ = "3.99.0"
_CHOSEN = os.environ.get("KERAS_BACKEND", "tensorflow")
if _CHOSEN == "tensorflow":
    raise ModuleNotFoundError("No module named 'tensorflow'")

backend = _Space(backend=lambda: _CHOSEN)
utils = _Space(set_random_seed=lambda _seed: None)


class _Tensor:
    device = KERAS_DEVICE


class _Layer:
    def __init__(self, *_sizes, name="input", **_options):
        self.name, self.weights = name, [_Space(value=_Tensor())]

    def __call__(self, _inputs):
        return _Tensor()


class _Numbers(list):
    def __sub__(self, other):
        return self


class Sequential:
    def __init__(self, layers=()):
        self.layers = [layer for layer in layers if layer.name != "input"]
        self.optimizer = _Space(iterations=_Space(numpy=lambda: 3))

    def compile(self, **_options):
        pass

    def fit(self, *_data, **_options):
        pass

    def predict(self, _inputs, **_options):
        return _Numbers([0.5])

    def save(self, path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model", pickle.dumps(1))


Input = _Layer
layers = _Space(Dense=_Layer)
models = _Space(load_model=lambda _path: Sequential())
ops = _Space(convert_to_tensor=lambda _array: _Tensor())
"""

NUMPY = """
__version__ = "9.9.9"


class _Array(list):
    def astype(self, _kind):
        return self

    def sum(self, **_options):
        return self


class _RandomState:
    def __init__(self, _seed):
        pass

    def uniform(self, size):
        return _Array([0.5])


class random:
    RandomState = _RandomState


def asarray(rows, dtype=None):
    return rows


def abs(values):
    return values


def max(values):
    return 0.0
"""


def write_keras_on_torch(
    folder: Path,
    *,
    mps: bool = False,
    cuda_devices: int = 0,
    refuses_gpu: bool = False,
    keeps_device: bool = True,
    keras_device: str = "cpu",
) -> None:
    """Write a PyTorch with these devices, and a Keras whose tensors lie on ``keras_device``."""
    settings = (
        f"HAS_MPS, CUDA_DEVICES = {mps}, {cuda_devices}\n"
        f"REFUSES_GPU, KEEPS_DEVICE = {refuses_gpu}, {keeps_device}\n"
    )
    (folder / "torch.py").write_text(settings + TORCH, encoding="utf-8")
    _write_keras(folder, keras_device)


def write_keras_on_jax(folder: Path, *, gpus: int = 0, cpu: bool = True) -> None:
    """Write a JAX with these devices, and a Keras."""
    settings = f"GPUS, HAS_CPU = {gpus}, {cpu}\n"
    (folder / "jax.py").write_text(settings + JAX, encoding="utf-8")
    _write_keras(folder, "unknown")


def _write_keras(folder: Path, device: str) -> None:
    (folder / "keras.py").write_text(f"KERAS_DEVICE = {device!r}\n" + KERAS, encoding="utf-8")
    (folder / "numpy.py").write_text(NUMPY, encoding="utf-8")
