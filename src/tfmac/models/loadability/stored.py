"""The objects that a configuration holds, in the order in which Keras makes them anew."""

from collections.abc import Iterator, Mapping
from typing import Any, Optional

import msgspec

LAYERS = "layers"
ACTIVATIONS = "activations"
SCHEDULES = "optimizers.schedules"
POLICIES = "dtype_policies"
MODELS = frozenset({"Functional", "Model", "Sequential"})
_INNER_LAYERS = frozenset({"layer", "backward_layer", "forward_layer", "cell"})
_INNER_LAYER_LISTS = frozenset({"cells", "layers"})
_ENDINGS = (
    ("initializer", "initializers"),
    ("regularizer", "regularizers"),
    ("constraint", "constraints"),
    ("activation", ACTIVATIONS),
    ("learning_rate", SCHEDULES),
    ("dtype", POLICIES),
    ("dtype_policy", POLICIES),
)
_DEPTH = 40
# Recurrent layers make their cell, with all that it holds, before they look at their own arguments.
_CELL_FIRST = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One object: what made it, and with which arguments."""

    name: str
    """Of its class."""
    place: str
    """Where classes of its kind live: ``layers``, ``initializers``."""
    arguments: Mapping[str, Any]
    module: Optional[str] = None
    registered: Optional[str] = None
    has_module: bool = False
    """Whether it is written in the form of Keras 2.12 and later, with its module."""
    inside: str = ""
    """The class of the object that holds it; empty for one that a model holds."""
    raw: Mapping[str, Any] = {}
    """All that the file has of it."""

    @property
    def own_name(self) -> str:
        """The name that its author gave it."""
        name = self.arguments.get("name")
        return name if isinstance(name, str) else ""


def is_object(value: object) -> bool:
    """Whether a part of a configuration is an object with a class."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and "config" in value
        and not value["class_name"].startswith("__")
        and value["class_name"] != "function"
    )


def stored(configuration: object) -> Iterator[Stored]:
    """Give all objects of an architecture, models first, then their layers one by one."""
    yield from _walk(configuration, LAYERS, "", 0)


def inner_objects(arguments: object, inside: str) -> Iterator[Stored]:
    """Give the objects among the arguments of another."""
    yield from _inner(arguments, inside, 0)


def function_name(value: object) -> Optional[str]:
    """Give the name of a function that an argument stands for: a text, or an object for one."""
    if isinstance(value, Mapping):
        value = value.get("config") if value.get("class_name") == "function" else None
    return value if isinstance(value, str) else None


def model_layers(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Name the layers of a stored model; Keras 1 has them as its whole configuration."""
    configuration = model.get("config")
    layers = configuration.get("layers") if isinstance(configuration, dict) else configuration
    return [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []


def has_layers(model: Mapping[str, Any]) -> bool:
    """Whether what a stored model calls its layers are layers; Keras 1 lists them directly."""
    configuration = model.get("config")
    layers = configuration.get("layers") if isinstance(configuration, dict) else configuration
    return isinstance(layers, list) and all(map(is_object, layers))


def models(configuration: object) -> Iterator[Mapping[str, Any]]:
    """Give a stored model and the models that it holds."""
    yield from _models(configuration, 0)


def _models(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEPTH or not isinstance(value, dict):
        return
    if value.get("class_name") in MODELS:
        yield value
        for layer in model_layers(value):
            yield from _models(layer, depth + 1)


def _walk(value: object, place: str, inside: str, depth: int) -> Iterator[Stored]:
    if depth > _DEPTH or not isinstance(value, dict) or not is_object(value):
        return
    name = value["class_name"]
    config = value["config"]
    module = value.get("module")
    one = Stored(
        name=name,
        place=_place(module, place),
        arguments=config if isinstance(config, dict) else {},
        module=module if isinstance(module, str) else None,
        registered=value.get("registered_name"),
        has_module="module" in value,
        inside=inside,
        raw=value,
    )
    if name in MODELS and one.place in {LAYERS, ""}:
        yield one
        for layer in model_layers(value):
            yield from _walk(layer, LAYERS, "", depth + 1)
    elif name in _CELL_FIRST:
        yield from _inner(config, name, depth)
        yield one
    else:
        yield one
        yield from _inner(config, name, depth)


def _inner(config: object, inside: str, depth: int) -> Iterator[Stored]:
    if not isinstance(config, dict):
        return
    for key, value in config.items():
        if key in _INNER_LAYER_LISTS and isinstance(value, list):
            for one in value:
                yield from _walk(one, LAYERS, inside, depth + 1)
        else:
            yield from _walk(value, _place_of_key(key), inside, depth + 1)


def _place_of_key(key: str) -> str:
    if key in _INNER_LAYERS:
        return LAYERS
    return next((place for ending, place in _ENDINGS if key.endswith(ending)), "")


def _place(module: object, place: str) -> str:
    """Take the place from a public module; what is private or not named stays where it stands."""
    if isinstance(module, str) and module.startswith("keras.") and ".src" not in module:
        return module[len("keras.") :]
    return place
