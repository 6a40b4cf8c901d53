"""The Keras that is there, and how operations are called on it.

Keras 3 has ``keras.ops``. Keras 2 has no such functions: TensorFlow's own take their place.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from .entries import NotThere


class Tools(NamedTuple):
    """What entries are made with. A name that is missing raises ``NotThere``."""

    version: str
    generation: int
    layers: Any
    ops: Any
    losses: Any
    activations: Any
    keras: Any


class _Asked:
    """Attributes of several places, looked for in turn."""

    def __init__(self, where: str, *places: Any) -> None:
        self._where = where
        self._places = places

    def __getattr__(self, name: str) -> Any:
        for place in self._places:
            found = getattr(place, name, None)
            if found is not None:
                return found
        raise NotThere(f"{self._where} has no {name} here")


def tools_of(framework: str) -> Tools:
    """Return the tools for the Keras that belongs to a framework; raise if it has none."""
    keras = _keras(framework)
    version = _version(keras)
    generation = int(version.split(".", maxsplit=1)[0])
    if generation >= 3:
        # What TensorFlow shows of Keras 3 lacks some names.
        keras = importlib.import_module("keras")
        operations = _Asked("keras.ops", keras.ops, keras.ops.image)
    else:
        operations = _Asked(
            "Keras 2", importlib.import_module(".tensorflow_operations_framework", __package__)
        )
    return Tools(
        version=version,
        generation=generation,
        layers=_Asked("keras.layers", keras.layers),
        ops=operations,
        losses=_Asked("keras.losses", keras.losses),
        activations=_Asked("keras.activations", keras.activations),
        keras=keras,
    )


def policy(tools: Tools, dtype: str) -> Any:
    """Return what a layer takes as ``dtype`` to compute in this type.

    Reduced precision is computed as models do it: mixed, with variables of single precision.
    """
    if dtype not in {"float16", "bfloat16"}:
        return dtype
    if tools.generation >= 3:
        return tools.keras.DTypePolicy("mixed_" + dtype)
    return tools.keras.mixed_precision.Policy("mixed_" + dtype)


def _keras(framework: str) -> Any:
    """With TensorFlow it is TensorFlow's choice: Keras 3, Keras 2 or tf_keras."""
    if framework == "tensorflow":
        return importlib.import_module("tensorflow").keras
    return importlib.import_module("keras")


def _version(keras: Any) -> str:
    # Keras 2 as part of TensorFlow tells its version by its own package alone.
    said = getattr(keras, "__version__", None)
    return str(said or importlib.import_module("keras").__version__)
