"""Activations: functions by name, layers as activations, and the function that changed."""

from typing import Any, Optional

import msgspec

from tfmac.models.migration.network import Layer, Network
from tfmac.models.migration.rules.base import Outcome, Scene, having
from tfmac.models.migration.rules.classes import is_kerass_own, kerass_name
from tfmac.models.migration.targets import Release
from tfmac.models.migration.writing import is_operation

OBJECTS_SINCE: Release = (3, 10)
"""Since then an activation may be anything that can be called: a layer, a model."""
_KEYS = ("activation", "recurrent_activation")
_CHANGED = "hard_sigmoid"
_OTHER_NAMES = {"swish": "silu", "hard_swish": "hard_silu", "softmax_v2": "softmax"}
_STATEMENT = (
    "{key} hard_sigmoid is written out as clip(0.2 x + 0.5, 0, 1): Keras 3 has another function "
    "of that name"
)


def activations(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """An activation is named as Keras 3 names it, and computes what it did."""
    if layer.network is not None or not is_kerass_own(layer) or is_operation(layer):
        return None
    config = dict(layer.config)
    statements: list[str] = []
    for key in _KEYS:
        if config.get(key) is None:
            continue
        made = _made(config[key], key, layer, scene)
        if made.reason is not None:
            return msgspec.structs.replace(made, layer=layer)
        config[key] = made.layer.config[key]
        statements.extend(made.statements)
    if config == layer.config:
        return None
    changed = msgspec.structs.replace(layer, config=config)
    return Outcome(layer=changed, statements=tuple(statements))


def _made(value: object, key: str, layer: Layer, scene: Scene) -> Outcome:
    name = function_name(value)
    if name is None:
        return _object(value, key, layer, scene)
    if name == _CHANGED and not scene.is_keras_3:
        return _hard(key, layer, scene)
    for one in (name, _OTHER_NAMES.get(name, name)):
        if scene.target.has("activations", one):
            return Outcome(layer=having(layer, **{key: one}))
    bare = name.rpartition(">")[2]
    if bare in scene.custom or name in scene.custom:
        return Outcome(layer=having(layer, **{key: _supplied(value, bare)}))
    return Outcome(
        layer=layer,
        reason=f"the {key} {name[:60]} is no function of this Keras",
        needs=f"--custom module:{bare[:60]}",
        cause="custom-layer-unknown",
    )


def _supplied(value: object, name: str) -> Any:  # noqa: ANN401 - what the configuration holds
    registered = value.get("registered_name") if isinstance(value, dict) else None
    return {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": registered or name,
    }


def function_name(value: object) -> Optional[str]:
    """Give the name of a function in a configuration; None for what is no function."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value.get("class_name") == "function":
        name = value.get("registered_name") or value.get("config")
        return name if isinstance(name, str) else None
    return None


def _hard(key: str, layer: Layer, scene: Scene) -> Outcome:
    if scene.target.release < OBJECTS_SINCE:
        return Outcome(
            layer=layer,
            reason=f"its {key} is hard_sigmoid, another function in Keras 3, and before Keras "
            "3.10 no other can stand there",
            needs="a Keras from 3.10 on (--keras '>=3.10')",
            cause="saved-behaviour-changed",
        )
    written = _written(hard_sigmoid(_CHANGED, layer.config.get("dtype")))
    return Outcome(layer=having(layer, **{key: written}), statements=(_STATEMENT.format(key=key),))


def hard_sigmoid(name: str, dtype: object) -> Layer:
    """Give the function of Keras 2 as a model of two layers."""
    kind = {"dtype": dtype} if isinstance(dtype, str) else {}
    steps = (
        Layer(
            name="rescaling",
            class_name="Rescaling",
            module="keras.layers",
            config={"trainable": False, **kind, "scale": 0.2, "offset": 0.5},
        ),
        Layer(
            name="re_lu",
            class_name="ReLU",
            module="keras.layers",
            config={"trainable": False, **kind, "max_value": 1.0},
        ),
    )
    return Layer(
        name=name,
        class_name="Sequential",
        module="keras",
        network=Network(name=name, class_name="Sequential", config=kind, layers=steps),
    )


def _written(layer: Layer) -> dict[str, Any]:
    """Write a layer that stands in the configuration of another."""
    config: dict[str, Any] = {"name": layer.name, **layer.config}
    if layer.network is not None:
        config.update(layer.network.config)
        config["layers"] = [_written(one) for one in layer.network.layers]
    return {
        "module": layer.module,
        "class_name": layer.class_name,
        "config": config,
        "registered_name": None,
    }


def _object(value: object, key: str, layer: Layer, scene: Scene) -> Outcome:
    """Write a layer that is used as an activation."""
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        return Outcome(layer=layer, reason=f"its {key} is no function: {str(value)[:60]}")
    found = activation_layer(value)
    name = found.class_name
    is_own = kerass_name(name) and scene.target.has("layers", name)
    if not is_own or scene.target.release < OBJECTS_SINCE:
        needs = f"--custom module:{name}" if not is_own else "a Keras from 3.10 on"
        return Outcome(layer=layer, reason=f"its {key} is a layer, {name}", needs=needs)
    return Outcome(layer=having(layer, **{key: _written(found)}))


def activation_layer(value: dict[str, Any]) -> Layer:
    """Read a layer that is used as an activation, its arguments named as in Keras 3."""
    config = dict(value["config"])
    if value.get("class_name") == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    for key in [one for one in config if one in {"batch_input_shape", "dtype"}]:
        if not isinstance(config[key], str):
            del config[key]
    name = config.pop("name", None)
    return Layer(
        name=name if isinstance(name, str) else str(value["class_name"]).lower(),
        class_name=str(value["class_name"]),
        module="keras.layers",
        config=config,
    )
