"""Whether Keras 3 can make the objects of a configuration anew."""

from collections.abc import Iterator
from typing import Any

from tfmac.models.loadability import classes, wording
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.stored import (
    ACTIVATIONS,
    LAYERS,
    MODELS,
    SCHEDULES,
    Stored,
    function_name,
    stored,
)
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

# The older loading takes these out of a Lambda layer before it makes it.
_LAMBDA_LEFTOVERS = frozenset(
    {"module", "function_type", "output_shape_type", "output_shape_module"}
)
_NEEDS_TENSORFLOW = frozenset(
    {"TextVectorization", "StringLookup", "IntegerLookup", "HashedCrossing", "FeatureSpace"}
)
_OWN_NAMES = frozenset({"keras", "keras.models", "keras.src.models.functional"})
_OWN_MODELS = frozenset({"keras.src.models.sequential", "keras.src.models.model"})
# Until 3.6 the class had another name than the one under which it was shown.
_RENAMED_BEFORE = (3, 7)
_NAMED_OPERATIONS = (3, 11)
_POLICIES_MADE = (3, 4)
"""Since then a policy for types is made anew from its configuration."""
_FUNCTIONS_FOUND = (3, 14)
"""Since then the older loading looks among the layers for functions that a text names."""
_TAKES_ANYTHING = frozenset({"InputLayer"})
_OTHER_ACTIVATIONS = frozenset({"swish", "hard_swish"})
_FUNCTIONS = frozenset(
    {"add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"}
    | {"serialize", "deserialize", "get"}
)
_DOT_TAKES_LISTS = (3, 2)


def objects(case: Case) -> Iterator[Obstacle]:
    """Whether the reader has each class of the configuration, with the arguments that it gets."""
    yield from _model(case)
    for one in stored(case.content.configuration):
        yield from _object(case, one)


def _model(case: Case) -> Iterator[Obstacle]:
    """Judge the model itself: but in HDF5 it is looked up in the new form, with its module."""
    configuration = case.content.configuration
    if case.content.format is ModelFormat.KERAS_HDF5 or not isinstance(configuration, dict):
        return
    if "module" not in configuration:
        name = str(configuration.get("class_name"))
        yield Obstacle(cause="keras-2-file-in-keras-3", message=wording.not_located(name))


def _object(case: Case, one: Stored) -> Iterator[Obstacle]:
    if one.registered and ">" in one.registered:
        yield _custom(case, one)
    elif one.has_module and one.module is not None:
        yield from _by_module(case, one)
    elif one.has_module:
        yield _custom(case, one)
    else:
        yield from _by_name(case, one)


def _by_module(case: Case, one: Stored) -> Iterator[Obstacle]:
    module = str(one.module)
    if module in _OWN_NAMES | _OWN_MODELS and one.name in MODELS:
        return
    if module.startswith("keras.src.") or module == "keras.src":
        yield from _private(case, one, module)
    elif module == "keras" or module.startswith("keras."):
        yield from _public(case, one, module)
    elif module.partition(".")[0] == "tf_keras":
        yield Obstacle(cause="keras-2-file-in-keras-3", message=_missing(case, one, module))
    else:
        yield _custom(case, one)


def _private(case: Case, one: Stored, module: str) -> Iterator[Obstacle]:
    if module.startswith(("keras.src.engine", "keras.src.saving")):
        yield Obstacle(cause="keras-2-file-in-keras-3", message=wording.no_parent(one.name, module))
    elif module.startswith("keras.src.ops"):
        yield from _operation(case, one)
    elif not module.startswith(("keras.src.layers", "keras.src.models")):
        yield Obstacle(
            cause=None,
            message=f"whether Keras {_text(case)} has {module}.{one.name} is not known",
            verdict=Verdict.UNKNOWN,
        )


def _operation(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge a bare operation: one with arguments takes a name beside them from 3.11 on."""
    if "name" in one.arguments and len(one.arguments) > 1 and case.keras < _NAMED_OPERATIONS:
        yield Obstacle(
            cause="keras-3-file-newer-than-reader", message=wording.unexpected(one.name, "name")
        )


def _public(case: Case, one: Stored, module: str) -> Iterator[Obstacle]:
    place = module[len("keras.") :]
    if classes.exists(case.reader, place, one.name) is False:
        cause = "keras-2-file-in-keras-3" if "engine" in module else _gone(case)
        yield Obstacle(cause=cause, message=_missing(case, one, module))
        return
    yield from _name(one)
    yield from _made(case, one, place)
    if one.name == "BatchNormalization" and isinstance(one.arguments.get("axis"), list):
        yield Obstacle(
            cause="keras-2-file-in-keras-3",
            message="int() argument must be a string, a bytes-like object or a real number, "
            "not 'list'",
        )
    if one.name == "Dot" and "build_config" in one.raw and case.keras < _DOT_TAKES_LISTS:
        yield Obstacle(cause=None, message="A `Dot` layer should be called on a list of 2 inputs.")


def _by_name(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge an object in the old form, without the module of its class."""
    if one.name in MODELS and not one.inside:
        return
    if one.place == LAYERS:
        yield from _layer_by_name(case, one)
    elif one.place == SCHEDULES:
        yield Obstacle(
            cause="keras-2-file-in-keras-3",
            message=wording.not_located(one.name),
            ways=frozenset({Way.COMPILE}),
        )
    elif one.place:
        yield from _made(case, one, one.place)


def _layer_by_name(case: Case, one: Stored) -> Iterator[Obstacle]:
    if one.inside:
        # What holds a layer looks it up in the new form alone.
        yield Obstacle(cause="keras-2-file-in-keras-3", message=wording.not_located(one.name))
    elif classes.exists(case.reader, LAYERS, one.name) is False:
        yield _layer_gone(case, one)
    else:
        yield from _name(one)
        yield from _made(case, one, LAYERS)


def _layer_gone(case: Case, one: Stored) -> Obstacle:
    message = wording.unknown_layer(one.name, quoted=True)
    if one.name in {"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"}:
        return Obstacle(cause="saved-tf-op-layer", message=message)
    if ">" in one.name:
        return _custom(case, one, message)
    if classes.known(one.name):
        return Obstacle(cause="saved-layer-class-removed", message=message)
    if classes.is_operation(one.name) and _written_by_keras_3(case):
        return Obstacle(cause="keras-3-op-layer-in-h5", message=message)
    return _custom(case, one, message)


def _made(case: Case, one: Stored, place: str) -> Iterator[Obstacle]:
    if one.name == "Orthogonal" and case.keras < _RENAMED_BEFORE:
        yield _not_interpreted(one)
        return
    if one.name in _NEEDS_TENSORFLOW and case.reader.backend != "tensorflow":
        yield Obstacle(
            cause="needed-package-missing",
            message=f"Layer {one.name} requires TensorFlow. "
            "Install it via `pip install tensorflow`.",
        )
    if one.place == LAYERS:
        yield from _activations(case, one)
        yield from _function(case, one)
        yield from _number_type(case, one)
    if one.place == LAYERS and not one.has_module:
        yield from _axes(one)
        yield from _policy(case, one)
        yield from _taken_for_function(case, one)
    arguments = _given(one)
    accepted = {key: classes.accepts(case.reader, place, one.name, key) for key in arguments}
    refused = [key for key, taken in accepted.items() if taken is False]
    if refused and place == LAYERS:
        yield Obstacle(
            cause=_dropped(case),
            message=wording.extra_arguments(one.name, {key: arguments[key] for key in refused}),
        )
    elif refused:
        yield Obstacle(cause=_dropped(case), message=wording.unexpected(one.name, refused[0]))
    elif place == LAYERS and one.name not in _TAKES_ANYTHING and None in accepted.values():
        yield Obstacle(
            cause=None,
            message=f"whether {one.name} takes all its arguments in Keras {_text(case)} is not "
            "known",
            verdict=Verdict.UNKNOWN,
        )


def _axes(one: Stored) -> Iterator[Obstacle]:
    """Judge several axes, which the older loading drops: the layer takes the last one instead."""
    axes = one.arguments.get("axis")
    if not isinstance(axes, list) or len(axes) == 1:
        return
    has_weights = one.name in {"LayerNormalization", "BatchNormalization", "Normalization"}
    yield Obstacle(
        cause="keras-2-file-in-keras-3" if has_weights else "saved-behaviour-changed",
        message=f"Shape mismatch in layer {one.own_name}: its axes {axes} are dropped"
        if has_weights
        else f"loads, and computes something else in {one.own_name}: its axes are dropped",
        verdict=Verdict.FAILS if has_weights else Verdict.LOADS_DIFFERENTLY,
    )


def _policy(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge a policy for types as Keras 2 writes it, which Keras 3 takes for a text."""
    policy = one.arguments.get("dtype")
    is_old = isinstance(policy, dict) and policy.get("class_name") == "Policy"
    if is_old and case.keras >= _POLICIES_MADE:
        yield Obstacle(
            cause="saved-dtype-policy-as-text",
            message="'str' object has no attribute 'quantization_mode'",
        )
    elif is_old and isinstance(policy, dict) and "module" not in policy:
        yield Obstacle(cause="saved-dtype-policy-as-text", message=wording.not_located("Policy"))


def _taken_for_function(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge a text that is also the name of a function beside the layers, which replaces it."""
    if case.keras < _FUNCTIONS_FOUND:
        return
    for key, value in one.arguments.items():
        if key != "name" and isinstance(value, str) and value in _FUNCTIONS:
            yield Obstacle(
                cause=None,
                message=f"Invalid value for argument {key}. Received: {key}=<function {value}>",
            )


def _given(one: Stored) -> dict[str, Any]:
    """Give the arguments that reach the constructor."""
    arguments = dict(one.arguments)
    if not one.has_module:
        arguments.pop("batch_input_shape", None)
        if one.name == "Lambda":
            arguments = {key: arguments[key] for key in arguments if key not in _LAMBDA_LEFTOVERS}
    return arguments


def _function(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge a Lambda layer around a function that the file only names."""
    name = function_name(one.arguments.get("function")) if one.name == "Lambda" else None
    places = (ACTIVATIONS, "ops", "ops.numpy", "ops.nn", "losses")
    if name is not None and not any(classes.exists(case.reader, at, name) for at in places):
        yield Obstacle(
            cause="custom-layer-unknown",
            message=wording.not_located(name, "function"),
            ways=frozenset({Way.CUSTOM_OBJECTS}),
        )


def _number_type(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge the type of a layer that gives numbers of buckets, and was once allowed any."""
    dtype = one.arguments.get("dtype")
    is_int = one.arguments.get("output_mode", "int") == "int"
    is_other = isinstance(dtype, str) and "int" not in dtype
    is_unread = isinstance(dtype, dict) and case.keras < _POLICIES_MADE
    if one.name == "Hashing" and is_int and (is_other or is_unread):
        yield Obstacle(
            cause="keras-2-file-in-keras-3",
            message='When `output_mode="int"`, `dtype` should be an integer type. '
            f"Received: dtype={dtype}",
        )


def _activations(case: Case, one: Stored) -> Iterator[Obstacle]:
    for key in ("activation", "recurrent_activation"):
        name = function_name(one.arguments.get(key))
        if name is None or name in _OTHER_ACTIVATIONS:
            continue
        if classes.exists(case.reader, ACTIVATIONS, name) is False:
            known = classes.known_activation(name)
            yield Obstacle(
                cause=_gone(case) if known else "custom-layer-unknown",
                message=f"Could not interpret activation function identifier: {name}",
                ways=frozenset() if known else frozenset({Way.CUSTOM_OBJECTS}),
            )


def _name(one: Stored) -> Iterator[Obstacle]:
    if "/" in one.own_name:
        yield Obstacle(
            cause="layer-name-with-slash",
            message="Argument `name` must be a string and cannot contain character `/`. "
            f"Received: name={one.own_name}",
        )


def _not_interpreted(one: Stored) -> Obstacle:
    return Obstacle(
        cause="keras-2-file-in-keras-3",
        message=f"Could not interpret initializer identifier: {dict(one.raw)}",
    )


def _custom(case: Case, one: Stored, message: str = "") -> Obstacle:
    if not message and one.has_module:
        message = _missing(case, one, str(one.module))
    return Obstacle(
        cause="custom-layer-unknown",
        message=message or wording.unknown_layer(one.name, quoted=True),
        ways=frozenset({Way.CUSTOM_OBJECTS}),
    )


def _missing(case: Case, one: Stored, module: str) -> str:
    """Word a missing class: other packages are no longer imported from Keras 3.9 on."""
    if case.keras < (3, 9) or module.startswith("keras."):
        return wording.no_parent(one.name, module)
    return wording.not_located(one.name)


def _gone(case: Case) -> str:
    return (
        "keras-3-file-newer-than-reader"
        if _written_by_keras_3(case)
        else "saved-layer-class-removed"
    )


def _dropped(case: Case) -> str:
    if _written_by_keras_3(case):
        return "keras-3-file-newer-than-reader"
    return "saved-layer-argument-dropped"


def _written_by_keras_3(case: Case) -> bool:
    return case.content.stated.get("keras_version", "").startswith("3.") or (
        case.content.format is ModelFormat.KERAS_JSON and "batch_shape" in str(case.content)
    )


def _text(case: Case) -> str:
    return ".".join(str(number) for number in case.reader.minor)
