"""Optimizers and losses of Keras 2 and Keras 3, asked for the same things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .keras_models import dtype_name, is_keras_3

if TYPE_CHECKING:
    from collections.abc import Sequence


def fresh_optimizer(keras: Any, given: Any) -> Any:
    """Return an optimizer without state: as given, or Adam. Loss scaling is left out."""
    while getattr(given, "inner_optimizer", None) is not None:
        given = given.inner_optimizer
    if given is None:
        return keras.optimizers.Adam(1e-3)
    if isinstance(given, (str, dict)):
        return keras.optimizers.get(given)
    return type(given).from_config(given.get_config())


def build_optimizer(optimizer: Any, weights: Sequence[Any]) -> None:
    """Make an optimizer's variables now."""
    if hasattr(optimizer, "_create_all_weights"):
        optimizer._create_all_weights(list(weights))  # noqa: SLF001 (Keras 2.9, 2.10)
    elif hasattr(optimizer, "build"):
        optimizer.build(list(weights))


def optimizer_variables(optimizer: Any) -> list[Any]:
    """Return an optimizer's variables: counters, rates and slots."""
    held = optimizer.variables
    return list(held() if callable(held) and not isinstance(held, (list, tuple)) else held)


def apply_gradients(optimizer: Any, pairs: Sequence[tuple[Any, Any]]) -> None:
    """Let an optimizer change weights by gradients."""
    optimizer.apply_gradients(list(pairs))


def total_loss(keras: Any, loss: Any, targets: Sequence[Any], outputs: Sequence[Any]) -> Any:
    """Return the sum of the losses of all outputs, each as its mean; mean squared error if none."""
    if isinstance(loss, dict):
        loss = list(loss.values())
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss] * len(outputs)
    mean = keras.ops.mean if is_keras_3(keras) else keras.backend.mean
    cast = keras.ops.cast if is_keras_3(keras) else keras.backend.cast
    total: Any = None
    for one, target, output in zip(losses, targets, outputs):
        function = keras.losses.get("mse" if one is None else one)
        value = cast(mean(function(target, cast(output, _loss_type(output)))), "float32")
        total = value if total is None else total + value
    return total


def _loss_type(output: Any) -> str:
    return "float64" if dtype_name(output) == "float64" else "float32"
