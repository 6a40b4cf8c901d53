"""A script that shows one departure by itself: one layer, its weights, its inputs, both devices.

It needs the framework and Keras alone, and the user's own script where the class is defined there.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import keras_models
from ..subjects.trees import Recorded
from .findings import COMPILED, GRADIENTS, OPTIMIZER, Compared
from .reproduction_text import ENDS, FRAMEWORKS, HEAD, LAYER, OPTIMIZER_UPDATE, WHOLE_MODEL

if TYPE_CHECKING:
    from ..subjects.subject import Subject
    from .pairs import Pair
    from .tracing import Call
    from .training import Step


class NoReproduction(Exception):
    """Why a departure cannot be shown by a script of its own."""


def write_reproduction(
    path: str, found: Compared, pair: Pair, subject: Subject, logical_cpus: int
) -> None:
    """Write the script, and its numbers beside it as ``.npz``; raise ``NoReproduction``."""
    data: dict[str, Any] = {}
    if found.stage == OPTIMIZER:
        body = _optimizer(found, pair, data)
    elif found.place >= 0 and found.call is not None:
        body = _layer(found, pair, data)
    else:
        raise NoReproduction(f"{found.what} is no single layer")
    numbers = os.path.splitext(path)[0] + ".npz"
    text = HEAD.format(
        title=_title(found, pair),
        backend=pair.framework.name,
        keras=keras_models.keras_of(pair.reference.model, pair.framework).__name__,
        legacy=os.environ.get(keras_models.LEGACY_VARIABLE, ""),
        cpus=logical_cpus,
        data=os.path.basename(numbers),
        script=os.path.abspath(subject.path) if subject.is_script else "",
        reference=pair.reference.device.name,
        tested=pair.tested.device.name,
    )
    np.savez(numbers, **data)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + FRAMEWORKS[pair.framework.name] + body + ENDS)


def _title(found: Compared, pair: Pair) -> str:
    kind = f" ({found.kind})" if found.kind else ""
    return (
        f"{found.what}{kind} on {pair.tested.device.name}, "
        f"{found.stage}{': ' + found.detail if found.detail else ''}"
    )


def _layer(found: Compared, pair: Pair, data: dict[str, Any]) -> str:
    call: Call = found.call
    layer = pair.reference.places[call.place].layer
    way = {GRADIENTS: "gradients", COMPILED: "compiled"}.get(found.stage, "forward")
    ids = {
        id(one): value
        for one, value in zip(
            keras_models.variables(pair.reference.model), found.state or pair.start
        )
    }
    for number, variable in enumerate(keras_models.variables(layer)):
        if id(variable) in ids:
            data[f"variable_{number}"] = ids[id(variable)]
    args = ", ".join(_literal(one, data) for one in call.args)
    kwargs = _literal(call.kwargs, data)
    quiet = keras_models.takes_training(layer)
    if not quiet and "training" in call.kwargs:
        kwargs = _literal({k: v for k, v in call.kwargs.items() if k != "training"}, data)
    config = _config(layer, pair)
    made = (
        LAYER.format(config=config)
        if config
        else WHOLE_MODEL.format(name=pair.model_name, place=call.place)
    )
    return made + f"\nWAY = {way!r}\n\n\ndef arguments():\n    return [{args}], {kwargs}\n"


def _config(layer: Any, pair: Pair) -> str:
    """Return a layer's configuration as JSON, if it can be made again from it alone."""
    keras = keras_models.keras_of(layer, pair.framework)
    try:
        config = keras.layers.serialize(layer)
        objects = {place.kind: type(place.layer) for place in keras_models.places(layer)}
        with keras.utils.custom_object_scope(objects), pair.framework.scope(pair.reference.device):
            made = keras.layers.deserialize(json.loads(json.dumps(config)))
        kinds = [place.kind for place in keras_models.places(made)]
        if kinds != [place.kind for place in keras_models.places(layer)]:
            return ""
        return json.dumps(config)
    except Exception:  # noqa: BLE001 (a layer without a configuration is taken out of its model)
        return ""


def _optimizer(found: Compared, pair: Pair, data: dict[str, Any]) -> str:
    step: Step = found.call
    training = found.state
    keras = keras_models.keras_of(pair.reference.model, pair.framework)
    every = {
        id(one): value
        for one, value in zip(keras_models.variables(pair.reference.model), step.before.variables)
    }
    number = 0
    for weight, gradient in zip(training.weights, step.gradients):
        if gradient is not None:
            data[f"weight_{number}"] = every[id(weight)]
            data[f"gradient_{number}"] = gradient
            number += 1
    for place, slot in enumerate(step.before.optimizer):
        data[f"slot_{place}"] = slot
    try:
        config = json.dumps(keras.optimizers.serialize(training.optimizer), default=float)
    except Exception as error:
        raise NoReproduction(f"the optimizer has no configuration: {error}") from error
    return OPTIMIZER_UPDATE.format(config=config)


def _literal(tree: Any, data: dict[str, Any]) -> str:
    """Write arguments as Python; arrays go to the data."""
    if isinstance(tree, Recorded):
        name = f"array_{len(data)}"
        data[name] = tree.array
        return f"tensor({name!r}, {tree.dtype!r})"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{k!r}: {_literal(v, data)}" for k, v in tree.items()) + "}"
    if isinstance(tree, (list, tuple)):
        inner = ", ".join(_literal(one, data) for one in tree)
        return f"[{inner}]" if isinstance(tree, list) else f"({inner}{',' if tree else ''})"
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return repr(tree)
    raise NoReproduction(f"an argument is a {type(tree).__name__}")
