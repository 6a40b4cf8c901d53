"""Calls of layers: what stood in a list and has an argument of its own, and what built them."""

from typing import Any, Optional

import msgspec

from tfmac.models.migration.network import Call, Layer
from tfmac.models.migration.rules.base import Outcome, Scene, without


def initial_state(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """The states that a recurrent layer starts with are an argument, not part of its input."""
    if layer.config.get("num_constants"):
        return Outcome(
            layer=layer,
            reason="its cell takes constants beside its input, which no layer of Keras 3 does",
            needs=f"--custom module:{layer.class_name}",
        )
    calls = tuple(_with_states(one) for one in layer.calls)
    changed = msgspec.structs.replace(without(layer, "num_constants"), calls=calls)
    return Outcome(layer=changed) if changed != layer else None


def _with_states(call: Call) -> Call:
    first: Any = call.args[0] if call.args else None
    if not isinstance(first, list) or len(first) < 2 or len(call.args) > 1:
        return call
    return Call(args=(first[0],), kwargs={**call.kwargs, "initial_state": first[1:]})


def causal(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Attention that does not look ahead is told so by each call, not by its layer."""
    if "causal" not in layer.config:
        return None
    made = without(layer, "causal")
    if layer.config["causal"]:
        calls = tuple(
            Call(args=one.args, kwargs={**one.kwargs, "use_causal_mask": True})
            for one in layer.calls
        )
        made = msgspec.structs.replace(made, calls=calls)
    return Outcome(layer=made)


def built(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Layers are built by their calls: what Keras 2 kept for it is in another form."""
    if layer.build_config is None:
        return None
    return Outcome(layer=msgspec.structs.replace(layer, build_config=None))
