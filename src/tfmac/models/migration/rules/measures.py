"""Losses and metrics as Keras 3 names them."""

from collections.abc import Mapping
from typing import Any, Optional

from tfmac.models.migration.rules.base import Scene

_ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "kldivergence": "kl_divergence",
    "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity",
    "logcosh": "log_cosh",
    "acc": "accuracy",
}
_ACCURACIES = frozenset(
    {"accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}
)
# What these were called where a metric wraps a function.
_WRAPPERS = frozenset({"MeanMetricWrapper", "SumOverBatchSizeMetricWrapper", "LossFunctionWrapper"})
_REDUCTIONS = {"auto": "sum_over_batch_size"}


class NeedsCode(Exception):
    """Something that is not Keras's own, and that its code is needed for."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"the {kind} {name[:80]} is not one of Keras's")
        self.name = name[:80]


def loss(value: object, scene: Scene) -> Any:  # noqa: ANN401 - what a configuration holds
    """Write a loss. Raises ``NeedsCode``."""
    return _measure(value, "losses", scene)


def metric(value: object, scene: Scene) -> Any:  # noqa: ANN401 - what a configuration holds
    """Write a metric. Raises ``NeedsCode``."""
    if isinstance(value, Mapping) and value.get("class_name") in _WRAPPERS:
        config = _dictionary(value.get("config"))
        function = function_name(config.get("fn"))
        if function in _ACCURACIES and str(config.get("name")) in {"accuracy", "acc"}:
            return "accuracy"
        return _measure(function or str(config.get("name")), "metrics", scene)
    return _measure(value, "metrics", scene)


def function_name(value: object) -> Optional[str]:
    """Give the name of a function in a configuration."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        name = value.get("config")
        return name if isinstance(name, str) else None
    return None


def _dictionary(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _measure(value: object, place: str, scene: Scene) -> Any:  # noqa: ANN401 - as above
    name = function_name(value)
    if name is not None:
        return _by_name(name, place, scene)
    if not isinstance(value, Mapping):
        raise NeedsCode(_kind(place), str(value))
    return _object(value, place, scene)


def _kind(place: str) -> str:
    return "loss" if place == "losses" else "metric"


def _by_name(name: str, place: str, scene: Scene) -> Any:  # noqa: ANN401 - as above
    plain = _ALIASES.get(name.lower(), name)
    if place == "metrics" and plain in {"accuracy", "crossentropy", "ce"}:
        return plain
    camel = "".join(word[:1].upper() + word[1:] for word in plain.split("_"))
    for one in (plain, camel, {"kl_divergence": "KLDivergence"}.get(plain, plain)):
        if scene.target.has(place, one):
            return plain
    if name in scene.custom:
        return name
    raise NeedsCode(_kind(place), name)


def _object(value: Mapping[str, Any], place: str, scene: Scene) -> Any:  # noqa: ANN401 - as above
    name = str(value.get("class_name"))
    config = _dictionary(value.get("config"))
    registered = value.get("registered_name")
    if name in scene.custom or name.rpartition(">")[2] in scene.custom:
        return dict(value)
    if (isinstance(registered, str) and ">" in registered) or not scene.target.has(place, name):
        raise NeedsCode(_kind(place), name)
    arguments = {key: one for key, one in config.items() if scene.target.accepts(place, name, key)}
    if isinstance(arguments.get("reduction"), str):
        reduction = arguments["reduction"]
        arguments["reduction"] = _REDUCTIONS.get(reduction, reduction)
    if not isinstance(arguments.get("dtype", ""), str):
        del arguments["dtype"]
    return {
        "module": f"keras.{place}",
        "class_name": name,
        "config": arguments,
        "registered_name": None,
    }
