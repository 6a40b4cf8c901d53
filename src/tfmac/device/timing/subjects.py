"""The models that are timed, with inputs and targets for any number of rows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import keras_models
from ..failures import WorkProblem
from ..frameworks import Device, Framework
from ..subjects import inputs as model_inputs
from ..subjects.sides import Side
from ..subjects.subject import Subject as GivenModel
from ..subjects.trees import Recorded, mapped
from .samples import sample
from .targets import targets

_POOL = 64
_SEED = 19
_NO_LOSS = "it has no loss: mean squared error was taken"
_NO_OPTIMIZER = "it has no optimizer: Adam was taken"


class Subject(NamedTuple):
    """A compiled model with arrays of some rows, which are gone through again for more."""

    model: Any
    inputs: Any
    outputs: Any  # tensors, of whose shapes the targets are made
    targets: Any  # the script's own, or None
    notes: tuple[str, ...]

    def rows(self, count: int) -> tuple[Any, Any]:
        """Return inputs and targets of so many rows."""
        if self.targets is not None:
            return _cycled(self.inputs, count), _cycled(self.targets, count)
        return _cycled(self.inputs, count), targets(self.outputs, self.model.loss, count)

    def description(self) -> dict[str, Any]:
        """Say what the model is, as fields of an event."""
        places = keras_models.places(self.model)
        return {
            "parameters": int(self.model.count_params()),
            "layers": sorted({place.kind for place in places}),
            "notes": list(self.notes),
        }


class Subjects:
    """Opens each model when it is first timed."""

    def __init__(self, request: dict[str, Any], framework: Framework, device: Device) -> None:
        self._request = request
        self._framework = framework
        self._device = device
        self._opened: dict[str, Subject] = {}
        self.keras = _keras(framework)

    def subject(self, name: str) -> Subject:
        """Return the model of a name: a sample's, or any other for the one that was given."""
        if name not in self._opened:
            # One at a time: what was timed before holds memory and is not timed again.
            self._opened.clear()
            self._framework.seed(_SEED)
            with self._framework.scope(self._device):
                given = self._request.get("model") is not None
                self._opened[name] = self._given() if given else self._sample(name)
        return self._opened[name]

    def _sample(self, name: str) -> Subject:
        model = sample(self.keras, name)
        shape = (_POOL, *model.inputs[0].shape[1:])
        inputs = np.random.default_rng(_SEED).random(shape, dtype="float32")
        return Subject(model, inputs, self._called(model, inputs), None, ())

    def _given(self) -> Subject:
        path, name = self._request["model"], self._request.get("name")
        side = GivenModel(self._framework, path, name).side(self._device)
        inputs = mapped(_plain, self._tree(side))
        outputs = self._called(side.model, inputs)
        notes = _compile(side)
        own = side.extras.get("targets")
        return Subject(side.model, inputs, outputs, own() if callable(own) else own, notes)

    def _tree(self, side: Side) -> Any:
        """Return the inputs that the user gave or the script has, else some that fit."""
        if self._request.get("inputs"):
            return model_inputs.given_inputs(self._request["inputs"], side)[0].tree
        if "inputs" in side.extras:
            return model_inputs.script_inputs(side.extras["inputs"], side)[0].tree
        return model_inputs.made_inputs(side)[0].tree

    def _called(self, model: Any, inputs: Any) -> Any:
        """Call the model once; not by ``predict``, whose first call is timed."""
        return model(_cycled(inputs, 1), training=False)


def _keras(framework: Framework) -> Any:
    keras = keras_models.keras_of_process(framework)
    computes = keras.backend.backend()
    if computes != framework.name:
        raise WorkProblem(
            "no-keras", f"Keras {keras.__version__} computes with {computes}, not {framework.name}"
        )
    return keras


def _compile(side: Side) -> tuple[str, ...]:
    """Compile a model that is not; return what had to be made up for that."""
    model, extras = side.model, side.extras
    if getattr(model, "optimizer", None) is not None and getattr(model, "loss", None) is not None:
        return ()
    optimizer, loss = extras.get("optimizer"), extras.get("loss")
    notes = []
    if optimizer is None:
        notes.append(_NO_OPTIMIZER)
    if loss is None:
        notes.append(_NO_LOSS)
    model.compile(optimizer=_own(optimizer) or "adam", loss=loss or "mean_squared_error")
    return tuple(notes)


def _own(optimizer: Any) -> Any:
    """Make an optimizer once more: it may have been built for another copy of the model."""
    if not hasattr(optimizer, "get_config"):
        return optimizer
    return type(optimizer).from_config(optimizer.get_config())


def _plain(leaf: Any) -> Any:
    return leaf.array if isinstance(leaf, Recorded) else leaf


def _cycled(value: Any, count: int) -> Any:
    """Return arrays with so many rows, the same ones again when they are used up."""
    return mapped(lambda array: array[np.arange(count) % len(array)], value)
