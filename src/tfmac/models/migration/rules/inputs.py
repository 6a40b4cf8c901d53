"""Inputs of models, and shapes that stood in the layers that come first."""

from typing import Any, Optional

import msgspec

from tfmac.models.migration.network import Layer, Network
from tfmac.models.migration.rules.base import Outcome, Scene, renamed, without

_LEFT = ("batch_input_shape", "input_shape", "batch_size", "input_dtype")


def input_layer(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """``batch_input_shape`` of an input is ``batch_shape``."""
    if layer.class_name != "InputLayer":
        return None
    config = renamed(layer, {"batch_input_shape": "batch_shape"})
    config = without(config, "type_spec", "input_tensor", "input_dtype")
    ragged = layer.config.get("ragged") is True
    return Outcome(
        layer=without(config, "ragged"),
        reason="Keras 3 has no ragged tensors: what they become is the user's to decide"
        if ragged
        else None,
    )


def input_shape(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Layers do not keep the shape of a model's input."""
    if layer.class_name == "InputLayer" or not any(key in layer.config for key in _LEFT):
        return None
    return Outcome(layer=without(layer, *_LEFT))


def with_input(network: Network) -> Network:
    """Put the input of a Sequential before its layers, where a layer or the model states it."""
    if network.class_name != "Sequential" or not network.layers:
        return network
    first = network.layers[0]
    config = {key: value for key, value in network.config.items() if key != "build_input_shape"}
    shape = _shape(first) or _listed(network.config.get("build_input_shape"))
    if first.class_name == "InputLayer" or shape is None:
        return msgspec.structs.replace(network, config=config)
    taken = {one.name for one in network.layers}
    name = f"{first.name}_input"
    while name in taken:
        name += "_"
    made = Layer(
        name=name,
        class_name="InputLayer",
        module="keras.layers",
        config={"batch_shape": shape, "dtype": _dtype(first), "sparse": False},
    )
    return msgspec.structs.replace(network, layers=(made, *network.layers), config=config)


def with_inputs(network: Network) -> Network:
    """Do so for a model and all models in it."""
    layers = tuple(_inner(one) for one in network.layers)
    return with_input(msgspec.structs.replace(network, layers=layers))


def _inner(layer: Layer) -> Layer:
    parts = {key: tuple(_inner(one) for one in inner) for key, inner in layer.parts.items()}
    network = None if layer.network is None else with_inputs(layer.network)
    return msgspec.structs.replace(layer, parts=parts, network=network)


def _shape(layer: Layer) -> Optional[list[Any]]:
    """Find the shape that a layer says its model gets."""
    stated = _listed(layer.config.get("batch_input_shape"))
    if stated is None and layer.network is not None:
        ends = [one for one in layer.network.layers if one.class_name == "InputLayer"]
        if len(ends) == 1:
            return _listed(
                ends[0].config.get("batch_input_shape", ends[0].config.get("batch_shape"))
            )
    return stated


def _listed(value: object) -> Optional[list[Any]]:
    if isinstance(value, list) and value and not isinstance(value[0], list):
        return value
    return None


def _dtype(layer: Layer) -> str:
    for key in ("input_dtype", "dtype"):
        found = layer.config.get(key)
        if isinstance(found, str) and not found.startswith("mixed") and found != "_infer":
            return found
    return "float32"
