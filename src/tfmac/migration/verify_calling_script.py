"""Calls a model of any Keras with arrays. Loaded by ``verify_script``, whose rules hold."""

from __future__ import annotations

import importlib
import sys
from typing import Any

Value = Any
_serving = sys.modules["verify_script"]


def arranged(given: dict[str, Value], names: list[str]) -> list[Value]:
    """Put arrays into the order of a model's inputs: by their names, else as they come."""
    if set(names) == set(given) and len(names) == len(given):
        return [given[name] for name in names]
    return list(given.values())


def outputs(model: Value, arrays: list[Value]) -> Value:
    """Give what a model makes of arrays when it does not learn."""
    reset(model)
    expected = list(getattr(model, "inputs", None) or [])
    if len(expected) == len(arrays):
        arrays = [_cast(array, one) for array, one in zip(arrays, expected)]
    if not _serving.is_eager():
        return model.predict_on_batch(arrays if len(arrays) > 1 else arrays[0])
    sparse = [_is_sparse(one) for one in expected] or [False] * len(arrays)
    return model(_structured(model, [_tensor(*one) for one in zip(arrays, sparse)]), training=False)


def reset(model: Value) -> None:
    """Let layers that remember begin anew."""
    for layer in [model, *getattr(model, "layers", [])]:
        forget = getattr(layer, "reset_states", None) or getattr(layer, "reset_state", None)
        if forget is not None and (layer is model or getattr(layer, "stateful", False)):
            try:
                forget()
            except (AttributeError, ValueError):
                # A layer that is not stateful says so.
                continue


def _cast(array: Value, expected: Value) -> Value:
    wanted = _serving.type_name(expected)
    if array.dtype.kind in "US" or wanted == "string":
        return array
    if wanted == "bfloat16":
        return array.astype("float32")
    try:
        return array.astype(wanted)
    except TypeError:
        return array


def _is_sparse(expected: Value) -> bool:
    return bool(getattr(expected, "sparse", False)) or "Sparse" in type(expected).__name__


def _tensor(array: Value, sparse: Value) -> Value:
    tensorflow = _serving.framework()
    if tensorflow is None:
        return importlib.import_module("keras").ops.convert_to_tensor(array)
    if array.dtype.kind == "U":
        return tensorflow.constant(array.tolist(), dtype="string")
    tensor = tensorflow.constant(array)
    return tensorflow.sparse.from_dense(tensor) if sparse else tensor


def _structured(model: Value, tensors: list[Value]) -> Value:
    """Give tensors in the structure that a model was made with."""
    owner = getattr(model, "_functional", None) or model
    for name in ("_inputs_struct", "_nested_inputs"):
        structure = getattr(owner, name, None)
        if isinstance(structure, dict) and len(structure) == len(tensors):
            return dict(zip(sorted(structure), tensors))
    return tensors if len(tensors) > 1 else tensors[0]
