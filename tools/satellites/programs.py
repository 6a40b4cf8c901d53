"""What is run of each satellite: its import, and a call that its users make early.

Models are of ``tf.keras``. Where that is Keras 3 and tf-keras is installed, they are of tf-keras:
the packages that need it say so in their own guides.
"""

import textwrap
from typing import NamedTuple

from tools.combinations.program import framed


class Use(NamedTuple):
    """How a package is imported, and what is done with it."""

    imports: str
    calls: str


def _use(imports: str, calls: str) -> Use:
    return Use(textwrap.dedent(imports).strip(), textwrap.dedent(calls).strip())


_TRANSFORMER = """
    layer = {module}.layers.TransformerEncoder(intermediate_dim=8, num_heads=2)
    assert layer(tf.zeros((1, 3, 8))).shape == (1, 3, 8)
"""

USES = {
    "tensorflow-probability": _use(
        "import tensorflow_probability as tfp",
        """
        normal = tfp.distributions.Normal(0.0, 1.0)
        assert abs(float(normal.log_prob(0.0)) + 0.9189385) < 1e-4
        layer = tfp.layers.DistributionLambda(lambda mean: tfp.distributions.Normal(mean, 1.0))
        assert layer(tf.zeros((2, 1))).mean().shape == (2, 1)
        """,
    ),
    "tensorflow-addons": _use(
        "import tensorflow_addons as tfa",
        """
        model = small_model()
        optimizer = tfa.optimizers.AdamW(weight_decay=1e-4, learning_rate=1e-3)
        model.compile(optimizer, loss=tfa.losses.SigmoidFocalCrossEntropy())
        model.fit(tf.zeros((4, 4)), tf.zeros((4, 2)), verbose=0)
        """,
    ),
    "tensorflow-hub": _use(
        "import tensorflow_hub as hub",
        """
        layer = hub.KerasLayer(tf.function(lambda values: values * 2))
        assert float(layer(tf.ones((1,)))[0]) == 2.0
        """,
    ),
    "tensorflow-model-optimization": _use(
        "import tensorflow_model_optimization as tfmot",
        """
        model = tfmot.sparsity.keras.prune_low_magnitude(small_model())
        assert model(tf.zeros((1, 4))).shape == (1, 2)
        """,
    ),
    "tf-models-official": _use(
        """
        import importlib.util

        # The first releases have no such module.
        if importlib.util.find_spec("tensorflow_models"):
            from tensorflow_models.nlp import layers
        else:
            from official.nlp.modeling import layers
        """,
        """
        layer = layers.TransformerEncoderBlock(2, 8, "relu")
        assert layer(tf.zeros((1, 3, 8))).shape == (1, 3, 8)
        """,
    ),
    "keras-cv": _use(
        "import keras_cv",
        """
        layer = keras_cv.layers.RandAugment(value_range=(0, 255))
        assert layer(tf.zeros((1, 8, 8, 3))).shape == (1, 8, 8, 3)
        """,
    ),
    "keras-nlp": _use("import keras_nlp", _TRANSFORMER.format(module="keras_nlp")),
    "keras-hub": _use("import keras_hub", _TRANSFORMER.format(module="keras_hub")),
    "tensorflow-text": _use(
        "import tensorflow_text as text",
        """
        words = text.WhitespaceTokenizer().tokenize(["one two"])
        assert words.to_list() == [[b"one", b"two"]]
        """,
    ),
    "tensorflow-io": _use(
        "import tensorflow_io as tfio",
        r"""
        image = tfio.experimental.image.decode_pnm(b"P5 1 1 255\n\x07")
        assert image.shape[:2] == (1, 1)
        """,
    ),
    "tensorflow-decision-forests": _use(
        "import tensorflow_decision_forests as tfdf",
        """
        import pandas

        table = pandas.DataFrame({"size": [1.0, 2.0, 3.0, 4.0] * 5, "kind": [0, 0, 1, 1] * 5})
        model = tfdf.keras.RandomForestModel(num_trees=2, verbose=0)
        model.fit(tfdf.keras.pd_dataframe_to_tf_dataset(table, label="kind"), verbose=0)
        """,
    ),
    "tensorflow-compression": _use(
        "import tensorflow_compression as tfc",
        """
        prior = tfc.NoisyDeepFactorized(batch_shape=(4,))
        model = tfc.ContinuousBatchedEntropyModel(prior, coding_rank=1, compression=True)
        assert model.compress(tf.zeros((1, 4))).shape == (1,)
        """,
    ),
    "tensorflow-datasets": _use(
        "import tensorflow_datasets as tfds",
        """
        builder = tfds.builder("mnist", data_dir=DIRECTORY)
        assert builder.info.features["image"].shape == (28, 28, 1)
        """,
    ),
    "keras-tuner": _use(
        "import keras_tuner",
        """
        def build(choices):
            model = small_model()
            model.compile(optimizer=choices.Choice("optimizer", ["sgd", "adam"]), loss="mse")
            return model

        tuner = keras_tuner.RandomSearch(
            build, objective="loss", max_trials=1, directory=DIRECTORY, project_name="search"
        )
        tuner.search(np.zeros((4, 4)), np.zeros((4, 2)), epochs=1, verbose=0)
        """,
    ),
    "tensorflow-estimator": _use(
        "import tensorflow_estimator",
        """
        tensorflow_estimator.estimator.RunConfig(model_dir=DIRECTORY)
        """,
    ),
    "tf2onnx": _use(
        "import tf2onnx",
        """
        shape = tf.TensorSpec((None, 4), tf.float32, name="values")
        converted, _ = tf2onnx.convert.from_keras(small_model(), input_signature=[shape])
        assert converted.graph.node
        """,
    ),
    "coremltools": _use(
        "import coremltools",
        """
        coremltools.convert(small_model(), source="tensorflow", skip_model_load=True)
        """,
    ),
}

_MAIN = """
def small_model():
    from tensorflow import keras

    if getattr(keras, "__version__", "2").startswith("3"):
        try:
            import tf_keras as keras
        except ImportError:
            pass
    inputs = keras.layers.Input(shape=(4,), name="values")
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def main():
    say(step="import", stage="tensorflow")
    import numpy as np
    import tensorflow as tf

    say(step="import", stage="import")
{imports}

    say(step="fit", stage="use")
{calls}
"""


def program(package: str) -> str:
    """Give the program that uses a package."""
    use = USES[package]
    imports, calls = (textwrap.indent(text, "    ") for text in use)
    return framed(_MAIN.format(imports=imports, calls=calls))
