"""Layers that the models of ``keras.applications`` are made of, and that Keras exports nowhere.

A file names them like somebody's own classes. Keras 3 has the same ones, and finds them by their
module.
"""

from typing import Optional

import msgspec

from tfmac.models.migration.network import Layer
from tfmac.models.migration.rules.base import Outcome, Scene

_EVERY_LAYER = frozenset({"name", "trainable", "dtype", "batch_input_shape", "batch_shape"})


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """A class, and how it is told from one of the same name."""

    module: str
    arguments: frozenset[str]
    name_ends: str = ""
    name_starts: tuple[str, ...] = ("",)


_KNOWN = {
    "LayerScale": _Known(
        module="keras.src.applications.convnext",
        arguments=frozenset({"init_values", "projection_dim"}),
        name_ends="_layer_scale",
    ),
    "CustomScaleLayer": _Known(
        module="keras.src.applications.inception_resnet_v2",
        arguments=frozenset({"scale"}),
        name_starts=("custom_scale_layer", "block"),
    ),
}
CLASSES = frozenset(_KNOWN)


def known(layer: Layer) -> bool:
    """Whether it is one of these layers: by its arguments, and its module or else its name."""
    found = _KNOWN.get(layer.class_name)
    if found is None or set(layer.config) - _EVERY_LAYER != found.arguments:
        return False
    if layer.module:
        return layer.module.startswith("keras.") and layer.module.endswith(
            found.module.rpartition("src.")[2]
        )
    return layer.name.endswith(found.name_ends) and layer.name.startswith(found.name_starts)


def in_its_module(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """It is found by its module, which is the same in every release of Keras 3."""
    if not known(layer):
        return None
    module = _KNOWN[layer.class_name].module
    statement = f"is the {layer.class_name} of {module.replace('.src', '')}"
    layer = msgspec.structs.replace(layer, module=module, registered_name=layer.class_name)
    return Outcome(layer=layer, statements=(statement,))
