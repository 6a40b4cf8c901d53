# mypy: ignore-errors
# Run by other interpreters, with frameworks that have no types.
"""Write the configurations of small models of a real Keras 2: the cases of the migration's tests.

Run it with an interpreter that has TensorFlow 2.4 to 2.15: ``python build_migration_cases.py
FOLDER``. Each file names the release that wrote it. ``--arrays FOLDER`` also keeps weights, inputs
and outputs, to compare by hand.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers
CASES: dict[str, Callable] = {}


def case(function: Callable) -> Callable:
    """Note a builder under its name."""
    CASES[function.__name__] = function
    return function


@case
def encoder_decoder() -> object:
    """States of one recurrent layer start another."""
    source, target = keras.Input((4, 3), name="source"), keras.Input((5, 2), name="target")
    _, hidden, carry = layers.LSTM(6, return_state=True, name="encoder")(source)
    sequence = layers.LSTM(6, return_sequences=True, name="decoder")(
        target, initial_state=[hidden, carry]
    )
    gru = layers.GRU(6, name="gru", reset_after=False)(sequence, initial_state=hidden)
    return keras.Model([source, target], [sequence, gru], name="encoder_decoder")


@case
def both_ways() -> object:
    """Recurrent layers both ways, with a layer of its own for the way back."""
    source = keras.Input((4, 3))
    first = layers.Bidirectional(
        layers.LSTM(3, return_sequences=True),
        backward_layer=layers.LSTM(3, return_sequences=True, go_backwards=True, name="back"),
        name="both",
    )(source)
    cells = [layers.LSTMCell(4), layers.GRUCell(3, recurrent_activation="hard_sigmoid")]
    second = layers.RNN(cells, return_sequences=True, name="stacked")(first)
    last = layers.RNN(layers.SimpleRNNCell(2), name="simple")(second)
    return keras.Model(source, last)


@case
def hard_gates() -> object:
    """The hard sigmoid, said and unsaid."""
    source = keras.Input((3, 5, 5, 2))
    first = layers.ConvLSTM2D(2, 2, name="conv_lstm")(source)
    flat = layers.Flatten()(first)
    dense = layers.Dense(4, activation="hard_sigmoid", name="dense")(flat)
    again = layers.Activation("hard_sigmoid", name="again")(dense)
    wide = layers.Reshape((2, 2))(again)
    lstm = layers.LSTM(3, recurrent_activation="hard_sigmoid", name="lstm")(wide)
    return keras.Model(source, lstm)


@case
def shared_models() -> object:
    """A model that is called twice and ends the outer one, a model in a wrapper."""
    inner_source = keras.Input((4,), name="inner_source")
    inner = keras.Model(
        inner_source, layers.Dense(4, activation="relu", name="d")(inner_source), name="inner"
    )
    shared = layers.Dense(4, name="shared")
    first, second = keras.Input((4,), name="first"), keras.Input((4,), name="second")
    joined = layers.Add(name="joined")([inner(shared(first)), inner(shared(second))])
    sequence = layers.Reshape((2, 2), name="two")(joined)
    small = keras.Sequential([keras.Input((2,)), layers.Dense(4, name="e")], name="small")
    timed = layers.TimeDistributed(small, name="timed")(sequence)
    pooled = layers.GlobalAveragePooling1D(name="pooled")(timed)
    return keras.Model([first, second], [inner(pooled), joined], name="outer")


@case
def attention() -> object:
    """Attention with several tensors as arguments."""
    query, value = keras.Input((4, 6), name="query"), keras.Input((5, 6), name="value")
    heads = layers.MultiHeadAttention(2, 3, name="heads")(query, value)
    added = layers.LayerNormalization(name="norm")(layers.Add()([query, heads]))
    plain = layers.Attention(use_scale=True, name="plain")([added, value])
    more = layers.AdditiveAttention(name="more")([plain, value])
    return keras.Model([query, value], more)


@case
def convolutions() -> object:
    """Layers of images with all that fills, holds back and bounds their weights."""
    source = keras.Input((8, 8, 4))
    x = layers.Conv2D(
        4,
        3,
        padding="same",
        kernel_regularizer=keras.regularizers.l2(0.1),
        groups=2,
        kernel_constraint=keras.constraints.MaxNorm(2),
        bias_initializer="ones",
        name="conv",
    )(source)
    x = layers.BatchNormalization(name="bn", momentum=0.9, epsilon=1e-4)(x)
    x = layers.LeakyReLU(0.2, name="leaky")(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(x)
    x = layers.SeparableConv2D(3, 2, activation="swish", name="separable")(x)
    x = layers.Conv2DTranspose(3, 2, strides=2, name="transposed")(x)
    x = layers.UpSampling2D(2, interpolation="bilinear", name="up")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.2, name="relu")(x)
    x = layers.SpatialDropout2D(0.2)(x)
    x = layers.ELU(0.7)(x)
    x = layers.Cropping2D(1)(x)
    x = layers.AveragePooling2D()(x)
    x = layers.LayerNormalization(axis=[1, 2], name="ln")(x)
    x = layers.Softmax(axis=[1, 2])(x)
    return keras.Model(source, layers.GlobalMaxPooling2D()(x))


@case
def layer_as_activation() -> object:
    """A layer as an activation, in a Sequential without an input layer."""
    return keras.Sequential(
        [
            layers.Dense(4, input_shape=(3,), activation=layers.LeakyReLU(0.1), name="a"),
            layers.Dense(4, activation="gelu", name="b"),
            layers.Dense(2, activation="softmax", name="c"),
        ]
    )


@case
def half_precision() -> object:
    """Types of layers by a policy."""
    source = keras.Input((4,))
    x = layers.Dense(4, dtype=keras.mixed_precision.Policy("mixed_float16"), name="half")(source)
    x = layers.Dense(2, dtype="float32", name="full")(x)
    return keras.Model(source, x)


@case
def preprocessing() -> object:
    """Preprocessing whose state stands in the configuration."""
    word = keras.Input((1,), dtype="string", name="word")
    number = keras.Input((1,), dtype="int64", name="number")
    value = keras.Input((3,), name="value")
    words = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot", name="words")(word)
    numbers = layers.IntegerLookup(vocabulary=[3, 5], output_mode="one_hot", name="numbers")(number)
    normal = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0], name="normal")(
        value
    )
    binned = layers.Discretization(bin_boundaries=[0.0, 1.0], name="binned")(value)
    coded = layers.CategoryEncoding(num_tokens=3, output_mode="multi_hot", name="coded")(binned)
    scaled = layers.Rescaling([0.1, 0.2, 0.3], offset=1.0, name="scaled")(value)
    joined = layers.Concatenate()([words, numbers, normal, coded, scaled])
    return keras.Model([word, number, value], layers.Dense(2, name="end")(joined))


@case
def texts() -> object:
    """A text as numbers, with its vocabulary in the configuration."""
    text = keras.Input((1,), dtype="string", name="text")
    x = layers.TextVectorization(vocabulary=["one", "two"], output_sequence_length=4)(text)
    x = layers.Embedding(5, 3, mask_zero=True, name="embedding")(x)
    return keras.Model(text, layers.LSTM(2, name="lstm")(x))


@case
def images() -> object:
    """Images as they are prepared."""
    source = keras.Input((12, 10, 3))
    x = layers.Resizing(8, 8)(source)
    x = layers.CenterCrop(6, 6)(x)
    x = layers.RandomFlip("horizontal")(x)
    x = layers.RandomRotation(0.1)(x)
    x = layers.RandomZoom(0.1)(x)
    x = layers.RandomTranslation(0.1, 0.1)(x)
    x = layers.RandomContrast(0.1)(x)
    return keras.Model(source, layers.Rescaling(1 / 255)(x))


@case
def by_names() -> object:
    """Inputs and outputs with names of their own, names with slashes."""
    first, second = keras.Input((2,), name="first"), keras.Input((2,), name="second")
    x = layers.Dense(3, name="block/dense")(
        layers.Concatenate(name="block/joined")([first, second])
    )
    ends = {"one": layers.Dense(1, name="one")(x), "two": layers.Dense(2, name="two")(x)}
    model = keras.Model({"first": first, "second": second}, ends)
    model.compile(
        "sgd",
        loss={"one": "mse", "two": keras.losses.Huber()},
        loss_weights={"one": 1, "two": 2},
        metrics={"one": ["mae"], "two": [keras.metrics.AUC(name="auc")]},
    )
    return model


@case
def functions_between() -> object:
    """Functions of TensorFlow between layers, a constant among the inputs."""
    source = keras.Input((4,))
    x = tf.nn.relu(source) * 2.0 + tf.constant([1.0, 2.0, 3.0, 4.0])
    x = layers.Multiply()([x, tf.reshape(source, (-1, 4))])
    return keras.Model(source, layers.Dense(2)(x[:, 1:]))


@case
def gone() -> object:
    """Layers that no Keras 3 has."""
    source = keras.Input((6, 6, 2))
    x = layers.LocallyConnected2D(2, 3, name="local")(source)
    return keras.Model(source, layers.ThresholdedReLU(0.5, name="thresholded")(x))


@case
def not_in_the_loop() -> object:
    """A model that a call holds still, and a layer with a mask."""
    source = keras.Input((5, 3))
    x = layers.Masking(0.5, name="masking")(source)
    x = layers.Dropout(0.5, name="dropout")(x, training=False)
    x = layers.TimeDistributed(layers.Dense(4), name="timed")(x)
    x = layers.BatchNormalization(name="bn")(x, training=False)
    x = layers.GRU(3, name="gru", return_sequences=True)(x)
    model = keras.Model(source, layers.GlobalAveragePooling1D()(x))
    model.compile(keras.optimizers.Adam(1e-3, clipnorm=1.0), "binary_crossentropy", ["accuracy"])
    return model


def _inputs(model: object) -> list:
    random = np.random.default_rng(0)
    made = []
    for one in model.inputs:
        shape = [3, *one.shape[1:]]
        if one.dtype == "string":
            made.append(random.choice(["a", "b", "one", "two one"], shape))
        elif "int" in one.dtype.name:
            made.append(random.integers(0, 6, shape))
        else:
            made.append(random.standard_normal(shape).astype("float32"))
    return made


def _training(model: object) -> object:
    if getattr(model, "optimizer", None) is None:
        return None
    try:
        from keras.src.saving.legacy import saving_utils  # noqa: PLC0415
    except ImportError:
        from keras.saving import saving_utils  # noqa: PLC0415
    metadata = saving_utils.model_metadata(model, include_optimizer=True)
    return json.loads(json.dumps(metadata.get("training_config"), default=_plain))


def _plain(value: object) -> object:
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return value.item() if hasattr(value, "item") else str(value)


def _keep_arrays(model: object, path: str) -> None:
    random = np.random.default_rng(1)
    for one in model.weights:
        if "float" in one.dtype.name:
            one.assign(random.uniform(0.1, 0.5, one.shape).astype(one.dtype.as_numpy_dtype))
    given = _inputs(model)
    outputs = tf.nest.flatten(model(given if len(given) > 1 else given[0], training=False))
    arrays = {f"w{n:03}": one.numpy() for n, one in enumerate(model.weights)}
    arrays.update({f"i{n}": one for n, one in enumerate(given)})
    arrays.update({f"o{n}": one.numpy() for n, one in enumerate(outputs)})
    np.savez(path, **arrays)
    model.save(path.replace(".npz", ".h5"))


def main() -> int:
    """Write every case that this release can build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--arrays")
    options = parser.parse_args()
    release = json.loads(keras.Sequential().to_json())["keras_version"]
    for name, build in CASES.items():
        keras.backend.clear_session()
        model = build()
        written = json.loads(model.to_json())
        document = {
            "written_by": f"Keras {release} of TensorFlow {tf.__version__}",
            "keras_version": release,
            "configuration": {
                key: value
                for key, value in written.items()
                if key not in {"keras_version", "backend"}
            },
            "training": _training(model),
        }
        path = os.path.join(options.folder, f"{name}-{'.'.join(release.split('.')[:2])}.json")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1)
            stream.write("\n")
        if options.arrays:
            os.makedirs(options.arrays, exist_ok=True)
            try:
                _keep_arrays(
                    model, os.path.join(options.arrays, os.path.basename(path)[:-5] + ".npz")
                )
            except Exception as error:  # noqa: BLE001 - what cannot be run is still a case
                sys.stderr.write(f"{name}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
