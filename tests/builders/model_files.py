"""Model files of Keras's layouts, written with h5py and zipfile, for the command line to read."""

import importlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Optional

import numpy as np

from builders.models import Json, input_2, layer_2, layer_3, model

h5py: Any = importlib.import_module("h5py")  # it has no types

SMALL = model("Functional", "small", input_2("x", None, 4), layer_2("Dense", "d", "x", units=3))
SMALL_3 = model(
    "Functional",
    "small",
    layer_3("InputLayer", "x", batch_shape=[None, 4], sparse=False, ragged=False),
    layer_3("Dense", "d", ("x", [None, 4]), units=3, activation="linear", use_bias=True),
    module="keras.src.models.functional",
    registered_name="Functional",
)


def write_hdf5(path: Path, configuration: Json = SMALL, *, version: str = "2.9.0") -> Path:
    """Write a whole model of Keras 2 with one dense layer's weights."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(configuration)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"x", b"d"]
        weights.create_group("x").attrs["weight_names"] = np.array([], dtype="S1")
        dense = weights.create_group("d")
        dense.attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        dense.create_dataset("d/kernel:0", data=np.zeros((4, 3), "float32"))
        dense.create_dataset("d/bias:0", data=np.zeros(3, "float32"))
    return path


def write_archive(path: Path, configuration: Optional[Json] = None, **metadata: Any) -> Path:
    """Write an archive of Keras 3 with one dense layer's weights."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=np.zeros((4, 3), "float32"))
        file.create_dataset("layers/dense/vars/1", data=np.zeros(3, "float32"))
        file.create_group("layers/input_layer/vars")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.3.3", **metadata}))
        archive.writestr("config.json", json.dumps(configuration or SMALL_3))
        archive.writestr("model.weights.h5", weights.getvalue())
    return path
