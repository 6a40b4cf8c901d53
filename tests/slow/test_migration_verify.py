"""Verification with real releases: what is equal is verified, what is not is found and named."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tfmac.environments.uv import Uv
from tfmac.migration.environments import Making, NoEnvironment, cached, environment_for
from tfmac.migration.verify import Original, Verifier
from tfmac.schema.migration import MigratedModel, Verified

pytestmark = pytest.mark.slow

_OLD = "tensorflow==2.9.3"
_NEW = "tensorflow==2.21.0,keras==3.15.1"
_KERAS = "3.15.1"
_MAKE_OLD = """
import sys
import tensorflow as tf
layers = tf.keras.layers
inputs = layers.Input((6, 4), name="sequence")
inner = tf.keras.Sequential(
    [layers.Dense(5, activation="hard_sigmoid", name="bend"), layers.Dense(4, name="back")],
    name="inner",
)
inner.build((None, 6, 4))
hidden = layers.Conv1D(4, 3, padding="same", name="conv")(inputs)
hidden = inner(hidden)
hidden = layers.LSTM(3, name="memory", time_major=False)(hidden)
tf.keras.Model(inputs, layers.Dense(2, activation="softmax", name="out")(hidden)).save(sys.argv[1])
"""
# The same model, once as it was and once as a plain load would have it; then one weight is moved.
_MAKE_NEW = """
import sys
import h5py
import keras
source, right, naive, planted = sys.argv[1:]
layers = keras.layers

def built(bend):
    inputs = layers.Input((6, 4), name="sequence")
    inner_inputs = layers.Input((6, 4))
    inner = layers.Dense(5, name="bend")(inner_inputs)
    if bend == "old":
        inner = keras.ops.clip(0.2 * inner + 0.5, 0.0, 1.0)
    else:
        inner = keras.ops.hard_sigmoid(inner)
    inner = keras.Model(inner_inputs, layers.Dense(4, name="back")(inner), name="inner")
    hidden = inner(layers.Conv1D(4, 3, padding="same", name="conv")(inputs))
    hidden = layers.LSTM(3, name="memory")(hidden)
    outputs = layers.Dense(2, activation="softmax", name="out")(hidden)
    model = keras.Model(inputs, outputs)
    with h5py.File(source, "r") as file:
        for name in ("conv", "inner", "memory", "out"):
            group = file["model_weights"][name]
            stored = [group[one][()] for one in group.attrs["weight_names"]]
            model.get_layer(name).set_weights(stored)
    return model

built("old").save(right)
built("new").save(naive)
model = built("old")
weights = model.get_layer("memory").get_weights()
weights[0][0, 0] += 0.5
model.get_layer("memory").set_weights(weights)
model.save(planted)
"""


@pytest.fixture(scope="module")
def making(uv: Uv, tmp_path_factory: pytest.TempPathFactory) -> Making:
    """Environments of this module's own, made on the first use of each."""
    assert uv.path
    return Making(folder=str(tmp_path_factory.mktemp("readers")))


@pytest.fixture(scope="module")
def files(making: Making, tmp_path_factory: pytest.TempPathFactory) -> "dict[str, Path]":
    """The original and three new files."""
    folder = tmp_path_factory.mktemp("models")
    paths = {name: folder / f"{name}.keras" for name in ("right", "naive", "planted")}
    paths["original"] = folder / "original.h5"
    try:
        old, new = environment_for(_OLD, making), environment_for(_NEW, making)
    except NoEnvironment as error:
        pytest.skip(str(error))
    subprocess.run([old, "-c", _MAKE_OLD, str(paths["original"])], check=True, capture_output=True)
    made = [str(paths[name]) for name in ("original", "right", "naive", "planted")]
    subprocess.run([new, "-c", _MAKE_NEW, *made], check=True, capture_output=True)
    return paths


@pytest.fixture(scope="module")
def verifier(making: Making) -> "Iterator[Verifier]":
    """One for all: each release is started once."""
    with Verifier(making) as one:
        yield one


def verified(verifier: Verifier, files: "dict[str, Path]", name: str) -> MigratedModel:
    source = str(files["original"])
    migrated = MigratedModel(source=source, output=str(files[name]), keras=_KERAS, migrated=True)
    return verifier.verify(Original(path=source), migrated)


def test_a_new_file_that_computes_the_same_is_verified(
    verifier: Verifier, files: "dict[str, Path]"
) -> None:
    model = verified(verifier, files, "right")

    assert (model.verified, model.not_verified) == (Verified.YES, None)
    assert model.original_ran_in == _OLD
    assert 0 <= (model.max_abs or 0) < 1e-5


def test_a_weight_that_was_moved_is_found_in_its_layer(
    verifier: Verifier, files: "dict[str, Path]"
) -> None:
    model = verified(verifier, files, "planted")

    assert (model.verified, model.first_difference) == (Verified.NO, "memory")


def test_an_activation_that_means_something_else_is_found_in_the_model_it_is_in(
    verifier: Verifier, files: "dict[str, Path]"
) -> None:
    """Keras 3 loads ``hard_sigmoid`` silently and computes it by another slope."""
    model = verified(verifier, files, "naive")

    assert model.verified is Verified.NO
    assert str(model.first_difference).startswith("inner")


def test_an_environment_is_made_once(making: Making, files: "dict[str, Path]") -> None:
    """What was made is found again, and offline."""
    assert files
    offline = msgspec.structs.replace(making, offline=True)

    assert environment_for(_OLD, offline) == cached(_OLD, making)
