"""The user's model: loaded from its file or made by its script, once on each device."""

from __future__ import annotations

import contextlib
import os
import sys
import types
from typing import TYPE_CHECKING, Any

from .. import keras_models
from ..failures import WorkProblem
from ..frameworks import Device, Framework
from .sides import Side, give

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "tfmac_subject"
NAMES = ("model", "build_model", "make_model", "create_model", "get_model")
# What a script may have beside its model.
EXTRAS = ("inputs", "targets", "loss", "optimizer")


class Subject:
    """What is compared, and how to make it on a device."""

    def __init__(self, framework: Framework, path: str, name: str | None) -> None:
        self.framework = framework
        self.path = path
        self.name = name
        self.is_script = path.endswith(".py")
        if not os.path.exists(path):
            raise WorkProblem("no-model", f"{path} does not exist")

    def side(self, device: Device) -> Side:
        """Make the model on a device."""
        with self.framework.scope(device):
            model, extras = self._scripted() if self.is_script else self._loaded()
        return Side(self.framework, device, model, extras)

    def _loaded(self) -> tuple[Any, dict[str, Any]]:
        keras = keras_models.keras_of_process(self.framework)
        model = keras_models.load_model(keras, self.path)
        if not keras_models.is_model(model):
            raise WorkProblem(
                "unreadable-model",
                f"{self.path} holds no Keras model: a SavedModel that was written without Keras "
                "has no layers to compare; give the script that makes the model",
            )
        compiled = keras_models.saved_training(keras, self.path)
        if compiled is None:
            return model, {}
        extras = {"optimizer": compiled.optimizer, "loss": getattr(compiled, "loss", None)}
        return model, {name: value for name, value in extras.items() if value is not None}

    def _scripted(self) -> tuple[Any, dict[str, Any]]:
        keras = keras_models.keras_of_process(self.framework)
        with _own_custom_objects(keras):
            namespace = run_script(self.path)
            self.name, model = _model_in(namespace, self.name, self.path)
        return model, {name: namespace[name] for name in EXTRAS if name in namespace}


def run_script(path: str) -> dict[str, Any]:
    """Run a script of the user's as a module; what stands under ``__main__`` does not run."""
    module = types.ModuleType(MODULE)
    module.__file__ = path
    with open(path, "rb") as file:
        source = file.read()
    sys.modules[MODULE] = module
    before = sys.argv
    sys.argv = [path]
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 (the user's own script)
    finally:
        sys.argv = before
    return module.__dict__


@contextlib.contextmanager
def _own_custom_objects(keras: Any) -> Iterator[None]:
    """Let a script register its classes again: Keras refuses a name that is taken."""
    registered = keras.utils.get_custom_objects()
    before = dict(registered)
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)


def _model_in(namespace: dict[str, Any], name: str | None, path: str) -> tuple[str, Any]:
    """Return the model of a script with its name: the one asked for, or the only one."""
    if name is not None:
        if name not in namespace:
            raise WorkProblem("no-model", f"{path} has no name {name!r}")
        return name, _made(namespace[name], name, path)
    for known in NAMES:
        value = namespace.get(known)
        if keras_models.is_model(value) or (callable(value) and not isinstance(value, type)):
            return known, _made(value, known, path)
    models = {id(one): (key, one) for key, one in namespace.items() if keras_models.is_model(one)}
    if len(models) == 1:
        return next(iter(models.values()))
    count = f"{len(models)} models" if models else "no model"
    raise WorkProblem(
        "no-model",
        f"{path} has {count}, and none of the names {', '.join(NAMES)}: say which one is meant "
        f"({os.path.basename(path)}:NAME); NAME is a model or a function that makes "
        "one without arguments",
    )


def _made(value: Any, name: str, path: str) -> Any:
    model = value if keras_models.is_model(value) else value()
    if not keras_models.is_model(model):
        raise WorkProblem(
            "no-model", f"{name} in {path} gives no Keras model but {type(model).__name__}"
        )
    return model


def same_weights(reference: Side, tested: Side) -> None:
    """Copy all variables; the same seed would give other weights on another device."""
    kinds = [place.kind for place in reference.places]
    if kinds != [place.kind for place in tested.places]:
        raise WorkProblem(
            "not-repeatable",
            "the script makes another model the second time: the layers of both are not the same",
        )
    theirs = keras_models.variables(tested.model)
    state = reference.state()
    shapes = [tuple(one.shape) for one in state]
    if shapes != [tuple(int(size) for size in variable.shape) for variable in theirs]:
        raise WorkProblem(
            "not-repeatable",
            "the script makes another model the second time: the weights differ in number or shape",
        )
    with tested.inside():
        give(tested.framework, theirs, state)


def wide_side(reference: Side) -> Side | None:
    """Make a copy in float64 on the reference's device from its configuration, if that works."""
    framework, model = reference.framework, reference.model
    try:
        with framework.double(), framework.scope(reference.device):
            made = keras_models.in_double(framework, model)
            side = Side(framework, reference.device, made, {}, wide=True)
            same_weights(reference, side)
    except Exception:  # noqa: BLE001 (custom layers without a configuration, fixed types, ...)
        return None
    return side
