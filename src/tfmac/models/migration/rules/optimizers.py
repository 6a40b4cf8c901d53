"""Optimizers, with the rates that changed with time."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tfmac.models.migration.rules.base import Scene
from tfmac.models.migration.rules.measures import NeedsCode

_NAMES = (
    *("SGD", "RMSprop", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "Nadam", "Ftrl"),
    *("Lion", "Adafactor", "Lamb", "Muon", "ScheduleFreeAdamW"),
)
_RENAMED = {"lr": "learning_rate"}
_FUZZ = 1e-7
_MAX_WRAPPERS = 4


class Made(NamedTuple):
    """An optimizer as it is written."""

    written: Any
    statements: tuple[str, ...] = ()


def optimizer(value: object, scene: Scene) -> Made:
    """Write an optimizer. Raises ``NeedsCode``."""
    for _ in range(_MAX_WRAPPERS):
        inner = _wrapped(value)
        if inner is None:
            break
        # Keras 3 scales the loss by itself where a model computes with half the bits.
        value = inner
    if isinstance(value, str):
        return Made(_named(value, scene).lower())
    if not isinstance(value, Mapping):
        raise NeedsCode("optimizer", str(value))
    return _object(value, scene)


def bare_optimizer(value: object) -> tuple[str, dict[str, Any]]:
    """Give the class of an optimizer without what is before it, and its settings.

    One that scales the loss is not looked into: it has a state of its own.
    """
    if isinstance(value, str):
        found = (one for one in _NAMES if one.lower() == value.lower())
        return next(found, value), {}
    if not isinstance(value, Mapping):
        return "", {}
    config = value.get("config")
    name = str(value.get("class_name")).rpartition(">")[2]
    return name, dict(config) if isinstance(config, Mapping) else {}


def _wrapped(value: object) -> Any:  # noqa: ANN401 - what a configuration holds
    if not isinstance(value, Mapping):
        return None
    config = value.get("config")
    if not isinstance(config, Mapping) or "LossScale" not in str(value.get("class_name")):
        return None
    return config.get("inner_optimizer", config.get("optimizer"))


def _named(text: str, scene: Scene) -> str:
    bare = text.rpartition(">")[2]
    for one in _NAMES:
        if one.lower() == bare.lower() and scene.target.has("optimizers", one):
            return one
    raise NeedsCode("optimizer", text)


def _object(value: Mapping[str, Any], scene: Scene) -> Made:
    text = str(value.get("class_name"))
    if ">" in text and not text.startswith(("Custom>", "Addons>")):
        raise NeedsCode("optimizer", text)
    if text.startswith("Addons>"):
        raise NeedsCode("optimizer", text)
    name = _named(text, scene)
    given = value.get("config")
    config = dict(given) if isinstance(given, Mapping) else {}
    statements: list[str] = []
    for old, new in _RENAMED.items():
        if old in config:
            config.setdefault(new, config.pop(old))
    if config.get("epsilon", _FUZZ) is None:
        config["epsilon"] = _FUZZ
    _decay(config, statements)
    rate = config.get("learning_rate")
    if isinstance(rate, Mapping):
        config["learning_rate"] = _schedule(rate, scene)
    refused = [key for key in config if not scene.target.accepts("optimizers", name, key)]
    for key in refused:
        setting = config.pop(key)
        if key not in _SAYS_NOTHING and setting:
            statements.append(f"{name} has no {key}: {str(setting)[:40]} is left out")
    written = {
        "module": "keras.optimizers",
        "class_name": name,
        "config": config,
        "registered_name": None,
    }
    return Made(written, tuple(statements))


_SAYS_NOTHING = frozenset({"is_legacy_optimizer", "jit_compile", "decay"})


def _decay(config: dict[str, Any], statements: list[str]) -> None:
    """Write a rate that decays with every step as the schedule that computes it."""
    decay, rate = config.pop("decay", None), config.get("learning_rate")
    if not decay or not isinstance(rate, (int, float)) or isinstance(decay, (Mapping, str)):
        return
    config["learning_rate"] = {
        "class_name": "InverseTimeDecay",
        "config": {
            "initial_learning_rate": rate,
            "decay_steps": 1,
            "decay_rate": decay,
            "staircase": False,
            "name": "InverseTimeDecay",
        },
    }
    statements.append(f"decay={decay} of the learning rate is the schedule InverseTimeDecay")


def _schedule(rate: Mapping[str, Any], scene: Scene) -> dict[str, Any]:
    name, config = str(rate.get("class_name")), rate.get("config")
    if not scene.target.has("optimizers.schedules", name) or not isinstance(config, Mapping):
        raise NeedsCode("schedule of the learning rate", name)
    arguments = {
        key: one
        for key, one in config.items()
        if scene.target.accepts("optimizers.schedules", name, key)
    }
    if arguments.get("name", "") is None:
        arguments["name"] = name
    return {
        "module": "keras.optimizers.schedules",
        "class_name": name,
        "config": arguments,
        "registered_name": None,
    }
