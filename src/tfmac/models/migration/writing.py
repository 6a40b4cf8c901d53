"""A network as the configuration that Keras 3 writes into an archive."""

from collections.abc import Iterator
from typing import Any

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.sharing import shared_as_read
from tfmac.models.migration.targets import Release, Target

# What a model is called, and the module that Keras 3 names for it in every release.
_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
_ENDS_COUNT_FROM_ONE: Release = (3, 3)
"""Since then the calls of an inner model are counted from one where the outer model ends."""
_SINGLE_ENDS: Release = (3, 11)
"""Since then a model that has one input, and not a list of one, is written so."""


def written(network: Network, target: Target) -> dict[str, Any]:
    """Write a whole model."""
    network = shared_as_read(network)
    return {
        "module": _MODULES.get(network.class_name),
        "class_name": network.class_name,
        "config": _network(network, target),
        "registered_name": None if network.class_name == "Sequential" else network.class_name,
    }


def _network(network: Network, target: Target) -> dict[str, Any]:
    config: dict[str, Any] = {"name": network.name, **network.config}
    if network.class_name == "Sequential":
        config["layers"] = [_entry(one, target) for one in network.layers]
        return config
    config["layers"] = [
        {
            **_entry(one, target),
            "name": one.name,
            "inbound_nodes": [_node(call) for call in one.calls],
        }
        for one in network.layers
    ]
    inner = {one.name for one in network.layers if _counts_from_one(one)}
    shifted = inner if target.release >= _ENDS_COUNT_FROM_ONE else set()
    config["input_layers"] = _ends(network.inputs, set(), target)
    config["output_layers"] = _ends(network.outputs, shifted, target)
    return config


def _counts_from_one(layer: Layer) -> bool:
    return layer.network is not None and layer.network.class_name != "Sequential"


def _entry(layer: Layer, target: Target) -> dict[str, Any]:
    # Operations of older releases take no name.
    config: dict[str, Any] = {} if is_operation(layer) else {"name": layer.name}
    config.update(layer.config)
    for key, parts in layer.parts.items():
        entries = [_entry(one, target) for one in parts]
        config[key] = entries if key == "cells" else entries[0]
    if layer.network is not None:
        config = _network(layer.network, target)
    entry: dict[str, Any] = {
        "module": layer.module,
        "class_name": layer.class_name,
        "config": config,
        "registered_name": layer.registered_name,
    }
    if layer.build_config is not None:
        entry["build_config"] = dict(layer.build_config)
    if layer.shared is not None:
        entry["shared_object_id"] = layer.shared
    return entry


def is_operation(layer: Layer) -> bool:
    """Whether it is an operation of Keras 3 that stands between layers."""
    return (layer.module or "").startswith("keras.src.ops")


def _node(call: Call) -> dict[str, Any]:
    return {
        "args": [_argument(one) for one in call.args],
        "kwargs": {key: _argument(value) for key, value in call.kwargs.items()},
    }


def _argument(value: Any) -> Any:  # noqa: ANN401 - arguments are any JSON
    if isinstance(value, Reference):
        # Shape and type only make the stand-in, which the layer's own output then replaces.
        return {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": [None],
                "dtype": "float32",
                "keras_history": [value.layer, value.call, value.output],
            },
        }
    if isinstance(value, (list, tuple)):
        return [_argument(one) for one in value]
    if isinstance(value, dict):
        return {key: _argument(one) for key, one in value.items()}
    return value


def _ends(value: Any, inner: set[str], target: Target) -> Any:  # noqa: ANN401 - any structure
    if isinstance(value, Reference):
        end = _end(value, inner)
        return end if target.release >= _SINGLE_ENDS else [end]
    return _structure(value, inner)


def _structure(value: Any, inner: set[str]) -> Any:  # noqa: ANN401 - any structure
    if isinstance(value, Reference):
        return _end(value, inner)
    if isinstance(value, dict):
        return {key: _structure(one, inner) for key, one in value.items()}
    return [_structure(one, inner) for one in value]


def _end(reference: Reference, inner: set[str]) -> list[Any]:
    return [
        reference.layer,
        reference.call + (1 if reference.layer in inner else 0),
        reference.output,
    ]


def locations(network: Network, around: str = "") -> Iterator[tuple[str, str]]:
    """Give the location of each layer in what is written, with that of its weights' source."""
    for one in network.layers:
        place = f"{around}/{one.name}" if around else one.name
        yield from _locations(one, place)


def _locations(layer: Layer, place: str) -> Iterator[tuple[str, str]]:
    if layer.source is not None:
        yield place, layer.source
    if layer.network is not None:
        yield from locations(layer.network, place)
    for inner in layer.parts.get("layer", ()):
        if inner.network is not None:
            yield from _locations(inner, f"{place}/{inner.name}")
