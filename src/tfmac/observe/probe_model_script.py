"""The probe's last stage: a small Keras model is fitted, saved, loaded and compared.

It is loaded by the probe's script, in the interpreter that is being diagnosed: the standard
library alone, valid Python 3.8. ``computing`` is what ``probe_script.Framework`` describes.
"""

from __future__ import annotations

import importlib
import os
import re
import tempfile
import zipfile
from typing import Any

SEED = 20
STEPS = 3
BATCH = 8


def small_model(keras: Any) -> Any:  # noqa: ANN401
    """Build and compile a model with two dense layers."""
    model = keras.Sequential(
        [
            keras.Input(shape=(4,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(1, name="answer"),
        ]
    )
    model.compile(optimizer="sgd", loss="mse")
    return model


def save_model(model: Any, folder: str, version: str) -> str:  # noqa: ANN401
    """Save in the newest format of a Keras release, the .keras archive from 2.12 on.

    Keras 2 has to be told, in its old words: by the name of the file alone 2.12 writes HDF5.
    """
    numbers = [int(number) for number in re.findall(r"\d+", version)[:2]]
    path = os.path.join(folder, "model.keras" if numbers >= [2, 12] else "model.h5")
    if [2, 12] <= numbers < [3]:
        model.save(path, save_format="keras_v3")
    else:
        model.save(path)
    return path


def save_and_load(computing: Any, model: Any) -> tuple[Any, str]:  # noqa: ANN401
    """Save a model, load it again, and return it with the format that was really written."""
    with tempfile.TemporaryDirectory(prefix="tfmac-probe-") as folder:
        path = save_model(model, folder, computing.keras_version() or "0")
        written = ".keras" if zipfile.is_zipfile(path) else ".h5"
        return computing.keras().models.load_model(path), written


def device_of(computing: Any, value: Any) -> str:  # noqa: ANN401
    """Return the device of a tensor or variable of any Keras; Keras 3 wraps the framework's."""
    for candidate in (value, getattr(value, "value", None)):
        device: str | None = computing.device_of(candidate)
        if device is not None:
            return device
    return "unknown"


def layer_devices(computing: Any, model: Any, inputs: Any) -> dict[str, str]:  # noqa: ANN401
    """Run the layers one after the other: where each one's output and weights live."""
    devices = {}
    for layer in model.layers:
        inputs = layer(inputs)
        output = device_of(computing, inputs)
        weights = {device_of(computing, weight) for weight in layer.weights} - {output}
        others = "".join(f" (weights on {device})" for device in sorted(weights))
        devices[layer.name] = output + others
    return devices


def keras_stage(computing: Any) -> dict[str, object]:  # noqa: ANN401
    """Fit a small model, predict, save, load, predict again."""
    keras = computing.keras()
    numpy = importlib.import_module("numpy")
    computing.seed(SEED)
    generator = numpy.random.RandomState(SEED)
    inputs = generator.uniform(size=(STEPS * BATCH, 4)).astype("float32")
    answers = inputs.sum(axis=1, keepdims=True)
    model = small_model(keras)
    model.fit(inputs, answers, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    before = model.predict(inputs, verbose=0)
    loaded, written = save_and_load(computing, model)
    difference = numpy.max(numpy.abs(before - loaded.predict(inputs, verbose=0)))
    return {
        "steps": int(model.optimizer.iterations.numpy()),
        "saved_as": written,
        "largest_difference": float(difference),
        "layer_devices": layer_devices(computing, model, computing.tensor(inputs)),
    }
