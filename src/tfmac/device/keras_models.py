"""Keras 2 and Keras 3 told apart: loading models, walking their layers, reading their variables.

Keras 2 runs on TensorFlow alone and keeps its state in TensorFlow's variables. Keras 3 runs on any
framework and can be called without state (``stateless_call``). What follows asks for the same
things of both.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .failures import WorkProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .frameworks import Array, Framework

LEGACY_VARIABLE = "TF_USE_LEGACY_KERAS"
# The attributes by which layers that draw random numbers say how much they draw.
_AMOUNTS = ("rate", "dropout", "recurrent_dropout", "stddev", "factor", "alpha")


# How Keras 2 and 3 say that they do not know a name.
_UNKNOWN_CLASS = re.compile(r"(?:Could not locate (?:class|function)|Unknown \w+:) '([^']+)'")


class Place(NamedTuple):
    """A layer, or another operation of a functional model, and where it stands in the model."""

    path: str
    kind: str
    layer: Any


def keras_of_process(framework: Framework) -> Any:
    """Return the Keras that a user of this process means: ``tf.keras``'s, or ``keras``."""
    if framework.name != "tensorflow":
        return importlib.import_module("keras")
    for name in ("tf_keras", "keras") if os.environ.get(LEGACY_VARIABLE) == "1" else ("keras",):
        if name in sys.modules or importlib.util.find_spec(name) is not None:
            return importlib.import_module(name)
    raise WorkProblem("no-keras", "Keras is not installed in this environment")


def keras_of(thing: object, framework: Framework) -> Any:
    """Return the Keras whose class a model or layer is of."""
    for kind in type(thing).__mro__:
        package = kind.__module__.split(".", 1)[0]
        if package in {"keras", "tf_keras"}:
            return importlib.import_module(package)
    return keras_of_process(framework)


def is_keras_3(keras: Any) -> bool:
    """Tell whether this is Keras 3: the one that has operations of its own."""
    return hasattr(keras, "ops") and hasattr(keras, "KerasTensor")


def is_model(value: object) -> bool:
    """Tell whether a value is a model of any Keras."""
    return not isinstance(value, type) and any(
        kind.__name__ == "Model" and kind.__module__.split(".", 1)[0] in {"keras", "tf_keras"}
        for kind in type(value).__mro__
    )


def load_model(keras: Any, path: str) -> Any:
    """Load a file as its own Keras does: nothing is unpacked that could run code."""
    options = {"compile": False}
    if is_keras_3(keras):
        options["safe_mode"] = True
    try:
        return keras.models.load_model(path, **options)
    except Exception as error:
        said = str(error)
        names = sorted(set(_UNKNOWN_CLASS.findall(said)))
        if names:
            raise WorkProblem(
                "custom-objects",
                f"{path} needs what Keras does not have: {', '.join(names)}. Give the script that "
                "defines it and makes the model: tfmac parity SCRIPT.py:NAME",
            ) from error
        raise WorkProblem("unreadable-model", f"{path} cannot be loaded: {said[:1000]}") from error


def saved_training(keras: Any, path: str) -> Any:
    """Return the model once more with what it was compiled with; None where that fails."""
    try:
        model = keras.models.load_model(path)
    except Exception:  # noqa: BLE001 (an optimizer that cannot be read is none)
        return None
    return model if getattr(model, "optimizer", None) is not None else None


def places(model: Any) -> list[Place]:
    """Return all layers with their paths, outer ones before inner ones, the model itself first.

    The order is the same for two copies of a model, which is how their layers are matched: names
    may differ, since Keras counts them on.
    """
    found: list[Place] = []
    seen: set[int] = set()

    def visit(layer: Any, path: str) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        found.append(Place(path, type(layer).__name__, layer))
        for child in _children(layer):
            visit(child, path + "/" + str(child.name))

    visit(model, str(model.name))
    return found


def _children(layer: Any) -> list[Any]:
    flatten = getattr(layer, "_flatten_layers", None)
    inner = list(flatten(include_self=False, recursive=False)) if flatten is not None else []
    # Operations of a functional model that are no layers: keras.ops.add(x, y) and the like.
    inner += [one for one in getattr(layer, "operations", None) or [] if one not in inner]
    return [one for one in inner if hasattr(one, "call") and hasattr(one, "name")]


def is_input(layer: Any) -> bool:
    """Tell whether a layer only stands for an input."""
    return type(layer).__name__ == "InputLayer"


def is_random(layer: Any) -> bool:
    """Tell whether a layer draws random numbers while it is trained."""
    generators = getattr(layer, "_seed_generators", None)
    draws = bool(generators) or any(
        getattr(layer, name, None) is not None
        for name in ("_random_generator", "seed_generator", "_rng")
    )
    if not draws:
        return False
    amounts = [getattr(layer, name) for name in _AMOUNTS if hasattr(layer, name)]
    numbers = [one for one in amounts if isinstance(one, (int, float))]
    return len(numbers) < len(amounts) or not numbers or any(numbers)


def takes_training(layer: Any) -> bool:
    """Tell whether a layer's call has the argument ``training``."""
    import inspect  # noqa: PLC0415

    try:
        parameters = inspect.signature(layer.call).parameters
    except (TypeError, ValueError):
        return False
    return "training" in parameters or any(
        one.kind is one.VAR_KEYWORD for one in parameters.values()
    )


def variables(thing: Any) -> list[Any]:
    """Return all variables of a layer or model, counters and generators included."""
    return list(getattr(thing, "variables", ()) or ())


def trainable(thing: Any) -> list[Any]:
    """Return the variables that training changes."""
    return list(getattr(thing, "trainable_variables", ()) or ())


def kept_state(layer: Any) -> list[Any]:
    """Return the variables that calls change: moving averages and the like, in floats."""
    held = getattr(layer, "non_trainable_variables", ()) or ()
    return [one for one in held if "float" in dtype_name(one)]


def variable_name(variable: Any) -> str:
    """Return a variable's name with its layer's."""
    return str(getattr(variable, "path", None) or variable.name).split(":", 1)[0]


def dtype_name(value: Any) -> str:
    """Return the name of a type of numbers, whoever wrote it: ``torch.float32``, ``tf.float32``."""
    dtype = getattr(value, "dtype", value)
    name = getattr(dtype, "name", None)
    return (name if isinstance(name, str) else str(dtype)).rsplit(".", 1)[-1]


def assign(framework: Framework, variable: Any, value: Array) -> None:
    """Give a variable a value of any precision."""
    if framework.name == "tensorflow" and not hasattr(variable, "path"):
        import tensorflow as tf  # noqa: PLC0415

        if variable.dtype == tf.bfloat16:
            value = tf.cast(value, variable.dtype)
    variable.assign(value)


def compute_dtypes(layer: Any) -> set[str]:
    """Return the types that a layer and all in it compute with."""
    return {
        str(found)
        for place in places(layer)
        for found in [getattr(place.layer, "compute_dtype", None)]
        if found
    }


def differentiate(
    framework: Framework,
    layer: Any,
    call: Callable[..., Sequence[Any]],
    inputs: Sequence[Any],
    cotangents: Sequence[Array],
) -> tuple[list[Array | None], list[Array | None]]:
    """Return the gradients of what ``call(*inputs)`` gives: of the layer's weights, of the inputs.

    Keras 3 reads its weights from a scope without state, so that every framework sees them as
    inputs; the variables themselves stay as they are.
    """
    weights = trainable(layer)
    keras = keras_of(layer, framework)
    if not is_keras_3(keras):
        found = framework.pullback(call, list(inputs), cotangents, variables=weights)
        return found[len(inputs) :], found[: len(inputs)]
    count = len(weights)

    def without_state(*given: Any) -> Sequence[Any]:
        with keras.StatelessScope(state_mapping=list(zip(weights, given[:count]))):
            return call(*given[count:])

    values = [weight.value for weight in weights]
    found = framework.pullback(without_state, [*values, *inputs], cotangents)
    return found[:count], found[count:]


@contextlib.contextmanager
def global_policy(keras: Any, name: str) -> Iterator[None]:
    """Make layers compute in a type by default."""
    module = keras.mixed_precision
    get = getattr(module, "global_policy", None) or module.dtype_policy
    before, float_type = get(), keras.backend.floatx()
    module.set_global_policy(name)
    keras.backend.set_floatx(name)
    try:
        yield
    finally:
        keras.backend.set_floatx(float_type)
        module.set_global_policy(before)


def input_structure(model: Any) -> Any:
    """Return the inputs' shapes and types, nested as the model takes them, if it tells."""
    for name in ("_inputs_struct", "_nested_inputs"):
        structure = getattr(model, name, None)
        if structure is not None:
            return structure
    functional = getattr(model, "_functional", None)
    if functional is not None:
        return input_structure(functional)
    try:
        inputs = getattr(model, "inputs", None)
    except (AttributeError, ValueError):
        return None
    if not inputs:
        return None
    inputs = list(inputs)
    return inputs[0] if len(inputs) == 1 else inputs


def spec_name(spec: Any) -> str:
    """Return the name of an input."""
    return str(getattr(spec, "name", "")).split(":", 1)[0]


def input_names(structure: Any) -> list[str]:
    """Return the inputs' names in the order of the leaves: keys of a dictionary, else their own."""
    if isinstance(structure, dict):
        return [str(name) for name in structure]
    if isinstance(structure, (list, tuple)):
        return [spec_name(one) for one in structure]
    return [spec_name(structure)]


def smallest_vocabulary(model: Any) -> int:
    """Return a number that every embedding of the model has more rows than, or as many."""
    sizes = [
        int(size)
        for place in places(model)
        if "Embedding" in place.kind
        for size in [getattr(place.layer, "input_dim", None)]
        if isinstance(size, int)
    ]
    return max(1, min(sizes, default=2))


def in_double(framework: Framework, model: Any) -> Any:
    """Make a model once more that computes in float64; raise what does not work about it."""
    keras = keras_of(model, framework)
    config = _widened(model.get_config())
    objects = {place.kind: type(place.layer) for place in places(model)}
    with global_policy(keras, "float64"), keras.utils.custom_object_scope(objects):
        made = type(model).from_config(config)
    narrow = [name for name in compute_dtypes(made) if name in {"float16", "bfloat16", "float32"}]
    if narrow:
        raise ValueError("some layers compute in " + ", ".join(narrow) + " whatever they are told")
    return made


def _widened(config: Any) -> Any:
    """Replace every policy for numbers in a configuration."""
    if isinstance(config, dict):
        return {
            name: "float64" if name == "dtype" and _is_float_policy(value) else _widened(value)
            for name, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_widened(one) for one in config)
    return config


def _is_float_policy(value: Any) -> bool:
    if isinstance(value, dict):
        value = (value.get("config") or {}).get("name", "")
    return isinstance(value, str) and "float" in value


def compiled(
    framework: Framework, layer: Any, call: Callable[..., Sequence[Any]]
) -> Callable[..., Sequence[Any]]:
    """Compile calls of a layer as training does: weights are read, not frozen into the program."""
    if framework.name == "tensorflow":
        return framework.compiled(call)
    keras = keras_of(layer, framework)
    held = variables(layer)
    count = len(held)

    def without_state(*given: Any) -> Sequence[Any]:
        with keras.StatelessScope(state_mapping=list(zip(held, given[:count]))):
            return call(*given[count:])

    function = framework.compiled(without_state)
    return lambda *tensors: function(*(variable.value for variable in held), *tensors)


def _nodes(model: Any) -> list[Any]:
    """Return the calls that a functional model is made of, in the order in which they run."""
    holder = getattr(model, "_functional", None) or model
    by_depth = getattr(holder, "_nodes_by_depth", None)
    if not by_depth:
        return []
    return [
        node
        for level in sorted(by_depth, reverse=True)
        for node in by_depth[level]
        if not is_input(_layer_of(node))
    ]


def _layer_of(node: Any) -> Any:
    return getattr(node, "operation", None) or getattr(node, "layer", None)


def node_count(model: Any) -> int:
    """Return how many calls a functional model is made of; 0 for what is none."""
    return len(_nodes(model))


def node_layer(model: Any, number: int) -> Any:
    """Return the layer that one of the calls is of."""
    return _layer_of(_nodes(model)[number])


def node_names(model: Any, number: int) -> list[str]:
    """Return the names of the layers whose results one of the calls takes."""
    parents = [_layer_of(node) for node in getattr(_nodes(model)[number], "parent_nodes", ())]
    return [str(layer.name) for layer in parents if not is_input(layer)]


def up_to_node(framework: Framework, model: Any, number: int) -> Any:
    """Return the part of a functional model that ends with one of its calls."""
    keras = keras_of(model, framework)
    holder = getattr(model, "_functional", None) or model
    outputs = _nodes(model)[number].outputs
    return keras.Model(input_structure(holder), outputs)


def lowest_precision(model: Any) -> str:
    """Return the type of the lowest precision that a model computes with."""
    order = ("bfloat16", "float16", "float32", "float64")
    there = compute_dtypes(model)
    return next((name for name in order if name in there), "float32")
