"""Initializers, regularizers and constraints of layers."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from tfmac.models.migration.network import Layer
from tfmac.models.migration.rules.base import Outcome, Scene, with_config
from tfmac.models.migration.rules.classes import is_kerass_own
from tfmac.models.migration.targets import Release
from tfmac.models.migration.writing import is_operation

_KINDS = {
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
}
_GENERATION = re.compile(r"V[12]$")
_OTHER_NAMES = {
    "initializers": {
        "IdentityInitializer": "Identity",
        "STFT": "STFTInitializer",
        "uniform": "RandomUniform",
        "normal": "RandomNormal",
        "zero": "Zeros",
        "one": "Ones",
        "lecun_uniform": "LecunUniform",
        "glorot_normal": "GlorotNormal",
    },
    "regularizers": {"WeightRegularizer": "L1L2", "l1l2": "L1L2", "l1_l2": "L1L2"},
    "constraints": {
        "maxnorm": "MaxNorm",
        "nonneg": "NonNeg",
        "unitnorm": "UnitNorm",
        "max_norm": "MaxNorm",
        "non_neg": "NonNeg",
        "unit_norm": "UnitNorm",
        "min_max_norm": "MinMaxNorm",
    },
}
_ORTHOGONAL = frozenset({"orthogonal", "orthogonalinitializer"})
_ORTHOGONAL_SINCE: Release = (3, 7)
"""Before, it could not be read under the name that it was shown under."""
_OTHER_DISTRIBUTIONS = {"normal": "truncated_normal"}


class _Made(NamedTuple):
    value: Any
    lost: Optional[str] = None


def objects(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """What fills, holds back and bounds weights is written as the wanted release names it."""
    if layer.network is not None or not is_kerass_own(layer) or is_operation(layer):
        return None
    config = dict(layer.config)
    lost: list[str] = []
    for key, place in _keys(config):
        made = _made(config[key], place, scene)
        config[key] = made.value
        if made.lost is not None:
            lost.append(_lost(key, made.lost, place))
            if place == "initializers":
                del config[key]
    if config == layer.config:
        return None
    return Outcome(layer=with_config(layer, config), statements=tuple(lost))


def _keys(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in list(config):
        for ending, place in _KINDS.items():
            if key.endswith(ending) and config[key] is not None:
                yield key, place


def _lost(key: str, name: str, place: str) -> str:
    if place == "initializers":
        return f"{key} {name} is left out: the weights come from the file"
    return f"{key} {name} is left out: it changes training alone, and needs its code"


def _made(value: object, place: str, scene: Scene) -> _Made:
    if isinstance(value, str):
        found = _name(value, place, scene)
        return _Made(found, value if found is None else None)
    if not isinstance(value, dict):
        return _Made(None, str(value)[:60])
    name = str(value.get("class_name"))
    if name == "function":
        name = str(value.get("config"))
    if _is_somebodys(value, name):
        bare = name.rpartition(">")[2]
        return _Made(value) if bare in scene.custom else _Made(None, name)
    found = _name(name, place, scene)
    if found is None:
        return _Made(None, name)
    config = value.get("config")
    arguments = dict(config) if isinstance(config, dict) else {}
    return _Made(
        {
            "module": f"keras.{place}",
            "class_name": found,
            "config": _arguments(arguments, place, found, scene),
            "registered_name": None,
        }
    )


def _is_somebodys(value: dict[str, Any], name: str) -> bool:
    module = value.get("module")
    registered = value.get("registered_name")
    if (isinstance(registered, str) and ">" in registered) or ">" in name:
        return True
    return isinstance(module, str) and not module.startswith(("keras", "tensorflow", "tf_keras"))


def _name(name: str, place: str, scene: Scene) -> Optional[str]:
    """Find the name under which the wanted release has a class."""
    plain = _GENERATION.sub("", name)
    if place == "initializers" and plain.lower() in _ORTHOGONAL:
        is_old = scene.target.release < _ORTHOGONAL_SINCE
        return "OrthogonalInitializer" if is_old else "Orthogonal"
    camel = "".join(word[:1].upper() + word[1:] for word in plain.split("_"))
    other = _OTHER_NAMES.get(place, {})
    for one in (plain, camel, other.get(plain), other.get(camel)):
        if one and one[:1].isupper() and scene.target.has(place, one):
            return one
    return next(
        (one for one in (plain, other.get(plain)) if one and scene.target.has(place, one)), None
    )


def _arguments(arguments: dict[str, Any], place: str, name: str, scene: Scene) -> dict[str, Any]:
    distribution = arguments.get("distribution")
    if isinstance(distribution, str):
        arguments["distribution"] = _OTHER_DISTRIBUTIONS.get(distribution, distribution)
    return {
        key: value for key, value in arguments.items() if scene.target.accepts(place, name, key)
    }
