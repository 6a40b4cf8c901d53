"""Operations of Keras 3 that stand between layers, in the form that the wanted release has."""

from typing import Any, Optional

import msgspec

from tfmac.knowledge import keras_operations
from tfmac.models.migration.network import Call, Layer
from tfmac.models.migration.rules.base import Outcome, Scene
from tfmac.models.migration.writing import is_operation

_MODULES = ("numpy", "nn", "core", "math", "image", "linalg", "einops")
_PREFIX = "keras.src.ops."


def in_its_module(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """An operation in HDF5 has lost the module that tells it from a layer of its name."""
    if layer.module is not None or layer.network is not None or "trainable" in layer.config:
        return None
    if layer.class_name == "InputLayer" or not layer.calls:
        return None
    for module in _MODULES:
        if keras_operations.since(f"{module}.{layer.class_name}") is not None:
            return Outcome(
                layer=msgspec.structs.replace(
                    layer, module=f"{_PREFIX}{module}", registered_name=layer.class_name
                ),
                statements=(f"{layer.class_name} is the operation, which HDF5 does not tell",),
            )
    return None


def form(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """What an operation is made with, and what it is called with, are those of the release."""
    if not is_operation(layer):
        return None
    operation = f"{(layer.module or '')[len(_PREFIX) :].partition('.')[0]}.{layer.class_name}"
    release = ".".join(map(str, scene.target.release))
    found = keras_operations.form(operation, scene.target.version)
    if found is None:
        since = keras_operations.since(operation)
        return Outcome(
            layer=layer,
            reason=f"Keras {release} has no operation {layer.class_name}",
            needs=f"a Keras from {since} on" if since else None,
            cause="keras-3-file-newer-than-reader",
        )
    named = {"name": layer.name} if "name" in found.init else {}
    config = {
        **named,
        **{key: value for key, value in layer.config.items() if key in found.init},
    }
    rest = {
        key: value for key, value in layer.config.items() if key not in found.init and key != "name"
    }
    to_calls = {key: value for key, value in rest.items() if key in found.call}
    unknown = [key for key, value in rest.items() if key not in found.call and value is not None]
    calls = tuple(_called(one, to_calls, found.init, config) for one in layer.calls)
    if unknown:
        return Outcome(
            layer=layer,
            reason=f"{layer.class_name} of Keras {release} has no {', '.join(unknown)}",
            cause="keras-3-file-newer-than-reader",
        )
    return Outcome(layer=msgspec.structs.replace(layer, config=config, calls=calls))


def _called(
    call: Call, added: dict[str, Any], settings: tuple[str, ...], config: dict[str, Any]
) -> Call:
    """Move arguments between the call and what the operation is made with."""
    kwargs = {**call.kwargs, **added}
    for key in [one for one in kwargs if one in settings]:
        config.setdefault(key, kwargs.pop(key))
    return Call(args=call.args, kwargs=kwargs)
