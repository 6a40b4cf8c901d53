"""What became of classes: other names, other modules, gone."""

from typing import Optional

import msgspec

from tfmac.knowledge import keras_names
from tfmac.models.loadability import classes as known_classes
from tfmac.models.migration.network import Layer
from tfmac.models.migration.operations.translators import TRANSLATED
from tfmac.models.migration.rules import applications
from tfmac.models.migration.rules.base import Outcome, Scene
from tfmac.models.migration.writing import is_operation

_LAYERS = "keras.layers"
_MODEL_MODULES = {"Functional": "keras.src.models.functional", "Sequential": "keras"}
# Names of the same class: those of TensorFlow 1's generations, and old aliases.
_OTHER_NAMES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "LSTMCellV2": "LSTMCell",
    "GRUCellV2": "GRUCell",
    "DenseV2": "Dense",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "SyncBatchNormalization": "BatchNormalization",
}


def model_class(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """Inner models are called what Keras 3 calls them."""
    if layer.network is None:
        return None
    name = model_name(layer.network.class_name, bool(layer.network.outputs))
    if name is None:
        return _supplied(layer, scene)
    network = msgspec.structs.replace(layer.network, class_name=name)
    registered = name if name == "Functional" else None
    return Outcome(
        layer=msgspec.structs.replace(
            layer,
            class_name=name,
            module=_MODEL_MODULES[name],
            registered_name=registered,
            network=network,
            build_config=None,
        )
    )


def model_name(class_name: str, has_ends: bool) -> Optional[str]:  # noqa: FBT001 - one fact
    """Give the class of Keras's own that a model has; None for somebody's own."""
    if class_name in {"Model", "Functional", "Container", "Network"} and has_ends:
        return "Functional"
    return "Sequential" if class_name == "Sequential" else None


def other_name(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """A class that had several names has the one that stayed."""
    name = _OTHER_NAMES.get(layer.class_name)
    if name is None:
        return None
    if layer.class_name == "SyncBatchNormalization":
        layer = msgspec.structs.replace(layer, config={**layer.config, "synchronized": True})
    return Outcome(layer=msgspec.structs.replace(layer, class_name=name))


def is_kerass_own(layer: Layer) -> bool:
    """Whether a class is one of Keras's: by its module, else by its name."""
    if layer.registered_name and ">" in layer.registered_name:
        return False
    if ">" in layer.class_name:
        return False
    if layer.module:
        return keras_names.is_keras_module(layer.module)
    return keras_names.is_keras_name(layer.class_name)


def kerass_name(name: str) -> bool:
    """Whether a bare name is that of one of Keras's classes."""
    return ">" not in name and keras_names.is_keras_name(name)


def custom(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """A class that is not Keras's own needs its code."""
    if layer.network is not None or is_kerass_own(layer):
        return None
    return _supplied(layer, scene)


def _supplied(layer: Layer, scene: Scene) -> Outcome:
    bare = layer.class_name.rpartition(">")[2]
    if bare in scene.custom or layer.class_name in scene.custom:
        return Outcome(
            layer=msgspec.structs.replace(
                layer,
                module=layer.module or "custom",
                class_name=bare,
                registered_name=layer.registered_name or layer.class_name,
            ),
            statements=(f"{layer.class_name} comes from the code that is supplied for it",),
        )
    return Outcome(
        layer=layer,
        reason=f"{layer.class_name} is not a class of Keras: its code is needed",
        needs=f"--custom module:{bare}",
        cause="custom-layer-unknown",
    )


def public_module(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """Layers stand in ``keras.layers``, whatever module their writer had them in."""
    if layer.network is not None or not is_kerass_own(layer) or is_operation(layer):
        return None
    if applications.known(layer):
        return None
    if layer.class_name in TRANSLATED:
        # What could not be expressed has been said where that was tried.
        return Outcome(layer=msgspec.structs.replace(layer, module=_LAYERS))
    if scene.target.has("layers", layer.class_name):
        return Outcome(layer=msgspec.structs.replace(layer, module=_LAYERS, registered_name=None))
    release = ".".join(map(str, scene.target.release))
    if known_classes.known(layer.class_name):
        reason = f"Keras {release} has no layer {layer.class_name}"
    else:
        reason = f"{layer.class_name} is not a layer of any Keras"
    return Outcome(
        layer=layer,
        reason=reason,
        needs=f"--custom module:{layer.class_name}",
        cause="saved-layer-class-removed",
    )
