"""One training step in pieces: the loss, its gradients, the optimizer, on one side."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import keras_models, keras_training
from ..frameworks import Array
from ..subjects.sides import Side, give, perturbed, values
from ..subjects.trees import NotRecorded, Recorded, leaves, mapped, recorded, tensors_of
from .tracing import source_of, without_randomness

RATE = 1e-3


class State(NamedTuple):
    """All that a training step changes."""

    variables: list[Array]
    optimizer: list[Array]


class Step(NamedTuple):
    """What one step was made from, computed, and left."""

    before: State
    loss: Array
    gradients: list[Array | None]
    after: State


class Training:
    """Trains one side, step by step, as plainly as possible."""

    def __init__(self, side: Side, inputs: Any, outputs: Sequence[Array]) -> None:
        self.side = side
        self.inputs = inputs
        keras = keras_models.keras_of(side.model, side.framework)
        with side.inside():
            self.optimizer = keras_training.fresh_optimizer(keras, _extra(side, "optimizer"))
            self.weights = keras_models.trainable(side.model)
            keras_training.build_optimizer(self.optimizer, self.weights)
        self._loss = _extra(side, "loss")
        self._targets = targets_for(self._loss, side.extras.get("targets"), outputs)

    def slots(self) -> list[Any]:
        """Return the optimizer's variables."""
        return keras_training.optimizer_variables(self.optimizer)

    def state(self) -> State:
        """Return the state of weights and optimizer."""
        return State(self.side.state(), values(self.side.framework, self.slots()))

    def restore(self, state: State) -> None:
        """Put weights and optimizer into a state."""
        self.side.restore(state.variables)
        with self.side.inside():
            give(self.side.framework, self.slots(), state.optimizer)

    def loss_of(self, outputs: Sequence[Any]) -> Any:
        """Return the loss for the model's outputs as one number."""
        keras = keras_models.keras_of(self.side.model, self.side.framework)
        targets = tensors_of(self.side.framework, self.side.laid(self._targets))
        return keras_training.total_loss(keras, self._loss, targets, outputs)

    def step(self) -> Step:
        """Do one step from the present state."""
        side, before = self.side, self.state()
        with side.inside(), without_randomness(side):
            loss, gradients = self._differentiated()
            if len(keras_models.variables(side.model)) > len(self.weights):
                # Once more with state: counters and moving averages go on.
                side.call(side.laid(self.inputs), training=True)
        self.apply(gradients)
        return Step(before, loss, gradients, self.state())

    def apply(self, gradients: Sequence[Array | None]) -> None:
        """Let the optimizer change the weights."""
        side = self.side
        with side.inside():
            pairs = [
                (side.laid(Recorded(gradient, "float32")), weight)
                for gradient, weight in zip(gradients, self.weights)
                if gradient is not None
            ]
            keras_training.apply_gradients(self.optimizer, pairs)

    def _differentiated(self) -> tuple[Array, list[Array | None]]:
        side, state = self.side, self.side.state()
        losses: list[Array] = []

        def run(*_: Any) -> list[Any]:
            outputs = side.call(side.laid(self.inputs), training=True)
            loss = self.loss_of(tensors_of(side.framework, outputs))
            # While JAX traces there are no values.
            with contextlib.suppress(NotRecorded):
                losses.append(recorded(side.framework, loss).array)
            return [loss]

        of_weights, _ = keras_models.differentiate(
            side.framework, side.model, run, [], [np.ones((), "float32")]
        )
        if not losses:
            run()
        give(side.framework, keras_models.variables(side.model), state)
        return losses[0], of_weights

    def perturb(self, seed: int, dtype: str) -> None:
        """Move all weights by up to one unit of their last place."""
        source = source_of(seed)
        assert source is not None  # noqa: S101 (a seed was given)
        with self.side.inside():
            framework = self.side.framework
            moved = [perturbed(one, dtype, source) for one in values(framework, self.weights)]
            give(framework, self.weights, moved)


def _extra(side: Side, name: str) -> Any:
    """Return what the script has by a name, else what the model was compiled with."""
    if name in side.extras:
        return side.extras[name]
    return getattr(side.model, name, None)


def targets_for(loss: Any, given: Any, outputs: Sequence[Array]) -> Any:
    """Return what the loss compares with: the script's targets, or made to suit the loss."""
    if given is not None:
        if callable(given):
            given = given()
        return mapped(lambda leaf: _recorded(np.asarray(leaf)), given)
    source = np.random.RandomState(99)
    named = leaves(loss) if isinstance(loss, (list, tuple, dict)) else [loss] * len(outputs)
    return [_target(one, output, source) for one, output in zip(named, outputs)]


def _recorded(array: Array) -> Recorded:
    if array.dtype.name == "float64":
        array = array.astype("float32")
    return Recorded(array, array.dtype.name)


def _target(loss: Any, output: Array, source: np.random.RandomState) -> Recorded:
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or type(loss).__name__
    name = name.lower().replace("_", "")
    shape = output.shape
    if "sparse" in name and shape:
        return Recorded(source.randint(0, shape[-1], size=shape[:-1]).astype("int32"), "int32")
    if "categorical" in name and shape:
        chosen = source.randint(0, shape[-1], size=shape[:-1])
        return Recorded(np.eye(shape[-1], dtype="float32")[chosen], "float32")
    if any(word in name for word in ("binary", "hinge", "kl", "poisson")):
        return Recorded((source.uniform(size=shape) < 0.5).astype("float32"), "float32")
    return Recorded(np.asarray(source.normal(size=shape)).astype("float32"), "float32")
