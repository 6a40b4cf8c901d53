"""Arguments of single layers that are called, counted or meant otherwise."""

from typing import Any, Optional

import msgspec

from tfmac.knowledge import keras_operations
from tfmac.models.migration.network import Layer
from tfmac.models.migration.rules.activations import OBJECTS_SINCE
from tfmac.models.migration.rules.base import Outcome, Scene, having, renamed, without

_OLD_ARGUMENTS = {
    "CategoryEncoding": {"max_tokens": "num_tokens"},
    "Discretization": {"bins": "bin_boundaries"},
    "IntegerLookup": {
        "max_values": "max_tokens",
        "num_oov_values": "num_oov_indices",
        "mask_value": "mask_token",
        "oov_value": "oov_token",
    },
}
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
_RESIZING = frozenset({"bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"})


def leaky_relu(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """``alpha`` of a LeakyReLU is ``negative_slope``."""
    made = renamed(layer, {"alpha": "negative_slope"})
    slope = _number(made.config.get("negative_slope"))
    # Keras 2 has 0.3 where nothing is said; so has Keras 3, but it is not left to it.
    made = having(made, negative_slope=0.3 if slope is None else slope)
    return Outcome(layer=made)


def numbers(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """What Keras 2 kept as an array of one number is the number."""
    found = {key: _number(value) for key, value in layer.config.items() if _is_array(value)}
    changed = {key: value for key, value in found.items() if value is not None}
    return Outcome(layer=having(layer, **changed)) if changed else None


def _is_array(value: object) -> bool:
    return isinstance(value, dict) and (
        value.get("class_name") in {"__numpy__", "__ndarray__"} or value.get("type") == "ndarray"
    )


def _number(value: object) -> Any:  # noqa: ANN401 - any number, or a list of numbers
    if isinstance(value, dict):
        config = value.get("config")
        value = config.get("value") if isinstance(config, dict) else value.get("value")
        while isinstance(value, list) and len(value) == 1:
            value = value[0]
    return value


def one_axis(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """The axis of a batch normalization is a number, not a list of one."""
    axis = layer.config.get("axis")
    if not isinstance(axis, list):
        return None
    if len(axis) == 1:
        return Outcome(layer=having(layer, axis=axis[0]))
    return Outcome(
        layer=layer,
        reason=f"Keras 3 normalizes batches along one axis, not along {axis}",
        needs="--custom module:BatchNormalization",
    )


def batch_defaults(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Renormalization of batches is of TensorFlow 1; without it its settings say nothing."""
    return Outcome(
        layer=without(layer, "fused", "virtual_batch_size", "adjustment")
        if not layer.config.get("virtual_batch_size")
        else layer
    )


def reset_after(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """A GRU of Keras before 2.1.3 resets before the product, and does not say so."""
    if "reset_after" in layer.config:
        return None
    return Outcome(
        layer=having(layer, reset_after=False),
        statements=("resets before the recurrent product, as its writer did without saying so",),
    )


def recurrent_defaults(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """The gates of a recurrent layer of Keras 2 are hard unless it says otherwise."""
    if "recurrent_activation" in layer.config:
        return None
    return Outcome(layer=having(layer, recurrent_activation="hard_sigmoid"))


def cudnn(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """A recurrent layer for NVIDIA's library is the plain one, with what that library computes."""
    name = layer.class_name[len("CuDNN") :]
    fixed: dict[str, Any] = {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
    }
    if name == "GRU":
        fixed["reset_after"] = True
    made = msgspec.structs.replace(having(layer, **fixed), class_name=name)
    return Outcome(
        layer=made,
        statements=(f"{layer.class_name} is {name}; its weights are put into that layer's order",),
    )


def time_major(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Time does not come before the batch in Keras 3."""
    if not layer.config.get("time_major"):
        return Outcome(layer=without(layer, "time_major"))
    return Outcome(
        layer=layer,
        reason="it takes time before the batch (time_major), which no layer of Keras 3 does",
        needs=f"--custom module:{layer.class_name}",
    )


def ragged(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Keras 3 has no ragged tensors."""
    if not layer.config.get("ragged"):
        return Outcome(layer=without(layer, "ragged"))
    return Outcome(layer=layer, reason="it gives ragged tensors, which Keras 3 has not")


def resizing(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Images are resized in fewer ways than TensorFlow knows."""
    way = layer.config.get("interpolation", "bilinear")
    if isinstance(way, str) and way in _RESIZING:
        return None
    return Outcome(layer=layer, reason=f"Keras 3 does not resize images by {str(way)[:40]}")


def attention_shapes(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """The shapes that attention was built for are kept beside its arguments."""
    return Outcome(layer=without(layer, "query_shape", "key_shape", "value_shape"))


def crop_in_training(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """From Keras 3.6 on, a random crop leaves images as they are outside training."""
    if scene.is_keras_3 and (scene.writer is None or scene.writer >= (3, 6)):
        return None
    return Outcome(
        layer=layer,
        reason="outside training it gave images of its size, and leaves them as they are since "
        "Keras 3.6",
        needs="--custom module:RandomCrop, or a Keras before 3.6",
        cause="saved-behaviour-changed",
    )


def thresholded(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """What is not above a threshold is nought: an operation that an activation may be."""
    theta = _number(layer.config.get("theta", 1.0))
    if scene.target.release < OBJECTS_SINCE:
        return Outcome(
            layer=layer,
            reason="Keras 3 has no ThresholdedReLU, and before 3.10 nothing that stands for it",
            needs="a Keras from 3.10 on",
            cause="saved-layer-class-removed",
        )
    found = keras_operations.form("nn.Threshold", scene.target.version)
    names = found.init if found is not None else ("threshold", "default_value")
    operation = {
        "module": "keras.src.ops.nn",
        "class_name": "Threshold",
        # What the two are called differs between releases; their order does not.
        "config": dict(zip(names, (theta, 0.0))),
        "registered_name": "Threshold",
    }
    made = having(without(layer, "theta"), activation=operation)
    return Outcome(
        layer=msgspec.structs.replace(made, class_name="Activation"),
        statements=(f"ThresholdedReLU is an Activation by the operation Threshold at {theta}",),
    )


def old_preprocessing(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """Preprocessing of TensorFlow 2.3 to 2.5 had other names for its arguments and modes."""
    names = _OLD_ARGUMENTS.get(layer.class_name, {})
    made = renamed(layer, names)
    mode = made.config.get("output_mode")
    if isinstance(mode, str) and mode in _OLD_MODES:
        made = having(made, output_mode=_OLD_MODES[mode])
    return Outcome(layer=made) if made != layer else None


def discretized(layer: Layer, _scene: Scene) -> Optional[Outcome]:
    """In a compiled function, Keras 3 gives a layer's input the layer's type before it sorts it."""
    if not str(layer.config.get("dtype", "int64")).startswith(("int", "uint")):
        return None
    return Outcome(
        layer=having(layer, dtype="float32"),
        statements=("is of type float32: Keras 3 would cut off what is behind the point",),
    )
