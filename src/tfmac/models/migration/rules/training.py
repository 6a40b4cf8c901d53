"""How a model is trained: optimizer, losses and metrics as Keras 3 writes them.

What needs somebody's code is left out with a word of it: a model that cannot be compiled anew is
still the model.
"""

from collections.abc import Mapping
from typing import Any, Callable, Optional

from tfmac.models.migration.network import Layer
from tfmac.models.migration.rules import measures, optimizers
from tfmac.models.migration.rules.applying import Ledger
from tfmac.models.migration.rules.base import Outcome, Scene
from tfmac.models.migration.rules.measures import NeedsCode
from tfmac.models.migration.values import UnreadableArchitecture, plain
from tfmac.schema.model_content import Content

_MAX_DEPTH = 8
_LEAF_KEYS = frozenset({"class_name", "config"})
_BY_OUTPUT = ("loss", "loss_weights", "metrics", "weighted_metrics")
_NOBODY = Layer(name="", class_name="")


def training_of(
    content: Content, scene: Scene, ledger: Ledger, outputs: Mapping[str, str]
) -> Optional[dict[str, Any]]:
    """Give ``compile_config``; None where the model is written uncompiled.

    ``outputs`` gives the new names of the outputs that are called otherwise than before.
    """
    given = _given(content)
    if not given:
        return None
    try:
        training = _by_new_names(plain(given), outputs)
        return _training(training, scene, ledger)
    except (NeedsCode, UnreadableArchitecture) as error:
        statement = f"is not compiled: {error}"
        _note(ledger, "training-needs-code", statement)
        return None


def _given(content: Content) -> Optional[Mapping[str, Any]]:
    found = content.training
    if found is None and isinstance(content.configuration, Mapping):
        found = content.configuration.get("compile_config")
    return found if isinstance(found, Mapping) else None


def _by_new_names(training: Mapping[str, Any], outputs: Mapping[str, str]) -> dict[str, Any]:
    """Let what is stated by output be stated by its new name."""
    result = dict(training)
    for key in _BY_OUTPUT:
        value = result.get(key)
        if isinstance(value, dict) and not set(value) >= _LEAF_KEYS:
            result[key] = {outputs.get(name, name): one for name, one in value.items()}
    return result


def _note(ledger: Ledger, rule: str, statement: str) -> None:
    ledger.add(rule, _NOBODY, Outcome(layer=_NOBODY, statements=(statement,)), "")


def _training(given: Mapping[str, Any], scene: Scene, ledger: Ledger) -> Optional[dict[str, Any]]:
    optimizer = given.get("optimizer_config", given.get("optimizer"))
    if optimizer is None:
        return None
    made = optimizers.optimizer(optimizer, scene)
    for one in made.statements:
        _note(ledger, "optimizer", one)
    loss = _mapped(given.get("loss"), lambda one: measures.loss(one, scene), 0)
    dropped: list[str] = []
    result: dict[str, Any] = {
        "optimizer": made.written,
        "loss": loss,
        "loss_weights": given.get("loss_weights"),
    }
    for key in ("metrics", "weighted_metrics"):
        result[key] = _metrics(given.get(key), scene, dropped)
    for one in dropped:
        _note(ledger, "metric-needs-code", f"the metric {one} is left out: its code is needed")
    steps = given.get("steps_per_execution")
    result["run_eagerly"] = given.get("run_eagerly") is True
    result["steps_per_execution"] = steps if isinstance(steps, int) and steps > 0 else 1
    jit = given.get("jit_compile")
    result["jit_compile"] = jit if jit is True or jit == "auto" else False
    return result


def _metrics(value: object, scene: Scene, dropped: list[str]) -> Any:  # noqa: ANN401 - structure
    def one(leaf: object) -> Any:  # noqa: ANN401 - as above
        try:
            return measures.metric(leaf, scene)
        except NeedsCode as error:
            dropped.append(error.name)
            return None

    return _without_gaps(_mapped(value, one, 0))


def _without_gaps(value: Any) -> Any:  # noqa: ANN401 - as above
    """Take out of lists what was dropped; a list of one list is that list."""
    if isinstance(value, list):
        kept = [_without_gaps(one) for one in value if one is not None]
        return kept[0] if len(kept) == 1 and isinstance(kept[0], list) else kept
    if isinstance(value, dict) and not set(value) >= _LEAF_KEYS:
        kept_items = {key: _without_gaps(one) for key, one in value.items()}
        return {key: one for key, one in kept_items.items() if one is not None}
    return value


def _mapped(value: object, change: Callable[[object], Any], depth: int) -> Any:  # noqa: ANN401
    """Change the leaves of lists and of dictionaries by output."""
    if depth > _MAX_DEPTH:
        raise UnreadableArchitecture("losses and metrics are nested deeper than any model's")
    if value is None:
        return None
    if isinstance(value, list):
        return [_mapped(one, change, depth + 1) for one in value]
    if isinstance(value, dict) and not set(value) >= _LEAF_KEYS:
        return {key: _mapped(one, change, depth + 1) for key, one in value.items()}
    return change(value)
