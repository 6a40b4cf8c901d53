"""An environment whose Keras is a few lines of NumPy, and does what a test wants of it."""

import subprocess
import sys
import sysconfig
from pathlib import Path

_KERAS = """
import os, signal, time
from types import SimpleNamespace as _Space

import numpy

class _Tensor:
    def __init__(self, name, compute):
        self.name, self.compute = name, compute
        self.shape, self.dtype = SHAPE, _Space(name="float32")


class _Layer:
    compute_dtype, weights = "float32", [0]

    def __init__(self, name):
        self.name = name


class _Model:
    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        before = inputs[0]
        self.layers, self._nodes_by_depth = [], {}
        for depth, (name, factor) in enumerate(LAYERS.items()):
            after = _Tensor(name, _by(before, factor))
            layer = _Layer(name)
            self.layers.append(layer)
            self._nodes_by_depth[-depth] = [
                _Space(operation=layer, input_tensors=[before], output_tensors=[after])
            ]
            before = after
        self.last = before
        self.output_names = ["answer"]

    def __call__(self, values, training):
        if values.shape[1] == REFUSED_LENGTH or (RANKS and values.ndim not in RANKS):
            raise ValueError("this shape is not taken")
        end(ON_RUN)
        return [one.compute(values) for one in self.outputs or [self.last]]


def _by(before, factor):
    if factor == "random":
        return lambda values: before.compute(values) * numpy.random.random()
    return lambda values: numpy.asarray(before.compute(values) * factor, "float32")


def end(how):
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(600)
    if how == "refuse":
        raise ValueError("Unknown layer: Yours")


def _load_model(path, custom_objects=None, compile=True, safe_mode=True):
    end(ON_LOAD)
    return _Model([_Tensor("x", lambda values: values)], None)


class _Scope:
    def __init__(self, objects):
        pass

    def __enter__(self):
        print("noise on standard output")

    def __exit__(self, *_):
        pass


models = _Space(load_model=_load_model, Model=_Model)
utils = _Space(custom_object_scope=_Scope)
backend = _Space(clear_session=lambda: None)
ops = _Space(convert_to_tensor=numpy.asarray)
"""


def stand_in(
    folder: Path,
    *,
    layers: "dict[str, object]",
    shape: "tuple[object, ...]" = (None, 4),
    on_load: str = "",
    on_run: str = "",
    refused_length: int = -1,
    ranks: "tuple[int, ...]" = (),
) -> str:
    """Make an environment and give its interpreter.

    ``layers`` are factors by name; ``random`` is another one each time. ``on_load`` and ``on_run``
    say how the process ends there: ``killed``, ``hang``, or ``refuse`` for an exception.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next((folder / "lib").glob("python3.*")) / "site-packages"
    (packages / "numpy.pth").write_text(sysconfig.get_paths()["platlib"], encoding="utf-8")
    constants = {
        "LAYERS": layers,
        "SHAPE": shape,
        "ON_LOAD": on_load,
        "ON_RUN": on_run,
        "REFUSED_LENGTH": refused_length,
        "RANKS": ranks,
    }
    head = "\n".join(f"{name} = {value!r}" for name, value in constants.items())
    (packages / "keras.py").write_text(f"{head}\n{_KERAS}", encoding="utf-8")
    (packages / "tensorflow.py").write_text("raise ImportError('none here')\n", encoding="utf-8")
    return str(folder / "bin" / "python")
