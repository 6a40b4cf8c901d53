"""``tfmac.device`` in processes with real frameworks: scopes, placements, hiding.

The machine needs no GPU: the CPU is divided in two, and CPU:1 plays the GPU.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders.real_environments import make_environment
from tfmac.environments.uv import Uv

pytestmark = pytest.mark.slow

SOURCES = Path(__file__).resolve().parents[2] / "src"
_HEAD = """
import json, os, sys
sys.path.insert(0, os.environ["TFMAC_SOURCES"])
from tfmac import device
from tfmac.device import frameworks
used = frameworks.framework()
"""
_TENSORFLOW = """
import numpy, tensorflow as tf
used.split_cpu(2)
keras = tf.keras
layers = keras.layers
"""
_MODEL = """
given = keras.Input((6, 4))
inner = layers.LSTM(3, name="rec")(given)
inner = layers.Dense(5, activation="relu", name="hidden")(inner)
model = keras.Model(given, layers.Dense(2, name="out")(inner), name="whole")
seen = device.report(model, numpy.ones((2, 6, 4), "float32"))
"""
_ANSWER = """
print(json.dumps({name: value for name, value in globals().items() if name.startswith("say_")}))
"""


def answered(root: Path, program: str, **variables: str) -> "dict[str, object]":
    """Run a program; give what it put into names that begin with ``say_``."""
    environment = {
        **os.environ,
        "TFMAC_SOURCES": str(SOURCES),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **variables,
    }
    done = subprocess.run(
        [str(root / "bin" / "python"), "-c", _HEAD + program + _ANSWER],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


_CASES = (
    _TENSORFLOW
    + _MODEL
    + """
say_layers = sorted(name for name in seen.layers if "/" not in name)
say_devices = sorted({one.device for one in seen.operations})

def mixed(x):
    with device.scope("CPU:1"):
        y = tf.matmul(x, x)
    with device.scope("CPU:0"):
        return tf.reduce_sum(tf.sin(y))

def places(found):
    return {one.operation: one.device for one in found.operations}

eager = device.report(mixed, tf.ones((3, 3)))
graph = tf.function(mixed)
graph(tf.ones((3, 3)))
compiled = device.report(graph, tf.ones((3, 3)))
say_eager, say_compiled = places(eager), places(compiled)
moves = [{(one.source, one.target) for one in found.copies} for found in (eager, compiled)]
say_copied = [("CPU:1", "CPU:0") in found for found in moves]
say_table = str(compiled)
with device.scope("CPU:1"):
    say_variable = tf.Variable([1.0, 2.0]).device[-5:]
    with device.scope("cpu"):
        say_inner = tf.ones(3).device[-5:]
    say_again = tf.ones(3).device[-5:]
device.hide_gpu()
say_best = device.best(model).device
"""
)


def checked(said: "dict[str, object]") -> None:
    assert said["say_layers"] == ["hidden", "out", "rec"]
    assert said["say_devices"] == ["CPU:0"]
    assert said["say_eager"] == {"MatMul": "CPU:1", "Sin": "CPU:0", "Sum": "CPU:0"}
    assert said["say_compiled"] == said["say_eager"]
    assert said["say_copied"] == [True, True]
    assert "MatMul     CPU:1   1" in str(said["say_table"])
    assert (said["say_variable"], said["say_inner"], said["say_again"]) == (
        *("CPU:1", "CPU:0"),
        "CPU:1",
    )
    assert said["say_best"] == "CPU:0"


def test_the_first_tensorflow_tells_where_it_ran(
    uv: Uv, interpreters: "dict[str, str]", tmp_path: Path
) -> None:
    """Eager operations, a function that ran before, and a Keras 2 model by its layers."""
    pins = ("tensorflow-cpu==2.9.3", "numpy<2", "protobuf<3.20")
    checked(answered(make_environment(uv, interpreters, tmp_path / "e", "3.9", *pins), _CASES))


def test_a_newer_tensorflow_tells_where_it_ran(tensorflow_221: Path) -> None:
    """The same with Keras 3."""
    checked(answered(tensorflow_221, _CASES))


_LAYERS = """
import numpy, keras
layers = keras.layers
"""


@pytest.mark.skipif(
    sys.platform.startswith("linux"), reason="PyTorch for Linux brings gigabytes of CUDA"
)
def test_pytorch_tells_where_it_ran(uv: Uv, interpreters: "dict[str, str]", tmp_path: Path) -> None:
    """Operations at the dispatcher, by layers and by modules; ``meta`` is a second device."""
    said = answered(
        make_environment(uv, interpreters, tmp_path / "e", "3.12", "keras>=3", "torch"),
        _LAYERS
        + _MODEL
        + """
import torch
say_layers = sorted(seen.layers)
module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
say_modules = device.report(module, torch.ones(2, 4)).layers
moved = device.report(lambda x: (x.to("meta") + 1, x.sum().item()), torch.ones(2, 4))
say_moved = [[one.source, one.target, one.size] for one in moved.copies]
say_places = {one.operation: one.device for one in moved.operations}
device.hide_gpu()
""",
        KERAS_BACKEND="torch",
    )
    assert said["say_layers"] == ["hidden", "out", "rec"]
    assert said["say_modules"] == {"0": ["CPU:0"], "1": ["CPU:0"]}
    assert said["say_moved"] == [["CPU:0", "META:0", 32]]
    assert said["say_places"] == {"aten.add": "META:0", "aten.sum": "CPU:0"}


def test_jax_tells_where_it_ran(uv: Uv, interpreters: "dict[str, str]", tmp_path: Path) -> None:
    """The traced program by operations, with what is moved in it; two CPUs are two devices."""
    said = answered(
        make_environment(uv, interpreters, tmp_path / "e", "3.12", "keras>=3", "jax"),
        "used.split_cpu(2)\n"
        + _LAYERS
        + _MODEL
        + """
import jax, jax.numpy as jnp
say_layers = sorted(seen.layers)
first, second = jax.devices()
there = jax.device_put(jnp.ones((3, 3)), second)
moved = device.report(lambda x: jnp.sin(jax.device_put(jnp.dot(x, x), first)), there)
say_places = {one.operation: one.device for one in moved.operations}
say_moved = [[one.source, one.target, one.size] for one in moved.copies]
with device.scope("CPU:1"):
    say_scope = used.device_name(jnp.zeros(3) + 1)
try:
    device.hide_gpu()
    say_late = ""
except device.DeviceProblem as problem:
    say_late = str(problem)
""",
        KERAS_BACKEND="jax",
    )
    assert said["say_layers"] == ["hidden", "out", "rec"]
    assert said["say_places"] == {"dot_general": "CPU:1", "sin": "CPU:0"}
    assert said["say_moved"] == [["CPU:1", "CPU:0", 36]]
    assert said["say_scope"] == "CPU:1"
    # A process without a GPU has nothing to hide, however late it asks.
    assert said["say_late"] == ""
