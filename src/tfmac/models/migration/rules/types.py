"""The types that layers compute with: policies and their older forms."""

from typing import Any, Optional

from tfmac.models.migration.network import Layer
from tfmac.models.migration.rules.base import Outcome, Scene, having, without

_POLICIES = frozenset(
    {"Policy", "PolicyV1", "DTypePolicy", "FloatDTypePolicy", "DTypePolicyMap"}
    | {"QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy"}
)
_FROM_THE_INPUT = frozenset({"infer", "_infer"})
# Policies that are no more than their name.
_NAMED = frozenset({"Policy", "PolicyV1", "DTypePolicy", "FloatDTypePolicy"})
# Layers that are of no type: Keras 2 wrote one for them because it had one.
_TEXT = "string"


def policy(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """A policy is written as its name, which every release of Keras 3 takes."""
    if "dtype" not in layer.config:
        return None
    value = layer.config["dtype"]
    if isinstance(value, str) and value not in _FROM_THE_INPUT:
        return None
    name = policy_name(value)
    if name is None and not _is_other_policy(value):
        # The type of what came in, which was of 32 bits unless it was said otherwise.
        return Outcome(layer=without(layer, "dtype"))
    if name is None:
        return _quantized(layer, scene, value)
    return Outcome(layer=having(layer, dtype=name))


def policy_name(value: object) -> Optional[str]:
    """Give the name of a policy in any form; None where it has none that says all."""
    if isinstance(value, str):
        return None if value in _FROM_THE_INPUT else value
    if isinstance(value, dict) and value.get("class_name") in _NAMED:
        config = value.get("config")
        name = config.get("name") if isinstance(config, dict) else None
        return policy_name(name) if isinstance(name, str) else None
    return None


def _is_other_policy(value: object) -> bool:
    return isinstance(value, dict) and value.get("class_name") in _POLICIES - _NAMED


def _quantized(layer: Layer, scene: Scene, value: Any) -> Optional[Outcome]:  # noqa: ANN401 - JSON
    name = str(value.get("class_name"))
    if scene.target.has("dtype_policies", name) or scene.target.has("", name):
        return None
    release = ".".join(map(str, scene.target.release))
    return Outcome(layer=layer, reason=f"Keras {release} has no {name}")
