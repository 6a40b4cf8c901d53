"""What each layer of a model gives. Loaded by ``verify_script``, whose rules hold."""

from __future__ import annotations

import importlib
import sys
from typing import Any

Value = Any
_serving = sys.modules["verify_script"]


class NotFollowed(Exception):
    """A model whose layers are not known as a graph."""


def calls_of(model: Value) -> list[Value]:
    """Give the calls of layers in a model in the order in which they are computed."""
    owner = getattr(model, "_functional", None) or model
    by_depth = getattr(owner, "_nodes_by_depth", None)
    if not by_depth:
        raise NotFollowed("the model has no graph of layers")
    return [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]


def layer_of(call: Value) -> Value:
    """Give the layer that is called, which every Keras names otherwise."""
    for name in ("operation", "layer", "outbound_layer"):
        found = getattr(call, name, None)
        if found is not None:
            return found
    raise NotFollowed("a call without a layer")


def taken_by(call: Value) -> list[Value]:
    """Give the tensors that a call takes."""
    return _tensors(call, ("input_tensors", "keras_inputs"))


def given_by(call: Value) -> list[Value]:
    """Give the tensors that a call gives."""
    return _tensors(call, ("output_tensors", "outputs"))


def _tensors(call: Value, names: tuple[str, ...]) -> list[Value]:
    for name in names:
        found = getattr(call, name, None)
        if found is not None:
            return [tensor for _, tensor in _serving.flattened(found) if hasattr(tensor, "dtype")]
    return []


def layer_outputs(keras: Value, model: Value, request: dict[str, Value]) -> dict[str, Value]:
    """Write what the layers of a model, or of one inside it, give for arrays.

    Of a layer that is a model itself also what it takes is written, so that it can be followed.
    """
    numpy = importlib.import_module("numpy")
    for name in request.get("inside") or []:
        model = model.get_layer(name)
    with numpy.load(request["inputs"]) as stored:
        arrays = [stored[str(number)] for number in range(len(stored.files))]
    owner = getattr(model, "_functional", None) or model
    tensors: list[Value] = []
    layers = [_noted(call, tensors) for call in calls_of(model)]
    # TensorFlow 1 does not give back what it was given.
    known = {id(tensor): array for tensor, array in zip(owner.inputs, arrays)}
    following = keras.models.Model(owner.inputs, [one for one in tensors if id(one) not in known])
    calling = _serving.sibling("verify_calling_script")
    computed = iter(_serving.flattened(calling.outputs(following, arrays)))
    found = [known[id(one)] if id(one) in known else next(computed)[1] for one in tensors]
    written = {str(place): _serving.array_of(value) for place, value in enumerate(found)}
    numpy.savez(request["outputs"], **written)
    return {"layers": _numbered(layers)}


def _noted(call: Value, tensors: list[Value]) -> dict[str, Value]:
    """Describe a call by the places of its tensors in the list of all."""
    layer = layer_of(call)
    is_model = bool(getattr(layer, "layers", None)) and hasattr(layer, "get_layer")
    taken = taken_by(call) if is_model else []
    given = given_by(call)
    start = len(tensors)
    tensors.extend([*given, *taken])
    return {
        "name": layer.name,
        "class": type(layer).__name__,
        "model": is_model,
        "given": list(range(start, start + len(given))),
        "taken": list(range(start + len(given), len(tensors))),
    }


def _numbered(layers: list[dict[str, Value]]) -> list[dict[str, Value]]:
    """Tell the calls of a shared layer apart."""
    seen: dict[str, int] = {}
    for one in layers:
        one["call"] = seen.get(one["name"], 0)
        seen[one["name"]] = one["call"] + 1
    return layers
