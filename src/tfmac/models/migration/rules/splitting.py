"""Layers whose activation becomes a layer of its own, for releases that take functions alone."""

from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.models.migration.network import Call, Layer, Network, Reference
from tfmac.models.migration.reading_calls import replaced
from tfmac.models.migration.rules.activations import (
    OBJECTS_SINCE,
    activation_layer,
    function_name,
    hard_sigmoid,
)
from tfmac.models.migration.rules.applying import Ledger
from tfmac.models.migration.rules.base import Outcome, Scene, having

# Layers that do nothing after their activation.
_ACTIVATED_LAST = frozenset(
    {"Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"}
    | {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv1D"}
    | {"SeparableConv2D", "Activation"}
)
_STATEMENT = "its activation follows as a layer of its own, {name}: Keras before 3.10 takes names"


def split(network: Network, scene: Scene, ledger: Ledger) -> Network:
    """Take activations that cannot be named out of their layers."""
    if scene.target.release >= OBJECTS_SINCE:
        return network
    taken = {one.name for one in network.layers}
    followers: dict[str, Layer] = {}
    layers: list[Layer] = []
    for one in network.layers:
        inner = one
        if one.network is not None:
            inner = msgspec.structs.replace(one, network=split(one.network, scene, ledger))
        follower = _follower(inner, scene, taken)
        if follower is None:
            layers.append(inner)
            continue
        taken.add(follower.name)
        followers[inner.name] = follower
        outcome = Outcome(layer=inner, statements=(_STATEMENT.format(name=follower.name),))
        ledger.add("activation-layer", inner, outcome, inner.source or "")
        layers.extend(_pair(inner, follower))
    return _rewired(network, layers, followers) if followers else _with(network, layers)


def _with(network: Network, layers: list[Layer]) -> Network:
    return msgspec.structs.replace(network, layers=tuple(layers))


def _follower(layer: Layer, scene: Scene, taken: set[str]) -> Optional[Layer]:
    if layer.class_name not in _ACTIVATED_LAST:
        return None
    value, name = layer.config.get("activation"), f"{layer.name}_activation"
    while name in taken:
        name += "_"
    if function_name(value) == "hard_sigmoid" and not scene.is_keras_3:
        return hard_sigmoid(name, layer.config.get("dtype"))
    if function_name(value) is None and isinstance(value, dict):
        if not isinstance(value.get("config"), dict):
            return None
        return msgspec.structs.replace(activation_layer(value), name=name)
    return None


def _pair(layer: Layer, follower: Layer) -> Iterator[Layer]:
    yield having(layer, activation="linear")
    calls = tuple(Call(args=(Reference(layer.name, number),)) for number in range(len(layer.calls)))
    yield msgspec.structs.replace(follower, calls=calls)


def _rewired(network: Network, layers: list[Layer], followers: dict[str, Layer]) -> Network:
    """Let what took a layer's output take that of its follower."""

    def moved(one: Reference) -> Reference:
        follower = followers.get(one.layer)
        return one if follower is None else Reference(follower.name, one.call, one.output)

    added = {one.name for one in followers.values()}
    return msgspec.structs.replace(
        network,
        layers=tuple(
            one
            if one.name in added
            else msgspec.structs.replace(
                one, calls=tuple(replaced(call, moved) for call in one.calls)
            )
            for one in layers
        ),
        outputs=replaced(network.outputs, moved),
    )
