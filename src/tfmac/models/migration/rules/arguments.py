"""Arguments that the wanted release does not know: dropped where they say nothing."""

from typing import Any, Optional

from tfmac.models.migration.network import Layer
from tfmac.models.migration.operations.translators import TRANSLATED
from tfmac.models.migration.rules import applications
from tfmac.models.migration.rules.base import Outcome, Scene, without
from tfmac.models.migration.rules.classes import is_kerass_own
from tfmac.models.migration.writing import is_operation

# Arguments that change no number: how it is computed, what a shape was, what a form was called.
_SAYS_NOTHING = frozenset(
    {"implementation", "dynamic", "input_length", "query_shape", "key_shape", "value_shape"}
    | {"enable_caching_device", "num_constants", "use_cudnn", "flash_attention", "autocast"}
    | {"trainable", "experimental_autocast", "fused", "quantization_config", "batch_input_shape"}
    | {
        "has_static_table",
        "vocabulary_size",
        "has_input_vocabulary",
        "experimental_run_tf_function",
    }
    | {"native_serialization_platforms", "gptq_unpacked_column_size", "sparse", "value_range"}
)
# The value with which an argument says what happens without it.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "oov_method": ("floormod",),
    "data_format": ("channels_last",),
}
# What these do only happens where another argument, named here, is set.
_SERVES = {
    "renorm_momentum": "renorm",
    "renorm_clipping": "renorm",
    "fill_mode": "pad_to_aspect_ratio",
    "fill_value": "pad_to_aspect_ratio",
    "lora_alpha": "lora_rank",
    "seed": "dropout",
}
_CHECKED = frozenset({"sparse", "fused", "quantization_config"})


def accepted(layer: Layer, scene: Scene) -> Optional[Outcome]:
    """Every argument is one that the wanted release takes."""
    if layer.network is not None or not is_kerass_own(layer) or is_operation(layer):
        return None
    if layer.class_name in TRANSLATED or applications.known(layer):
        return None
    refused = [
        key for key in layer.config if not scene.target.accepts("layers", layer.class_name, key)
    ]
    if not refused:
        return None
    telling = [key for key in refused if not says_nothing(layer.config, key)]
    if not telling:
        return Outcome(layer=without(layer, *refused))
    release = ".".join(map(str, scene.target.release))
    values = ", ".join(f"{key}={str(layer.config[key])[:60]}" for key in telling)
    return Outcome(
        layer=layer,
        reason=f"Keras {release} has no argument for {values} of {layer.class_name}",
        needs=f"--custom module:{layer.class_name}",
        cause="saved-layer-argument-dropped",
    )


def says_nothing(config: Any, key: str) -> bool:  # noqa: ANN401 - a configuration
    """Whether an argument means the same as its absence."""
    value = config[key]
    if value is None or value is False or value in _NEUTRAL.get(key, ()):
        return True
    if key in _SERVES:
        return not config.get(_SERVES[key])
    if key.endswith("_initializer") or (key.startswith("kernel_") and _has_two_kernels(config)):
        return True
    return key in _SAYS_NOTHING and key not in _CHECKED


def _has_two_kernels(config: Any) -> bool:  # noqa: ANN401 - a configuration
    """Whether what is said of one kernel is said of none: there are two with other names."""
    return any(key.startswith("depthwise_") for key in config)
