"""Targets that a model's loss accepts: their values do not matter for how long a step takes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_SEED = 21


def targets(outputs: Any, loss: Any, rows: int) -> Any:
    """Return targets for some rows, shaped as the outputs are and as their losses want them.

    ``outputs`` are tensors or arrays of any number of rows; ``loss`` is what the model was compiled
    with.
    """
    if isinstance(outputs, dict):
        return {name: targets(one, _part(loss, name), rows) for name, one in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        made = [targets(one, _part(loss, place), rows) for place, one in enumerate(outputs)]
        return made if isinstance(outputs, list) else tuple(made)
    generator = np.random.default_rng(_SEED)
    shape = (rows, *outputs.shape[1:])
    name = _loss_name(loss)
    if "sparse" in name:
        return generator.integers(0, shape[-1], shape[:-1]).astype("int32")
    if "categorical" in name or "kl_divergence" in name:
        chosen = generator.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1], dtype="float32")[chosen]
    return generator.random(shape, dtype="float32")


def _part(loss: Any, place: Any) -> Any:
    """Return the loss of one output, where each has its own."""
    if isinstance(loss, dict):
        return loss.get(place, next(iter(loss.values()), None))
    if isinstance(loss, (list, tuple)):
        return loss[place] if isinstance(place, int) and place < len(loss) else loss[0]
    return loss


def _loss_name(loss: Any) -> str:
    """Return a loss's name with underscores, be it text, a function or an object."""
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
