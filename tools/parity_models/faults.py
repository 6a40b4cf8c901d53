# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN001, ANN002, ANN201, ANN202, D103
# mypy: ignore-errors
"""Models with one planted fault each: wrong on one device only, in a way of its own.

``EXPECTED`` says for each what has to be named: the end of a layer's path, or another thing.
"""

import keras
from faulty_parts import (
    Attention,
    Bias,
    Cell,
    Convolution,
    Fused,
    InTraining,
    LargeBatch,
    LargeValues,
    Later,
    LongOnly,
    Loss,
    LossGradient,
    MovingMean,
    NextRow,
    NoKernel,
    NotANumber,
    Odd,
    OneElement,
    OnlyCompiled,
    Scaled,
    Stale,
    TenthPercent,
    Transposed,
    Unequal,
    Unsteady,
    WrongGradient,
    WrongWeightGradient,
    Zero,
)
from keras import layers
from planting import BACKEND, IS_KERAS_3


def _chain(*inner, shape=(6,), dtype=None):
    inputs = keras.Input(shape, dtype=dtype)
    result = inputs
    for layer in inner:
        result = layer(result)
    return keras.Model(inputs, result)


def _around(culprit, shape=(6,)):
    return _chain(layers.Dense(8, activation="tanh"), culprit, layers.Dense(3), shape=shape)


def _policy(name):
    return keras.mixed_precision.Policy(name) if not IS_KERAS_3 else name


def one_percent():
    return _chain(
        layers.Conv2D(4, 3),
        Convolution(4, 3, name="culprit"),
        layers.Flatten(),
        layers.Dense(2),
        shape=(8, 8, 2),
    )


def tenth_percent():
    return _around(TenthPercent(8, name="culprit"))


def one_single_element():
    return _around(OneElement(8, name="culprit"))


def constant_bias():
    return _around(Bias(8, name="culprit"))


def fused_pair():
    return _around(Fused(name="culprit"))


def only_compiled():
    return _around(OnlyCompiled(8, name="culprit"))


def odd_sizes():
    return _around(Odd(8, name="culprit"))


def large_batch():
    return _around(LargeBatch(8, name="culprit"))


def large_values():
    return _chain(LargeValues(8, name="culprit"), layers.Dense(2))


def nondeterministic():
    return _around(Unsteady(8, name="culprit"))


def gradient_alone():
    return _around(WrongGradient(name="culprit"))


def weight_gradient():
    return _around(WrongWeightGradient(name="culprit"))


def second_step():
    return _around(Later(name="culprit"))


def stale_weights():
    return _around(Stale(8, name="culprit"))


def optimizer_slot():
    model = _around(layers.Dense(4))
    model.compile(optimizer=Unequal(0.05, momentum=0.9), loss="mse")
    return model


def optimizer_nan():
    model = _around(layers.Dense(4))
    model.compile(optimizer=NotANumber(0.01), loss="mse")
    return model


def mixed_float16():
    policy = _policy("mixed_float16")
    return _chain(
        layers.Dense(32, activation="relu", dtype=policy),
        Scaled(64, name="culprit", dtype=policy),
        layers.Dense(3, dtype="float32"),
        shape=(32,),
    )


def mixed_bfloat16():
    policy = _policy("mixed_bfloat16")
    return _chain(
        layers.Dense(32, activation="relu", dtype=policy),
        Scaled(64, name="culprit", dtype=policy),
        layers.Dense(3, dtype="float32"),
        shape=(32,),
    )


def nested():
    block = _chain(layers.Dense(8), Scaled(8, name="culprit"), layers.ReLU(), shape=(8,))
    return _around(block)


def recurrent_cell():
    return _chain(layers.RNN(Cell(6, name="culprit")), layers.Dense(2), shape=(5, 4))


def attention():
    inputs = keras.Input((6, 8))
    result = Attention(2, 4, name="culprit")(inputs, inputs)
    return keras.Model(inputs, layers.Dense(2)(layers.LayerNormalization()(result)))


def used_twice():
    shared = LongOnly(4, name="culprit")
    short, long = keras.Input((5, 4)), keras.Input((9, 4))
    both = layers.Concatenate(axis=1)([shared(short), shared(long)])
    return keras.Model([short, long], layers.Dense(2)(both))


def transposed():
    return _chain(layers.Dense(5), Transposed(name="culprit"), layers.Dense(2), shape=(5, 3))


def silent_zero():
    return _around(Zero(8, name="culprit"))


def training_only():
    return _around(InTraining(name="culprit"))


def moving_average():
    return _around(MovingMean(name="culprit"))


def wrong_loss():
    model = _around(layers.Dense(4))
    model.compile(optimizer="sgd", loss=Loss())
    return model


def loss_gradient():
    model = _around(layers.Dense(4))
    model.compile(optimizer="sgd", loss=LossGradient())
    return model


def next_row():
    return _chain(
        NextRow(7, 4, name="culprit"), layers.Flatten(), layers.Dense(2), shape=(5,), dtype="int32"
    )


def no_kernel():
    return _around(NoKernel(name="culprit"))


EXPECTED = {
    "one_percent": "culprit",
    "tenth_percent": "culprit",
    "one_single_element": "culprit",
    "constant_bias": "culprit",
    "fused_pair": "culprit",
    "only_compiled": "culprit",
    "odd_sizes": "culprit",
    "large_batch": "culprit",
    "large_values": "culprit",
    "nondeterministic": "culprit",
    "gradient_alone": "culprit",
    "weight_gradient": "culprit",
    "second_step": "culprit",
    "stale_weights": "culprit",
    "optimizer_slot": "Unequal",
    "optimizer_nan": "NotANumber",
    "mixed_float16": "culprit",
    "mixed_bfloat16": "culprit",
    "nested": "culprit",
    "recurrent_cell": "culprit",
    "attention": "culprit",
    "used_twice": "culprit",
    "transposed": "culprit",
    "silent_zero": "culprit",
    "training_only": "culprit",
    "moving_average": "culprit",
    "wrong_loss": "the loss",
    "loss_gradient": "the loss",
    "next_row": "culprit",
    "no_kernel": "culprit",
}
# Faults of graph mode need TensorFlow's graphs, where an operation knows what made its input.
ONLY_TENSORFLOW = {"fused_pair"}
if BACKEND != "tensorflow":
    for _name in ONLY_TENSORFLOW:
        EXPECTED.pop(_name)
if BACKEND == "torch":
    EXPECTED.pop("only_compiled")
