"""What a model was compiled with, and what is stored of its optimizer."""

from collections.abc import Iterator
from typing import Any, Optional

from tfmac.models.configuration import Json
from tfmac.schema.model_content import Content
from tfmac.schema.models import OptimizerState, Training

_MOST = 50
_LONGEST = 120


def optimizer_of(content: Content) -> Optional[OptimizerState]:
    """Tell the optimizer and what is stored of its state; None where there is neither."""
    entry = _optimizer_entry(content.training)
    if entry is None and not content.optimizer:
        return None
    return OptimizerState(
        class_name=_class_name(entry),
        learning_rate=_learning_rate(entry),
        arrays=len(content.optimizer),
        bytes=sum(one.bytes for one in content.optimizer),
    )


def training_of(content: Content) -> Optional[Training]:
    """Tell the loss and the metrics; None where the model was not compiled."""
    training = content.training
    if not isinstance(training, dict):
        return None
    loss = tuple(dict.fromkeys(_named(training.get("loss"))))
    metrics = [*_named(training.get("metrics")), *_named(training.get("weighted_metrics"))]
    if not loss and not metrics and _optimizer_entry(training) is None:
        return None  # Keras 3 writes an empty one
    return Training(loss=loss, metrics=tuple(dict.fromkeys(metrics)))


def _optimizer_entry(training: object) -> Optional[object]:
    if not isinstance(training, dict):
        return None
    return training.get("optimizer_config") or training.get("optimizer")


def _class_name(entry: object) -> Optional[str]:
    if isinstance(entry, dict):
        name = entry.get("class_name")
        return name.rpartition(">")[2][:_LONGEST] if isinstance(name, str) else None
    return entry[:_LONGEST] if isinstance(entry, str) else None


def _learning_rate(entry: object) -> Optional[str]:
    config: Json = entry.get("config") if isinstance(entry, dict) else {}  # type: ignore[assignment]
    if not isinstance(config, dict):
        return None
    rate = config.get("learning_rate", config.get("lr"))
    if isinstance(rate, dict):  # a schedule
        return _class_name(rate)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        return None
    return f"{rate:.6g}"  # it was a float32: 0.001 is stored as 0.0010000000474974513


def _named(value: object) -> Iterator[str]:
    """Give the names of losses or metrics, whatever they are arranged in."""
    waiting = [value]
    for _ in range(_MOST * 20):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, str):
            yield one[:_LONGEST]
        elif isinstance(one, dict):
            name = _name_of(one)
            if name is not None:
                yield name
            else:
                waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _name_of(entry: Json) -> Optional[str]:
    """Name a metric or loss that is given by its class, or a function by its own name."""
    class_name = entry.get("class_name")
    if not isinstance(class_name, str):
        return None
    config: Any = entry.get("config")
    if class_name == "function" and isinstance(config, str):
        return config[:_LONGEST]
    inner = config.get("fn") if isinstance(config, dict) else None
    if class_name in {"MeanMetricWrapper", "LossFunctionWrapper"} and isinstance(inner, str):
        return inner[:_LONGEST]
    return class_name[:_LONGEST]
