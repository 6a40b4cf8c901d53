"""Models for tests of ``tfmac bench``, run by the interpreter with the framework."""

import os
from typing import Any

import keras

# Keras tries other sizes when it asks a layer for its shapes.
SIZE = 16


class Exhausted(keras.layers.Layer):  # type: ignore[misc]
    """Runs out of memory at one batch size, as a GPU does."""

    def call(self, inputs: Any) -> Any:
        if inputs.shape[0] == SIZE:
            raise MemoryError("out of memory")
        return inputs


class Killer(keras.layers.Layer):  # type: ignore[misc]
    """Takes its process down at one batch size."""

    def call(self, inputs: Any) -> Any:
        if inputs.shape[0] == SIZE:
            os.abort()
        return inputs


def _model(*layers: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    return model


def sound() -> Any:
    """A model without faults, and without a loss."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


def exhausted() -> Any:
    """A model that does not fit with large batches."""
    return _model(Exhausted())


def killer() -> Any:
    """A model that kills its process with large batches."""
    return _model(Killer())
