"""Training goes on: one step after the migration is the step that the writer would have made."""

import json
import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from tfmac.environments.uv import Uv
from tfmac.migration.environments import Making, NoEnvironment, environment_for
from tfmac.migration.files import migrate_file

pytestmark = pytest.mark.slow

_NEW = "tensorflow==2.21.0,keras==3.15.1"
_WRITERS = ("tensorflow==2.9.3", "tensorflow==2.15.1")
_OPTIMIZERS = {
    "SGD": {"momentum": 0.9},
    "Adam": {"amsgrad": True},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "Adagrad": {},
    "Adamax": {},
    "Adadelta": {"learning_rate": 0.5},
    "Ftrl": {},
}
# A bias just before a normalization would have gradients of rounding alone, which Adam enlarges.
# The layers of the second input come first by their names and last by their places.
_DATA = """
import json, sys
import numpy as np
generator = np.random.RandomState(0)
data = [generator.randn(8, 4).astype("float32") for _ in range(2)]
wanted = generator.randn(8, 1).astype("float32")
folder, optimizers = sys.argv[1], json.loads(sys.argv[2])
"""
_TRAIN = f"""{_DATA}
import tensorflow as tf
layers = tf.keras.layers

def model():
    tf.random.set_seed(3)
    first, second = tf.keras.Input((4,), name="first"), tf.keras.Input((4,), name="second")
    fixed = layers.Dense(4, trainable=False, name="fixed")(first)
    one = layers.Dense(4, activation="tanh", name="z")(fixed)
    other = layers.Dense(4, activation="tanh", name="a")(second)
    other = layers.Dense(4, activation="tanh", name="b")(other)
    other = layers.BatchNormalization(name="even")(other)
    joined = layers.Dense(1, name="out")(layers.add([one, other], name="joined"))
    return tf.keras.Model([first, second], joined)

for name, settings in optimizers.items():
    made = model()
    made.compile(getattr(tf.keras.optimizers, name)(**settings), loss="mse")
    for _ in range(3):
        made.train_on_batch(data, wanted)
    made.save(f"{{folder}}/{{name}}.h5")
    made.train_on_batch(data, wanted)
    weights = {{f"{{layer.name}}/{{n}}": one for layer in made.layers
               for n, one in enumerate(layer.get_weights())}}
    np.savez(f"{{folder}}/{{name}}.npz", **weights)
"""
_CONTINUE = f"""{_DATA}
import keras
found = {{}}
for name in optimizers:
    made = keras.saving.load_model(f"{{folder}}/{{name}}.keras")
    steps = int(made.optimizer.iterations.numpy())
    made.train_on_batch(data, wanted)
    expected = np.load(f"{{folder}}/{{name}}.npz")
    weights = {{f"{{layer.name}}/{{n}}": one for layer in made.layers
               for n, one in enumerate(layer.get_weights())}}
    assert set(weights) == set(expected.files)
    far = max(float(np.abs(weights[one] - expected[one]).max()) for one in weights)
    found[name] = [steps, far]
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def making(uv: Uv, tmp_path_factory: pytest.TempPathFactory) -> Making:
    """Environments of this module's own, made on the first use of each."""
    assert uv.path
    return Making(folder=str(tmp_path_factory.mktemp("readers")))


@pytest.mark.parametrize("writer", _WRITERS)
def test_training_goes_on_as_if_nothing_had_happened(
    making: Making, tmp_path: Path, writer: str
) -> None:
    """A fresh optimizer is a thousand times farther away: its steps are of another size."""
    try:
        old, new = environment_for(writer, making), environment_for(_NEW, making)
    except NoEnvironment as error:
        pytest.skip(str(error))
    given = [str(tmp_path), json.dumps(_OPTIMIZERS)]
    subprocess.run([old, "-c", _TRAIN, *given], check=True, capture_output=True)
    for name in _OPTIMIZERS:
        source = tmp_path / f"{name}.h5"
        found = migrate_file(source, tmp_path / f"{name}.keras", keras=Version("3.15.1"))
        assert found.model.migrated
        assert not [one for one in found.model.changes if one.rule == "optimizer-state"]
    done = subprocess.run(
        [new, "-c", _CONTINUE, *given], check=True, capture_output=True, text=True
    )
    answers = json.loads(done.stdout.rpartition("FOUND")[2])

    assert {name: steps for name, (steps, _) in answers.items()} == dict.fromkeys(_OPTIMIZERS, 3)
    assert {name: far for name, (_, far) in answers.items() if far > 1e-5} == {}
