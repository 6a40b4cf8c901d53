"""Whether a Keras 2 can make the objects of a configuration anew."""

import re
from collections.abc import Iterator, Mapping

from tfmac.models.loadability import classes, wording
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.readers import Generation
from tfmac.models.loadability.stored import (
    ACTIVATIONS,
    LAYERS,
    MODELS,
    Stored,
    function_name,
    stored,
)
from tfmac.models.loadability.weights import SCOPE
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import ModelFormat

_PLACES = frozenset({LAYERS, "initializers", "regularizers", "constraints"})
_OPERATIONS = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "Lambda"})
_BY_TENSORFLOW = frozenset({"relu6", "leaky_relu"})
"""Activations that are not among those of Keras 2, and that it takes from TensorFlow."""
_QUOTED_FROM = (2, 11)
_NAMES_FREE_FROM = (2, 4)
"""Since then an input makes no node in a graph, so that its name may hold anything."""


def model_module(case: Case) -> Iterator[Obstacle]:
    """Whether the reader has the module that a ``.keras`` names for the class of its model."""
    configuration = case.content.configuration
    if not isinstance(configuration, Mapping):
        return
    module, name = str(configuration.get("module")), str(configuration.get("class_name"))
    if module == "keras" and name in MODELS:
        return
    sought = module
    if case.reader.generation is Generation.LEGACY and module.startswith("keras."):
        sought = f"tf_{module}"
    if sought not in _own_modules(case):
        yield Obstacle(cause=_module_cause(case, module), message=wording.no_parent(name, sought))


def _own_modules(case: Case) -> frozenset[str]:
    """Name where a reader keeps the class of functional models; it moved in 2.13."""
    if case.reader.generation is Generation.LEGACY:
        return frozenset({"tf_keras.src.engine.functional", "tf_keras.src.engine.sequential"})
    root = "keras.engine" if case.keras < (2, 13) else "keras.src.engine"
    return frozenset({f"{root}.functional", f"{root}.sequential"})


def _module_cause(case: Case, module: str) -> str:
    if module.startswith("keras.src.models"):
        return "keras-3-file-in-keras-2"
    stated = case.content.stated.get("keras_version", "")
    numbers = [int(one) for one in re.findall(r"\d+", stated)[:2]]
    newer = tuple(numbers) > case.reader.minor
    return "keras-2-file-newer-than-reader" if newer else "keras-2-file-older-than-reader"


def numpy_arguments(case: Case) -> Iterator[Obstacle]:
    """Whether a number is written as an array, as 2.12 does it and cannot read it."""
    for one in stored(case.content.configuration):
        if one.has_module or one.place != LAYERS:
            continue
        for value in one.arguments.values():
            if isinstance(value, Mapping) and value.get("class_name") == "__numpy__":
                yield Obstacle(
                    cause=None,
                    message=f"Error when deserializing class '{one.name}': "
                    "'<' not supported between instances of 'dict' and 'float'",
                )
                break


def objects(case: Case) -> Iterator[Obstacle]:
    """Whether the reader has each class of the configuration, with the arguments that it gets."""
    for one in stored(case.content.configuration):
        if one.place in _PLACES:
            yield from _object(case, one)


def _object(case: Case, one: Stored) -> Iterator[Obstacle]:
    if classes.exists(case.reader, one.place, one.name) is False:
        yield _missing(case, one)
        return
    if one.name == "Lambda":
        yield from _named_function(one)
    if one.name in MODELS or one.name in _OPERATIONS:
        return
    if one.place == LAYERS:
        yield from _layer_name(case, one)
        yield from _functions(case, one)
    accepted = {
        key: classes.accepts(case.reader, one.place, one.name, key) for key in one.arguments
    }
    refused = [key for key, taken in accepted.items() if taken is False]
    if refused:
        yield _refused(case, one, refused)
    elif one.place == LAYERS and None in accepted.values():
        yield Obstacle(
            cause=None,
            message=f"whether {one.name} takes all its arguments in the reader is not known",
            verdict=Verdict.UNKNOWN,
        )


def _named_function(one: Stored) -> Iterator[Obstacle]:
    """Judge a Lambda layer around a function of the author's own, which the file only names."""
    function = one.arguments.get("function")
    if isinstance(function, str):
        yield Obstacle(
            cause="custom-layer-unknown",
            message=wording.unknown("function in Lambda layer", function),
            ways=frozenset({Way.CUSTOM_OBJECTS}),
        )


def _missing(case: Case, one: Stored) -> Obstacle:
    if one.place != LAYERS:
        kind = one.place.rstrip("s")
        return Obstacle(cause=_cause(case), message=wording.unknown(kind, one.name))
    message = wording.unknown_layer(one.name, quoted=case.keras >= _QUOTED_FROM)
    if one.name in MODELS or classes.known(one.name) or one.name in _OPERATIONS:
        return Obstacle(cause=_cause(case), message=message)
    return Obstacle(
        cause="custom-layer-unknown", message=message, ways=frozenset({Way.CUSTOM_OBJECTS})
    )


def _refused(case: Case, one: Stored, refused: list[str]) -> Obstacle:
    if case.reader.generation is Generation.STANDALONE or one.place != LAYERS:
        message = f"__init__() got an unexpected keyword argument '{refused[0]}'"
    elif one.name == "InputLayer":
        message = f"Unrecognized keyword arguments: {refused}"
    else:
        message = f"('Keyword argument not understood:', '{refused[0]}')"
    return Obstacle(cause=_cause(case), message=message)


def _layer_name(case: Case, one: Stored) -> Iterator[Obstacle]:
    """Judge the name of a layer, which becomes a scope of a graph."""
    is_input = one.name == "InputLayer"
    if is_input and case.keras >= _NAMES_FREE_FROM:
        return
    if one.own_name and not SCOPE.fullmatch(one.own_name):
        yield Obstacle(cause=None, message=f"'{one.own_name}' is not a valid scope name")


def _functions(case: Case, one: Stored) -> Iterator[Obstacle]:
    for key in ("activation", "recurrent_activation"):
        name = function_name(one.arguments.get(key))
        if name is None or name in _BY_TENSORFLOW:
            continue
        if classes.exists(case.reader, ACTIVATIONS, name) is False and not _is_layer(case, name):
            yield Obstacle(
                cause=_cause(case) if classes.known_activation(name) else "custom-layer-unknown",
                message=f"Unknown activation function: {name}",
                ways=frozenset()
                if classes.known_activation(name)
                else frozenset({Way.CUSTOM_OBJECTS}),
            )


def _is_layer(case: Case, name: str) -> bool:
    """Whether an activation is a layer that does the same, which some releases take for it."""
    return classes.exists(case.reader, LAYERS, name) is True


def _cause(case: Case) -> str:
    if case.content.stated.get("keras_version", "").startswith("3."):
        return "keras-3-file-in-keras-2"
    if case.content.format is ModelFormat.KERAS_JSON and _has_keras_3_inputs(case):
        return "keras-3-file-in-keras-2"
    return "keras-2-file-newer-than-reader"


def _has_keras_3_inputs(case: Case) -> bool:
    return any("batch_shape" in one.arguments for one in stored(case.content.configuration))
