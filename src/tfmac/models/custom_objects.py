"""What a model file names that no Keras has: a reader needs the code of each."""

from collections.abc import Iterator, Sequence
from typing import Optional

from tfmac.knowledge import keras_names
from tfmac.models.configuration import Json, Named
from tfmac.schema.models import CustomObject

_MOST = 500
_MOST_LOCATIONS = 20
_LONGEST = 300
# How Keras names what it looks up by another name.
_ALIASES = frozenset(
    {"accuracy", "acc", "crossentropy", "ce", "binary_accuracy", "loss", "auc", "AUC", "linear"}
    | {"cosine", "cosine_proximity", "mse", "mae", "mape", "msle", "kld", "MSE", "MAE", "bce"}
    | {"BCE", "MAPE", "MSLE", "KLD", "adam", "sgd", "rmsprop", "adagrad", "adadelta", "adamax"}
    | {"nadam", "ftrl", "adamw", "adafactor", "lion", "auto", "max_norm", "unit_norm", "non_neg"}
)
_ACTIVATIONS = frozenset({"activation", "recurrent_activation", "gate_activation"})
_KINDS = {
    "layers": "layer",
    "layer": "layer",
    "cell": "layer",
    "loss": "loss",
    "metrics": "metric",
    "weighted_metrics": "metric",
    "optimizer": "optimizer",
    "optimizer_config": "optimizer",
    "activation": "activation",
}


def custom_objects_in(architecture: Sequence[Named], training: Sequence[Named]) -> list[Named]:
    """Choose what names a class or function that is not Keras's."""
    return [one for one in (*architecture, *training) if is_custom(one)]


def is_custom(one: Named) -> bool:
    """Whether a reader needs somebody's code for this."""
    if one.class_name.startswith("__"):
        return False
    if one.class_name == "function":
        name = one.entry.get("config")
        return isinstance(name, str) and not _is_function_of_keras(name, one.module)
    if one.module is not None:
        return not keras_names.is_keras_module(one.module) and one.module != "builtins"
    package, _, name = one.class_name.rpartition(">")
    # The default package: Keras 2.11 to 2.15 register their own optimizers with it.
    if package == "Custom" and one.key in {"optimizer_config", "optimizer"}:
        return not keras_names.is_keras_name(name)
    return bool(package) or not keras_names.is_keras_name(one.class_name)


def _is_function_of_keras(name: str, module: Optional[str]) -> bool:
    if module is not None and keras_names.is_keras_module(module):
        return True
    return name in _ALIASES or keras_names.is_keras_name(name)


def describe(
    custom: Sequence[Named], texts: Sequence[tuple[str, str, str]]
) -> tuple[CustomObject, ...]:
    """Join the places of each custom object; ``texts`` are kind, name and place of plain names."""
    found: dict[tuple[str, Optional[str]], CustomObject] = {}
    for one in custom:
        _add(found, _described(one))
    for kind, name, location in texts:
        _add(found, CustomObject(name=name[:_LONGEST], kind=kind, locations=(location,)))
    return tuple(found.values())[:_MOST]


def _described(one: Named) -> CustomObject:
    name = one.class_name
    config = one.entry.get("config")
    if name == "function" and isinstance(config, str):
        name = config
    return CustomObject(
        name=name.rpartition(">")[2][:_LONGEST],
        kind=_KINDS.get(one.key, "object"),
        module=one.module,
        registered_name=one.registered_name or (one.class_name if ">" in one.class_name else None),
        locations=(one.location,) if one.location else (),
    )


def _add(found: "dict[tuple[str, Optional[str]], CustomObject]", one: CustomObject) -> None:
    key = (one.name, None)
    before = found.get(key)
    if before is None:
        found[key] = one
        return
    places = tuple(dict.fromkeys((*before.locations, *one.locations)))[:_MOST_LOCATIONS]
    found[key] = CustomObject(
        name=before.name,
        kind=before.kind,
        module=before.module or one.module,
        registered_name=before.registered_name or one.registered_name,
        locations=places,
    )


def unknown_activations(architecture: Sequence[Named]) -> Iterator[tuple[str, str, str]]:
    """Give the activations that are named as a text and that no Keras has."""
    for one in architecture:
        config = one.entry.get("config")
        if not isinstance(config, dict) or is_custom(one):
            continue
        for key in _ACTIVATIONS:
            name = config.get(key)
            if isinstance(name, str) and not _is_activation(name):
                yield "activation", name, one.location


def _is_activation(name: str) -> bool:
    return (
        name in _ALIASES
        or keras_names.is_keras_member("activations", name)
        or keras_names.is_keras_name(name)
    )


def unknown_training_names(training: object) -> Iterator[tuple[str, str, str]]:
    """Give the losses, metrics and optimizers named as a text that no Keras has."""
    if not isinstance(training, dict):
        return
    for key, kind in (("loss", "loss"), ("metrics", "metric"), ("weighted_metrics", "metric")):
        for name in _texts(training.get(key)):
            if not (name in _ALIASES or keras_names.is_keras_name(name)):
                yield kind, name, "compile"
    optimizer = training.get("optimizer")
    if isinstance(optimizer, str) and not (
        optimizer in _ALIASES or keras_names.is_keras_name(optimizer)
    ):
        yield "optimizer", optimizer, "compile"


def _texts(value: object) -> Iterator[str]:
    """Give the names in a loss or in metrics; of a wrapper around a function, the function's."""
    waiting: list[object] = [value]
    for _ in range(10_000):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(_inner(one))


def _inner(entry: Json) -> list[object]:
    if "class_name" not in entry:
        return list(entry.values())
    config = entry.get("config")
    return [config.get("fn")] if isinstance(config, dict) else []
