"""Three small models for those who name none: dense, convolutional and recurrent.

They are of the size that people try first, so that they show from which batch a GPU is worth it.
"""

from __future__ import annotations

from typing import Any

CLASSES = 10
_PIXELS = 784
_IMAGE = (32, 32, 3)
_SEQUENCE = (64, 16)


def sample(keras: Any, name: str) -> Any:
    """Build and compile the sample of a name."""
    model = SAMPLES[name](keras)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def _dense(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape=(_PIXELS,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _convolutional(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape=_IMAGE),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _recurrent(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(shape=_SEQUENCE),
            layers.LSTM(64),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


SAMPLES = {"dense": _dense, "convolutional": _convolutional, "recurrent": _recurrent}
