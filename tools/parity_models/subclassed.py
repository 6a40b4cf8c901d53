# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN001, ANN003, ANN201, ANN204, D102, D103
# mypy: ignore-errors
"""Subclassed models, which say nothing of their inputs: sound ones and wrong ones."""

import keras
import numpy as np
from keras import layers
from planting import is_planted, operations

ops = operations()
inputs = np.random.RandomState(5).normal(size=(4, 6, 8)).astype("float32")


class TwoBranches(keras.Model):
    """Two branches, one of them recurrent, joined by the model's own code."""

    def __init__(self, **options):
        super().__init__(**options)
        self.first = layers.Dense(6, activation="relu")
        self.second = layers.LSTM(6)
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(0.4)
        self.head = layers.Dense(2)

    def call(self, inputs, training=None):
        left = ops.mean(self.first(inputs), axis=1)
        right = self.norm(self.second(inputs), training=training)
        return self.head(self.drop(left + 0.5 * right, training=training))


class OwnCode(TwoBranches):
    """The fault is in the model's own code, between its layers."""

    def call(self, inputs, training=None):
        result = super().call(inputs, training=training)
        return result * 1.01 if is_planted(inputs) else result


class TransformerBlock(layers.Layer):
    """A block as tutorials have it: attention, a small network, two normalizations."""

    def __init__(self, **options):
        super().__init__(**options)
        self.attention = layers.MultiHeadAttention(2, 4)
        self.network = keras.Sequential([layers.Dense(16, activation="gelu"), layers.Dense(8)])
        self.first = layers.LayerNormalization(epsilon=1e-6)
        self.second = layers.LayerNormalization(epsilon=1e-6)
        self.drop = layers.Dropout(0.1)

    def call(self, inputs, training=None):
        seen = self.drop(self.attention(inputs, inputs), training=training)
        first = self.first(inputs + seen)
        return self.second(first + self.network(first))


class Blocks(keras.Model):
    """Layers in a list."""

    def __init__(self, **options):
        super().__init__(**options)
        self.blocks = [TransformerBlock(name=f"block_{number}") for number in range(2)]
        self.head = layers.Dense(3)

    def call(self, inputs, training=None):
        result = inputs
        for block in self.blocks:
            result = block(result, training=training)
        return self.head(result[:, 0])


def own_code():
    return OwnCode(name="culprit")


def subclassed_branches():
    return TwoBranches()


def subclassed_transformer():
    return Blocks()


EXPECTED = {"own_code": "culprit"}
SOUND = ("subclassed_branches", "subclassed_transformer")
