# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ARG002, D101, D102, NPY002
# mypy: ignore-errors
"""Layers, losses and optimizers that are wrong on one device only, each in a way of its own."""

import keras
import numpy as np
from keras import layers
from planting import (
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
