"""Functions between layers compute in Keras 3 what they did in the TensorFlow that saved them."""

import json
from pathlib import Path

import pytest
from packaging.version import Version

from builders.real_environments import make_environment, run
from models.migration.cases import content
from tfmac.environments.uv import Uv
from tfmac.models.migration.translate import translate

pytestmark = pytest.mark.slow

NEW = "3.8.0"
_WRITE = """
import json, numpy as np, tensorflow as tf
keras, K = tf.keras, tf.keras.backend
FUNCTIONS = [
    lambda x: 1 - x / 127.5,
    lambda x: tf.reduce_mean(tf.nn.relu(x), axis=[1, 2], keepdims=True),
    lambda x: tf.reshape(x, [tf.shape(x)[0], -1]) * 2.0,
    lambda x: tf.concat([x[:, 1:], x[:, :1]], axis=1),
    lambda x: tf.nn.softmax(tf.matmul(x, x, transpose_b=True), axis=-1),
    lambda x: tf.where(x > 0, x, 0.1 * x),
    lambda x: tf.split(x, [1, 3], axis=-1)[1],
    lambda x: tf.image.resize(x[..., tf.newaxis], (5, 6)),
    lambda x: tf.cast(tf.argmax(x, axis=-1), tf.float32),
    lambda x: K.l2_normalize(x, axis=-1) + K.std(x, axis=1, keepdims=True),
]
given = np.random.RandomState(0).randn(2, 3, 4).astype("float32")
found = []
for function in FUNCTIONS:
    for made in (function, keras.layers.Lambda(function)):
        keras.backend.clear_session()
        entry = keras.Input((3, 4))
        model = keras.Model(entry, made(entry))
        found.append([json.loads(model.to_json()), model(given).numpy().tolist()])
json.dump([given.tolist(), found], open("written.json", "w"))
"""
_READ = """
import json, keras, numpy as np
given, found = json.load(open("translated.json"))
for number, (configuration, expected) in enumerate(found):
    model = keras.saving.deserialize_keras_object(configuration)
    model.save("model.keras")
    result = np.asarray(keras.saving.load_model("model.keras")(np.array(given, "float32")))
    close = {"rtol": 1e-5, "atol": 1e-5, "err_msg": str(number)}
    np.testing.assert_allclose(result, np.array(expected), **close)
print(len(found))
"""


def test_they_compute_the_same(uv: Uv, interpreters: "dict[str, str]", tmp_path: Path) -> None:
    """As calls of functions and as Lambdas, saved by TensorFlow 2.15 and read by Keras 3."""
    old = make_environment(uv, interpreters, tmp_path / "old", "3.11", "tensorflow-cpu==2.15.1")
    new = make_environment(
        uv, interpreters, tmp_path / "new", "3.11", "tensorflow-cpu==2.18.1", f"keras=={NEW}"
    )

    written = run(old, _WRITE)
    assert written.returncode == 0, written.stderr[-2000:]
    given, found = json.loads((old / "written.json").read_text(encoding="utf-8"))
    translated = []
    for configuration, expected in found:
        result = translate(content(configuration, "2.15.0"), Version(NEW))
        assert result.untranslated == ()
        translated.append([result.configuration, expected])
    (new / "translated.json").write_text(json.dumps([given, translated]), encoding="utf-8")
    read = run(new, _READ)

    assert read.stdout.split() == [str(len(found))], read.stderr[-2000:]
