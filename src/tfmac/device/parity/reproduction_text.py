"""The parts of the script that shows a departure."""

HEAD = '''"""Shows: {title}.

Written by tfmac parity. It needs the framework and Keras alone.
"""

import json
import os
import runpy
import sys

BACKEND = {backend!r}
os.environ["KERAS_BACKEND"] = BACKEND
if {legacy!r}:
    os.environ["TF_USE_LEGACY_KERAS"] = {legacy!r}
CPUS = {cpus}
if CPUS > 1 and BACKEND == "jax":
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=%d" % CPUS

import numpy as np

REFERENCE, TESTED = {reference!r}, {tested!r}
SCRIPT = {script!r}
DATA = np.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), {data!r}))
if SCRIPT:
    sys.path.insert(0, os.path.dirname(SCRIPT))
import {keras} as keras
'''

_TENSORFLOW = """
import tensorflow as tf

if CPUS > 1:
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration() for _ in range(CPUS)],
    )
tf.config.set_soft_device_placement(False)
tf.config.experimental.enable_tensor_float_32_execution(False)


def on(device):
    return tf.device("/device:" + device)


def tensor(name, dtype):
    return tf.identity(tf.cast(tf.convert_to_tensor(DATA[name]), dtype))


def is_tensor(value):
    return tf.is_tensor(value)


def numbers(value):
    value = tf.convert_to_tensor(value)
    return (tf.cast(value, tf.float32) if value.dtype == tf.bfloat16 else value).numpy()


def compiled(layer, args, kwargs, device):
    def run(*given):
        with on(device):
            return call(layer, *put(given, args, kwargs))

    return tf.function(run)(*tensors((args, kwargs)))


def gradients(layer, args, kwargs):
    given = [one for one in tensors((args, kwargs)) if one.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(given)
        outputs = [one for one in call(layer, args, kwargs) if one.dtype.is_floating]
    seeds = [tf.cast(one, output.dtype) for one, output in zip(directions(outputs), outputs)]
    found = tape.gradient(outputs, [*layer.trainable_variables, *given], seeds)
    return [tf.convert_to_tensor(one) for one in found if one is not None]
"""

_TORCH = """
import contextlib

import torch
from keras.src.backend.torch.core import device_scope

torch.set_float32_matmul_precision("highest")
torch.backends.cudnn.allow_tf32 = False


@contextlib.contextmanager
def on(device):
    kind, number = device.split(":")
    name = "cpu" if kind == "CPU" else ("cuda:" + number if torch.cuda.is_available() else "mps")
    with torch.device(name), device_scope(name):
        yield


def tensor(name, dtype):
    return keras.ops.cast(keras.ops.convert_to_tensor(DATA[name]), dtype)


def is_tensor(value):
    return isinstance(value, torch.Tensor)


def numbers(value):
    value = getattr(value, "value", value).detach().cpu()
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy()


def compiled(layer, args, kwargs, device):
    return call(layer, args, kwargs)


def gradients(layer, args, kwargs):
    given = [one.requires_grad_() for one in tensors((args, kwargs)) if one.is_floating_point()]
    outputs = [one for one in call(layer, args, kwargs) if one.requires_grad]
    seeds = [torch.as_tensor(one).to(output) for one, output in zip(directions(outputs), outputs)]
    weights = [one.value for one in layer.trainable_variables]
    found = torch.autograd.grad(outputs, [*weights, *given], seeds, allow_unused=True)
    return [one for one in found if one is not None]
"""

_JAX = """
import jax

jax.config.update("jax_default_matmul_precision", "highest")


def on(device):
    kind, number = device.split(":")
    devices = jax.devices("cpu") if kind == "CPU" else jax.devices()
    return jax.default_device(devices[int(number)])


def tensor(name, dtype):
    return keras.ops.cast(keras.ops.convert_to_tensor(DATA[name]), dtype)


def is_tensor(value):
    return isinstance(value, jax.Array)


def numbers(value):
    value = np.asarray(getattr(value, "value", value))
    return value.astype("float32") if str(value.dtype) == "bfloat16" else value


def compiled(layer, args, kwargs, device):
    held = layer.variables

    def run(values, given):
        with keras.StatelessScope(state_mapping=list(zip(held, values))):
            return call(layer, *put(given, args, kwargs))

    return jax.jit(run)([one.value for one in held], tensors((args, kwargs)))


def gradients(layer, args, kwargs):
    held, given = layer.trainable_variables, tensors((args, kwargs))

    def run(values, floats):
        placed = iter(floats)
        full = [next(placed) if _is_float(one) else one for one in given]
        with keras.StatelessScope(state_mapping=list(zip(held, values))):
            return [one for one in call(layer, *put(full, args, kwargs)) if _is_float(one)]

    floats = [one for one in given if _is_float(one)]
    outputs, pull = jax.vjp(run, [one.value for one in held], floats)
    seeds = [jax.numpy.asarray(a, b.dtype) for a, b in zip(directions(outputs), outputs)]
    of_weights, of_inputs = pull(seeds)
    return [*of_weights, *of_inputs]


def _is_float(value):
    return "float" in str(value.dtype)
"""

_SHARED = """

def mapped(function, tree):
    if isinstance(tree, dict):
        return {name: mapped(function, one) for name, one in tree.items()}
    if isinstance(tree, (list, tuple)):
        made = [mapped(function, one) for one in tree]
        return made if isinstance(tree, list) else tuple(made)
    return function(tree)


def tensors(tree):
    found = []
    mapped(lambda one: found.append(one) if is_tensor(one) else None, tree)
    return found


def put(given, args, kwargs):
    placed = iter(given)
    return mapped(lambda one: next(placed) if is_tensor(one) else one, (args, kwargs))


def call(layer, args, kwargs):
    return tensors(layer(*args, **kwargs))


def directions(outputs):
    source = np.random.RandomState(77)
    return [source.normal(size=tuple(one.shape)).astype("float32") for one in outputs]


def names_of_script():
    return runpy.run_path(SCRIPT, run_name="tfmac_subject") if SCRIPT else {}


def own_classes():
    classes = {name: one for name, one in names_of_script().items() if isinstance(one, type)}
    return keras.utils.custom_object_scope(classes)
"""

FRAMEWORKS = {
    "tensorflow": _TENSORFLOW + _SHARED,
    "torch": _TORCH + _SHARED,
    "jax": _JAX + _SHARED,
}

_CALLING = """

def results(device):
    with on(device):
        layer = make()
        args, kwargs = arguments()
        if not layer.built:
            layer(*args, **kwargs)
        for number, variable in enumerate(layer.variables):
            if "variable_%d" % number in DATA:
                variable.assign(DATA["variable_%d" % number])
        if WAY == "gradients":
            return [numbers(one) for one in gradients(layer, args, kwargs)]
        if WAY == "compiled":
            return [numbers(one) for one in compiled(layer, args, kwargs, device)]
        found = [numbers(one) for one in call(layer, args, kwargs)]
        return found + [numbers(one) for one in layer.non_trainable_variables]
"""

LAYER = (
    """
CONFIG = json.loads({config!r})


def make():
    with own_classes():
        return keras.layers.deserialize(CONFIG)
"""
    + _CALLING
)

WHOLE_MODEL = (
    """

def make():
    made = names_of_script()[{name!r}]
    model = made if hasattr(made, "layers") else made()
    if hasattr(model, "built") and not model.built:
        args, kwargs = arguments()
        model(*args, **kwargs)
    return places(model)[{place}]


def places(layer, found=None):
    found = [] if found is None else found
    if not any(one is layer for one in found):
        found.append(layer)
        inner = list(layer._flatten_layers(include_self=False, recursive=False))
        inner += [one for one in getattr(layer, "operations", None) or [] if one not in inner]
        for one in inner:
            if hasattr(one, "call") and hasattr(one, "name"):
                places(one, found)
    return found
"""
    + _CALLING
)

OPTIMIZER_UPDATE = """
CONFIG = json.loads({config!r})


def results(device):
    count = sum(name.startswith("weight_") for name in DATA.files)
    make = keras.Variable if hasattr(keras, "Variable") else tf.Variable
    with on(device):
        with own_classes():
            optimizer = keras.optimizers.deserialize(CONFIG)
        weights = [make(DATA["weight_%d" % number]) for number in range(count)]
        if hasattr(optimizer, "_create_all_weights"):
            optimizer._create_all_weights(weights)
        else:
            optimizer.build(weights)
        slots = optimizer.variables
        slots = list(slots() if callable(slots) and not isinstance(slots, list) else slots)
        for number, slot in enumerate(slots):
            slot.assign(DATA["slot_%d" % number])
        found = [tensor("gradient_%d" % number, "float32") for number in range(count)]
        optimizer.apply_gradients(list(zip(found, weights)))
        return [numbers(one) for one in [*weights, *slots]]
"""

ENDS = """

def apart(expected, seen):
    if expected.shape != seen.shape:
        return float("inf")
    expected, seen = expected.astype("float64"), seen.astype("float64")
    if not np.isfinite(seen).all():
        return float("inf")
    size = np.sqrt(np.mean(np.square(expected))) or 1.0
    return float(np.sqrt(np.mean(np.square(seen - expected))) / size)


if __name__ == "__main__":
    expected = results(REFERENCE)
    farthest = 0.0
    for repetition in range(3):
        try:
            seen = results(TESTED)
        except Exception as error:
            print("%s cannot do it: %s" % (TESTED, error))
            sys.exit(1)
        for number, (one, other) in enumerate(zip(expected, seen)):
            distance = apart(one, other)
            farthest = max(farthest, distance)
            print("run %d, result %d %s: relative difference %.2e"
                  % (repetition + 1, number, one.shape, distance))
    print("largest relative difference of %s from %s: %.2e" % (TESTED, REFERENCE, farthest))
    sys.exit(1 if farthest > 1e-5 else 0)
"""
