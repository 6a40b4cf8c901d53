"""What a model takes and gives. Loaded by ``verify_script``, whose rules hold."""

from __future__ import annotations

import sys
from typing import Any

Value = Any
_serving = sys.modules["verify_script"]
_MOST_WORDS = 40
_LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization")
_MOST_DEPTH = 12


def description(model: Value) -> dict[str, Value]:
    """Describe the inputs of a model, its outputs, and the types that it computes in."""
    tensors = list(getattr(model, "inputs", None) or [])
    names = [_plain_name(one) for one in tensors]
    known = list(getattr(model, "input_names", None) or [])
    if len(known) == len(names):
        names = known
    limits = _limits(model, 0) if tensors else []
    inputs = [
        {
            "name": name,
            "shape": _shape(one),
            "type": _serving.type_name(one),
            "below": limit.get("below"),
            "words": limit.get("words") or [],
        }
        for name, one, limit in zip(names, tensors, limits)
    ]
    return {
        "inputs": inputs,
        "outputs": [str(name) for name in getattr(model, "output_names", None) or []],
        "computes_in": sorted(_types(model, 0)),
        "kind": type(model).__name__,
    }


def _plain_name(tensor: Value) -> str:
    return str(tensor.name).partition(":")[0]


def _shape(tensor: Value) -> list[int | None]:
    shape = tensor.shape
    sizes = shape.as_list() if hasattr(shape, "as_list") else list(shape)
    return [None if size is None else int(getattr(size, "value", size)) for size in sizes]


def _types(model: Value, depth: int) -> set[str]:
    """Name the types that layers compute in, and how they are quantised."""
    found: set[str] = set()
    for layer in getattr(model, "layers", None) or []:
        computing = getattr(layer, "compute_dtype", None) or getattr(layer, "dtype", None)
        found.update(str(one) for one in (computing, getattr(layer, "quantization_mode", None)))
        if depth < _MOST_DEPTH:
            found |= _types(layer, depth + 1)
    return found - {"None", ""}


def _limits(model: Value, depth: int) -> list[dict[str, Value]]:
    """Tell for each input which values the layers that it reaches unchanged can take."""
    following = _serving.sibling("verify_layers_script")
    owner = getattr(model, "_functional", None) or model
    limits: list[dict[str, Value]] = [{} for _ in owner.inputs]
    reached: dict[int, set[int]] = {}
    for place, tensor in enumerate(owner.inputs):
        reached.setdefault(id(tensor), set()).add(place)
    try:
        calls = following.calls_of(model)
    except following.NotFollowed:
        return limits
    for call in calls:
        layer = following.layer_of(call)
        taken = [reached.get(id(tensor), set()) for tensor in following.taken_by(call)]
        for place, limit in _of_layer(layer, taken, depth):
            _merge(limits[place], limit)
        if not getattr(layer, "weights", None) and type(layer).__name__ not in _LOOKUPS:
            passed = set().union(*taken) if taken else set()
            for tensor in following.given_by(call):
                reached.setdefault(id(tensor), set()).update(passed)
    return limits


def _of_layer(
    layer: Value, taken: list[set[int]], depth: int
) -> list[tuple[int, dict[str, Value]]]:
    """Give what a layer can take of the inputs that reach it."""
    if getattr(layer, "layers", None) and getattr(layer, "inputs", None) and depth < _MOST_DEPTH:
        inner = _limits(layer, depth + 1)
        return [(place, limit) for places, limit in zip(taken, inner) if limit for place in places]
    limit = _own_limit(layer, depth)
    return [(place, limit) for places in taken for place in places] if limit else []


def _own_limit(layer: Value, depth: int) -> dict[str, Value]:
    name = type(layer).__name__
    inner = getattr(layer, "layer", None)
    if inner is not None and depth < _MOST_DEPTH:
        return _own_limit(inner, depth + 1)
    if name == "Embedding":
        return {"below": int(layer.input_dim)}
    if name in _LOOKUPS:
        return {"words": _words(layer)}
    if name == "CategoryEncoding" and getattr(layer, "num_tokens", None):
        return {"below": int(layer.num_tokens)}
    return {}


def _words(layer: Value) -> list[Value]:
    try:
        vocabulary = list(layer.get_vocabulary())[:_MOST_WORDS]
    except Exception:  # noqa: BLE001 - a layer that was never adapted raises anything
        return []
    plain = [one.item() if hasattr(one, "item") else one for one in vocabulary]
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in plain]


def _merge(limit: dict[str, Value], more: dict[str, Value]) -> None:
    if "below" in more:
        limit["below"] = min(limit.get("below", more["below"]), more["below"])
    if "words" in more:
        limit["words"] = [*limit.get("words", []), *more["words"]]
