"""Replaces the calls of TensorFlow's functions in one network of layers and calls."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

from collections.abc import Iterator, Sequence
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.operations import chains, inference
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.structures import flattened, references_in, replaced
from tfmac.models.migration.operations.translators import is_translated, translated
from tfmac.models.migration.operations.values import Inexpressible, Shape, Tensor
from tfmac.schema.migration import Change, Untranslated

_NEEDS = "--custom module:function"


class Outcome(msgspec.Struct):
    """What became of the layers of all networks so far."""

    changes: list[Change] = []
    untranslated: list[Untranslated] = []


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """For whom, and who wrote it."""

    keras: Version
    old_bilinear: bool = False
    tensorflow_1: bool = False


class Expression:
    """One network whose functions are being expressed."""

    def __init__(
        self, network: Network, outcome: Outcome, setting: Setting, around: str = ""
    ) -> None:
        self._network = network
        self._keras = setting.keras
        self._outcome = outcome
        self._setting = setting
        self._around = around
        self._taken = {one.name for one in network.layers}
        self._values: dict[Reference, Any] = {}
        self._layers: list[Layer] = []
        self._failed: dict[str, str] = {}
        self._models: list[str] = []
        self.outputs: list[Any] = []
        """What is known of what it gives."""

    def run(self, inputs: Sequence[Tensor] = ()) -> Network:
        """Give the network without them, as far as they can be expressed.

        ``inputs`` are what it is called with, where it is part of another.
        """
        if self._network.class_name == "Sequential":
            return self._chain(inputs)
        for layer in self._ordered():
            if self._is_translated(layer):
                self._replace(layer)
            else:
                self._keep(layer, inputs)
        layers = tuple(self._pointed(one) for one in self._layers)
        outputs = replaced(self._network.outputs, self._target)
        self.outputs = [self.value(one) for one in references_in(self._network.outputs)]
        return msgspec.structs.replace(self._network, layers=layers, outputs=outputs)

    def _is_translated(self, layer: Layer) -> bool:
        return is_translated(layer, old_images=self._setting.old_bilinear)

    def _chain(self, inputs: Sequence[Tensor]) -> Network:
        """Replace layers of a Sequential in their places."""
        shape, dtype = chains.first_shape(self._network), "float32"
        first = self._network.layers[:1]
        if first:
            dtype = inference.compute_dtype(first[0].config) or dtype
        if inputs and inputs[0].shape is not None:
            shape, dtype = inputs[0].shape, inputs[0].dtype or dtype
        current = Tensor(reference=Reference(self._network.name), shape=shape, dtype=dtype)
        for layer in self._network.layers:
            current = self._link(layer, current)
        self.outputs = [current]
        if self._models and self._keras < chains.MODELS_WITHIN_SINCE:
            return chains.as_graph(self._network, self._layers, self._models, shape)
        return msgspec.structs.replace(self._network, layers=tuple(self._layers))

    def _link(self, layer: Layer, given: Tensor) -> Tensor:
        """Add one layer of a chain, and tell what it gives."""
        if layer.class_name == "InputLayer":
            self._layers.append(layer)
            return given
        if not self._is_translated(layer):
            kept, outputs = self._with_inside(layer, [given])
            self._layers.append(kept)
            shape, dtype = inference.output_of(kept, [given])
            known = outputs[0] if outputs else None
            return msgspec.structs.replace(
                given,
                shape=known.shape if known else shape,
                dtype=known.dtype if known else dtype,
            )
        shape, dtype, replacement = None, None, layer
        try:
            replacement, shape, dtype = self._alone(layer, given)
        except Inexpressible as error:
            self._refuse(layer, str(error))
        else:
            self._layers.append(replacement)
            if replacement.network is not None:
                self._models.append(replacement.name)
        return msgspec.structs.replace(given, shape=shape, dtype=dtype)

    def _alone(self, layer: Layer, given: Tensor) -> tuple[Layer, Shape, Optional[str]]:
        found = chains.standing_alone(
            layer,
            self._keras,
            given,
            self._taken,
            first_version=self._setting.tensorflow_1,
        )
        replacement = found[0]
        inner = replacement.network.layers[1:] if replacement.network else (replacement,)
        self._note(layer, inner)
        return found

    def _keep(self, layer: Layer, inputs: Sequence[Tensor]) -> None:
        """Keep a layer, with what is in it expressed, and note what it gives."""
        taken = [self.value(one) for call in layer.calls[:1] for one in references_in(call)]
        tensors = [one for one in taken if isinstance(one, Tensor)]
        kept, outputs = self._with_inside(layer, tensors)
        self._layers.append(kept)
        self._infer(kept, inputs)
        for number in range(len(layer.calls)):
            for place, one in enumerate(outputs):
                reference = Reference(layer.name, number, place)
                self._values[reference] = msgspec.structs.replace(one, reference=reference)

    def _with_inside(self, layer: Layer, given: Sequence[Tensor]) -> tuple[Layer, Sequence[Tensor]]:
        """Express what is in a layer; tell what it gives where it is a model."""
        if layer.network is not None:
            inner = Expression(layer.network, self._outcome, self._setting, self._location(layer))
            network = inner.run(given)
            outputs = [one for one in inner.outputs if isinstance(one, Tensor)]
            if network.class_name != layer.network.class_name:
                layer = msgspec.structs.replace(
                    layer,
                    class_name=network.class_name,
                    module="keras.src.models.functional",
                    registered_name=network.class_name,
                )
            return msgspec.structs.replace(layer, network=network), outputs
        if not layer.parts:
            return layer, ()
        parts = {
            key: tuple(self._part(layer, one, given) for one in found)
            for key, found in layer.parts.items()
        }
        return msgspec.structs.replace(layer, parts=parts), ()

    def _part(self, around: Layer, part: Layer, given: Sequence[Tensor]) -> Layer:
        """Express what a wrapper is around."""
        known = list(given[:1])
        if around.class_name == "TimeDistributed" and known and known[0].shape is not None:
            shape = (known[0].shape[0], *known[0].shape[2:])
            known = [msgspec.structs.replace(known[0], shape=shape)]
        if part.network is not None:
            return self._with_inside(part, known)[0]
        if not self._is_translated(part):
            return part
        try:
            return self._within(around, part, known)
        except Inexpressible as error:
            self._note_refusal(part, str(error))
            return part

    def _within(self, around: Layer, part: Layer, given: Sequence[Tensor]) -> Layer:
        """Give what a wrapper can be around in the place of a function."""
        if around.class_name != "TimeDistributed" or not given:
            raise Inexpressible(f"it is within a layer {around.class_name[:60]}")
        alone = self._alone(part, given[0])[0]
        if alone.network is not None and self._keras < chains.MODELS_WITHIN_SINCE:
            raise Inexpressible(f"Keras {self._keras} has no models in {around.class_name}")
        return alone

    def _ordered(self) -> Iterator[Layer]:
        """Give the layers so that each comes after what it takes, else as they stand."""
        waiting = list(self._network.layers)
        given: set[str] = set()
        while waiting:
            ready = [one for one in waiting if self._sources(one) <= given]
            for one in ready or waiting:
                yield one
                given.add(one.name)
            waiting = [one for one in waiting if one.name not in given]

    def _sources(self, layer: Layer) -> set[str]:
        return {one.layer for call in layer.calls for one in references_in(call)} - {layer.name}

    def _infer(self, layer: Layer, inputs: Sequence[Tensor]) -> None:
        """Note what is known of the outputs of a layer that stays."""
        if layer.class_name == "InputLayer":
            shape = inference.input_tensor_shape(layer.config, layer.name)
            dtype = inference.compute_dtype(layer.config)
            position = _position(self._network.inputs, layer.name)
            if position is not None and position < len(inputs):
                shape = inputs[position].shape or shape
            known = Tensor(reference=Reference(layer.name), shape=shape, dtype=dtype)
            self._values[known.reference] = known
        for number, call in enumerate(layer.calls):
            taken = [self.value(one) for one in references_in(call)]
            tensors = [one for one in taken if isinstance(one, Tensor)]
            shape, dtype = inference.output_of(layer, tensors)
            reference = Reference(layer.name, number)
            self._values[reference] = Tensor(reference=reference, shape=shape, dtype=dtype)

    def value(self, reference: Reference) -> Any:
        """Give what stands for an output."""
        return self._values.get(reference, Tensor(reference=reference))

    def _replace(self, layer: Layer) -> None:
        kept, taken, values = len(self._layers), set(self._taken), dict(self._values)
        try:
            for number, call in enumerate(layer.calls):
                self._replace_call(layer, number, call)
        except Inexpressible as error:
            del self._layers[kept:]
            self._taken, self._values = taken, values
            self._refuse(layer, str(error))

    def _refuse(self, layer: Layer, reason: str) -> None:
        self._layers.append(layer)
        self._note_refusal(layer, reason)

    def _note_refusal(self, layer: Layer, reason: str) -> None:
        self._outcome.untranslated.append(
            Untranslated(
                layer=self._location(layer),
                class_name=layer.class_name,
                reason=reason,
                needs=_NEEDS,
            )
        )

    def _location(self, layer: Layer) -> str:
        own = f"{self._around}/{layer.name}" if self._around else layer.name
        return layer.source or own

    def _replace_call(self, layer: Layer, number: int, call: Call) -> None:
        builder = Builder(layer.name, self._keras, self._taken)
        builder.legacy_images = builder.first_version = self._setting.tensorflow_1
        known = Call(
            args=tuple(replaced(one, self.value) for one in call.args),
            kwargs={key: replaced(one, self.value) for key, one in call.kwargs.items()},
        )
        result = translated(builder, layer, known)
        outputs = list(flattened(result))
        if number == 0 and len(outputs) == 1 and len(layer.calls) == 1:
            builder.rename(outputs[0])
            outputs = [builder.renamed(one) for one in outputs]
        self._layers.extend(builder.layers)
        self._taken |= builder.taken
        for place, one in enumerate(outputs):
            self._values[Reference(layer.name, number, place)] = one
        self._note(layer, builder.layers)

    def _note(self, layer: Layer, layers: Sequence[Layer]) -> None:
        made = ", ".join(one.class_name for one in layers) or "nothing"
        self._outcome.changes.append(
            Change(
                rule="operations",
                layer=self._location(layer),
                statement=f"{described(layer)} is expressed by {made}",
            )
        )

    def _pointed(self, layer: Layer) -> Layer:
        calls = tuple(
            Call(
                args=tuple(replaced(one, self._target) for one in call.args),
                kwargs={key: replaced(one, self._target) for key, one in call.kwargs.items()},
            )
            for call in layer.calls
        )
        return msgspec.structs.replace(layer, calls=calls)

    def _target(self, reference: Reference) -> Any:
        value = self._values.get(reference)
        if isinstance(value, Tensor):
            return value.reference
        if value is None:
            return reference
        return self._constant(reference)

    def _constant(self, reference: Reference) -> Reference:
        """Note that a layer gets what is no tensor of the new model."""
        if reference.layer not in self._failed:
            layer = next(one for one in self._network.layers if one.name == reference.layer)
            self._failed[reference.layer] = layer.class_name
            self._outcome.untranslated.append(
                Untranslated(
                    layer=self._location(layer),
                    class_name=layer.class_name,
                    reason="a layer takes the shape that it gives, which is no tensor in Keras 3",
                    needs=_NEEDS,
                )
            )
        return reference


def described(layer: Layer) -> str:
    """Name a layer by what it calls."""
    function = layer.config.get("function")
    if layer.class_name in {"TFOpLambda", "SlicingOpLambda"} and isinstance(function, str):
        return f"tf.{function[:80]}"
    return layer.class_name


def _position(inputs: Any, name: str) -> Optional[int]:
    names = [one.layer for one in references_in(inputs)]
    return names.index(name) if name in names else None
