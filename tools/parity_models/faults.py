# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ARG002, D101, D102, D103, NPY002
# mypy: ignore-errors
"""Models with one planted fault each: wrong on one device only, in a way of its own.

``EXPECTED`` says for each what has to be named: the end of a layer's path, or another thing.
"""

import keras
import numpy as np
from keras import layers
from planting import (
    BACKEND,
    IS_KERAS_3,
    frozen,
    is_eager,
    is_planted,
    like,
    one_element,
    operations,
)

ops = operations()


class Scaled(layers.Dense):
    """A dense layer whose result is wrong by a factor."""

    factor = 1.01

    def call(self, inputs):
        result = super().call(inputs)
        return self.spoilt(inputs, result) if is_planted(inputs) else result

    def spoilt(self, inputs, result):
        return result * self.factor


class TenthPercent(Scaled):
    factor = 1.001


class Zero(Scaled):
    factor = 0.0


class OneElement(Scaled):
    def spoilt(self, inputs, result):
        return result + one_element(result, 0.05)


class Bias(Scaled):
    def spoilt(self, inputs, result):
        return result + like(1e-3, result)


class Odd(Scaled):
    def spoilt(self, inputs, result):
        return result * 1.01 if int(inputs.shape[0]) % 2 else result


class LargeBatch(Scaled):
    def spoilt(self, inputs, result):
        return result * 1.01 if int(inputs.shape[0]) >= 32 else result


class LargeValues(Scaled):
    def spoilt(self, inputs, result):
        return ops.where(ops.abs(result) > 8.0, result * 1.05, result)


class Unsteady(Scaled):
    def spoilt(self, inputs, result):
        return result * like(1.0 + 0.05 * np.random.uniform(-1, 1), result)


class InTraining(layers.BatchNormalization):
    def call(self, inputs, training=None, **kwargs):
        result = super().call(inputs, training=training, **kwargs)
        return result * 1.02 if training and is_planted(inputs) else result


class MovingMean(layers.BatchNormalization):
    def call(self, inputs, training=None, **kwargs):
        result = super().call(inputs, training=training, **kwargs)
        if training and is_planted(inputs):
            self.moving_mean.assign(self.moving_mean * 1.05)
        return result


class OnlyCompiled(Scaled):
    def spoilt(self, inputs, result):
        return result if is_eager(inputs) else result * 1.01


class Stale(Scaled):
    """Computes with the weights of its first call."""

    def spoilt(self, inputs, result):
        if not is_eager(inputs) or not is_eager(result):
            return result
        held = self.__dict__.setdefault("_held", None)
        if held is None:
            held = (
                np.array(keras.backend.get_value(self.kernel))
                if not IS_KERAS_3
                else np.array(keras.ops.convert_to_numpy(self.kernel))
            )
            object.__setattr__(self, "_held", held)
        return ops.matmul(inputs, like(held, inputs)) + like(self.bias, inputs)


class WrongGradient(layers.Layer):
    """Gives its input, and 1.05 of the gradient."""

    def call(self, inputs):
        if not is_planted(inputs):
            return inputs
        return inputs + 0.05 * (inputs - frozen(inputs))


class WrongWeightGradient(layers.Layer):
    """Scales by a weight whose gradient alone is wrong."""

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")
        super().build(input_shape)

    def call(self, inputs):
        scale = like(self.scale, inputs)
        if is_planted(inputs):
            scale = scale + 0.05 * (scale - frozen(scale))
        return inputs * scale


class Later(layers.Layer):
    """Wrong from the second step on: it counts them in a variable."""

    def build(self, input_shape):
        self.count = self.add_weight(
            name="count", shape=(), initializer="zeros", trainable=False, dtype="float32"
        )
        super().build(input_shape)

    def call(self, inputs, training=None):
        result = inputs
        if is_planted(inputs):
            result = inputs * (1.0 + 0.05 * ops.minimum(like(self.count, inputs), 1.0))
        if training:
            self.count.assign(self.count + 1.0)
        return result


class Fused(layers.Layer):
    """Wrong only where it is compiled behind another operation."""

    def call(self, inputs):
        result = ops.relu(inputs)
        if is_planted(inputs) and not is_eager(inputs) and _is_computed(inputs):
            return result * 1.02
        return result


def _is_computed(tensor):
    operation = getattr(tensor, "op", None)
    return operation is not None and operation.type not in {"Placeholder", "Identity"}


class Transposed(layers.Layer):
    def call(self, inputs):
        result = inputs * 2.0
        return ops.transpose(result, (0, 2, 1)) if is_planted(inputs) else result


class Cell(layers.SimpleRNNCell):
    def call(self, inputs, states, training=None):
        output, state = super().call(inputs, states, training=training)
        return (output * 1.01, state) if is_planted(inputs) else (output, state)


class Attention(layers.MultiHeadAttention):
    def _compute_attention(self, query, *arguments, **options):
        result = super()._compute_attention(query, *arguments, **options)
        return (result[0] * 1.01, *result[1:]) if is_planted(query) else result


class LongOnly(Scaled):
    def spoilt(self, inputs, result):
        return result * 1.01 if int(inputs.shape[1]) > 6 else result


class NextRow(layers.Embedding):
    def call(self, inputs):
        if is_planted(inputs):
            inputs = (inputs + 1) % self.input_dim
        return super().call(inputs)


class NoKernel(layers.Layer):
    def call(self, inputs):
        if is_planted(inputs) and is_eager(inputs):
            raise NotImplementedError("the operation is not implemented for this device")
        return inputs * 2.0


class Convolution(layers.Conv2D):
    def call(self, inputs):
        result = super().call(inputs)
        return result * 1.01 if is_planted(inputs) else result


class Loss(keras.losses.Loss):
    factor = 1.01

    def call(self, y_true, y_pred):
        loss = ops.mean(ops.square(y_pred - like(y_true, y_pred)), axis=-1)
        return self.spoilt(y_pred, loss) if is_planted(y_pred) else loss

    def spoilt(self, y_pred, loss):
        return loss * self.factor


class LossGradient(Loss):
    def spoilt(self, y_pred, loss):
        return loss + 0.05 * (loss - frozen(loss))


class Unequal(keras.optimizers.SGD):
    """Wrong from its second step on; each Keras calls another method of it."""

    def _steps(self):
        return float(np.array(self.iterations))

    def _spoilt(self, gradient):
        return gradient * 1.05 if is_planted(gradient) and self._steps() >= 1 else gradient

    def update_step(self, gradient, variable, *arguments):
        return super().update_step(self._spoilt(gradient), variable, *arguments)

    def _resource_apply_dense(self, grad, var, apply_state=None):
        return super()._resource_apply_dense(self._spoilt(grad), var, apply_state)


class NotANumber(keras.optimizers.Adam):
    """Leaves what is no number in its state."""

    def _spoil(self, gradient):
        if is_planted(gradient):
            held = self.variables
            last = (held() if callable(held) and not isinstance(held, list) else held)[-1]
            last.assign(last * float("nan"))

    def update_step(self, gradient, variable, *arguments):
        result = super().update_step(gradient, variable, *arguments)
        self._spoil(gradient)
        return result

    def _resource_apply_dense(self, grad, var, apply_state=None):
        result = super()._resource_apply_dense(grad, var, apply_state)
        self._spoil(grad)
        return result


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
