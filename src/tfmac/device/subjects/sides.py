"""A copy of the model on one device: its layers, its state, and calls of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import keras_models
from ..frameworks import Array, Device, Framework
from ..precision import EPSILON
from .trees import Recorded, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..keras_models import Place

_FLOATS = {"float16", "bfloat16", "float32", "float64"}


class Side:
    """The model on one device, with what its script has beside it (loss, optimizer).

    ``wide`` says that this copy computes in float64, as the judge of the other two.
    """

    def __init__(
        self,
        framework: Framework,
        device: Device,
        model: Any,
        extras: dict[str, Any],
        *,
        wide: bool = False,
    ) -> None:
        self.framework = framework
        self.device = device
        self.model = model
        self.extras = extras
        self.wide = wide
        self.refresh()

    def refresh(self) -> None:
        """Look at the layers again: some are made by the first call."""
        self.places: list[Place] = keras_models.places(self.model)
        self.random = [
            place
            for place in self.places
            if keras_models.is_random(place.layer) and keras_models.takes_training(place.layer)
        ]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Compute on this device and on no other, in full precision."""
        wide = self.framework.double() if self.wide else contextlib.nullcontext()
        with wide, self.framework.strict(), self.framework.scope(self.device):
            yield

    def state(self) -> list[Array]:
        """Return all variables' values."""
        return values(self.framework, keras_models.variables(self.model))

    def restore(self, state: Sequence[Array]) -> None:
        """Give all variables their values back."""
        with self.inside():
            give(self.framework, keras_models.variables(self.model), state)

    def laid(self, tree: Any, perturbation: np.random.RandomState | None = None) -> Any:
        """Lay recorded tensors on this device, in the types that they had.

        With a source of random numbers, floats are moved by up to one unit of their last place.
        """

        def lay(leaf: Any) -> Any:
            if not isinstance(leaf, Recorded):
                return leaf
            array, dtype = leaf
            if dtype in _FLOATS:
                if perturbation is not None:
                    array = perturbed(array, dtype, perturbation)
                if self.wide:
                    array, dtype = array.astype("float64"), "float64"
            tensor = self.framework.on_device(array, self.device)
            if keras_models.dtype_name(tensor) != dtype and dtype in _FLOATS:
                tensor = self._cast(tensor, dtype)
            return tensor

        return mapped(lay, tree)

    def _cast(self, tensor: Any, dtype: str) -> Any:
        keras = keras_models.keras_of(self.model, self.framework)
        if keras_models.is_keras_3(keras):
            return keras.ops.cast(tensor, dtype)
        return keras.backend.cast(tensor, dtype)

    def call(self, inputs: Any, *, training: bool) -> Any:
        """Call the model on inputs that were laid here."""
        return called(self.model, (inputs,), {"training": training})


def called(layer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Call a layer; ``training`` only reaches one that knows it."""
    if "training" in kwargs and not keras_models.takes_training(layer):
        kwargs = {name: value for name, value in kwargs.items() if name != "training"}
    return layer(*args, **kwargs)


def values(framework: Framework, variables: Sequence[Any]) -> list[Array]:
    """Return the values of variables, as copies."""
    return [np.array(framework.array(variable)) for variable in variables]


def give(framework: Framework, variables: Sequence[Any], state: Sequence[Array]) -> None:
    """Give variables their values."""
    for variable, value in zip(variables, state):
        keras_models.assign(framework, variable, value)


def perturbed(array: Array, dtype: str, source: np.random.RandomState) -> Array:
    """Move floats by up to one unit of their last place."""
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array
    moved = array * (1.0 + EPSILON[dtype] * source.uniform(-1.0, 1.0, array.shape))
    return np.asarray(moved).astype(array.dtype)
