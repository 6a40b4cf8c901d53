"""What in a model file tells its writer: which keys stand beside which class, and its layout.

The same reading serves the tool that measures real files and the answer about one file, so that
both mean the same by a sign.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Optional

import msgspec

from tfmac.knowledge import keras_names
from tfmac.models.configuration import Json, Named, Part, model_of, named_in
from tfmac.schema.model_content import Content, ModelFormat

# Any layer may have these, or those releases that have them write them only where they are set.
_UNSURE_KEYS = frozenset(
    {"name", "trainable", "dtype", "batch_input_shape", "activity_regularizer", "backward_layer"}
)
# An optimizer's configuration has what was set, and an old one may be used in a newer release:
# only what some releases never had is a sign.
_OPTIMIZER_KEYS = frozenset(
    {"gradient_accumulation_steps", "loss_scale_factor", "is_legacy_optimizer"}
)
_MODULE_FAMILIES = (
    "keras.src.engine",
    "keras.src.models",
    "keras.src",
    "keras.engine",
    "keras.models",
    "tf_keras.src",
    "tf_keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "keras",
)
_MODEL_FORMATS = {
    ModelFormat.KERAS_HDF5: "hdf5",
    ModelFormat.KERAS_ARCHIVE: "archive",
    ModelFormat.KERAS_JSON: "json",
}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A class or a kind of place in a file: the keys of any of them, and those that all have."""

    some: frozenset[str]
    every: frozenset[str]
    location: str


def signs_of(content: Content) -> dict[str, Subject]:
    """Find the signs of a file: subjects such as ``Conv2D`` and ``archive layer``."""
    found: dict[str, Subject] = {}
    for subject, keys, location in _all(content):
        before = found.get(subject)
        found[subject] = Subject(
            some=keys | before.some if before else keys,
            every=keys & before.every if before else keys,
            location=before.location if before else location,
        )
    return found


def _all(content: Content) -> Iterator[tuple[str, frozenset[str], str]]:
    kind = _MODEL_FORMATS.get(content.format)
    model = model_of(content.configuration)
    if kind is not None and model is not None:
        yield f"{kind} model", frozenset(_model_keys(model)), ""
        yield from _layer_signs(kind, model)
    if isinstance(content.training, dict) and kind is not None:
        yield f"{kind} training", frozenset(map(str, content.training)), ""
    for named in (*named_in(content.configuration), *named_in(content.training)):
        keys = _class_keys(named)
        if keys is not None:
            yield _plain(named.class_name), keys, named.location
    if content.format in _WHOLE_MODELS:
        yield "whole model", frozenset({content.format.value}), ""
    if content.tensors and content.format in _LAYOUTS:
        layout = _LAYOUTS[content.format]
        yield f"weights {layout}", frozenset(_weights_keys(content)), ""
        yield "weights layout", frozenset({layout}), ""


_WHOLE_MODELS = {ModelFormat.KERAS_HDF5, ModelFormat.KERAS_ARCHIVE}
_LAYOUTS = {
    ModelFormat.KERAS_ARCHIVE: "by owners",
    ModelFormat.KERAS_WEIGHTS: "by owners",
    ModelFormat.KERAS_HDF5: "by layers",
    ModelFormat.KERAS_HDF5_WEIGHTS: "by layers",
}


def _model_keys(model: Part) -> Iterator[str]:
    yield from (str(key) for key in model.entry if key in _MODEL_ENTRY)
    if model.children and model.class_name in {"Model", "Functional"}:
        yield f"class={model.class_name}"
    if model.module and keras_names.is_keras_module(model.module):
        yield f"module={_family(model.module)}"
    yield from (f"config {key}" for key in model.config if key in _MODEL_CONFIG)


# What else stands there belongs to the one model.
_MODEL_ENTRY = frozenset({"module", "registered_name", "build_config", "compile_config"})
_MODEL_CONFIG = frozenset({"trainable", "build_input_shape"})


def _layer_signs(kind: str, model: Part) -> Iterator[tuple[str, frozenset[str], str]]:
    for part in model.walk():
        if part.location == "" or part.is_model or not keras_names.is_keras_name(part.class_name):
            continue
        subject = "input" if part.class_name == "InputLayer" else "layer"
        yield f"{kind} {subject}", frozenset(_layer_keys(part)), part.location


def _layer_keys(part: Part) -> Iterator[str]:
    yield from (str(key) for key in part.entry if key in _LAYER_ENTRY)
    dtype = _dtype_form(part.config)
    if dtype is not None:
        yield f"dtype={dtype}"
    inbound = part.entry.get("inbound_nodes")
    if isinstance(inbound, list) and inbound:
        yield f"inbound={_inbound_form(inbound[0])}"
    if part.module and keras_names.is_keras_module(part.module):
        yield f"module={_family(part.module)}"
    for key in ("batch_input_shape", "batch_shape"):
        if key in part.config:
            yield key


_LAYER_ENTRY = frozenset({"module", "registered_name", "build_config", "shared_object_id"})


def _dtype_form(config: Json) -> Optional[str]:
    dtype = config.get("dtype")
    if isinstance(dtype, dict):
        return str(dtype.get("class_name"))
    return "text" if isinstance(dtype, str) else None


def _inbound_form(first: object) -> str:
    if isinstance(first, dict):
        return "calls"
    return "lists"


def _family(module: str) -> str:
    for family in _MODULE_FAMILIES:
        if module == family or module.startswith(f"{family}."):
            return family
    return "tensorflow"


def _plain(class_name: str) -> str:
    """Take the package off that Keras 2.11 to 2.15 put before its own optimizers."""
    return class_name.removeprefix("Custom>")


def _class_keys(named: Named) -> Optional[frozenset[str]]:
    """Give the keys of the configuration of a class of Keras; None for another."""
    config: Any = named.entry.get("config")
    if not isinstance(config, dict) or named.key == "inbound_nodes" or "layers" in config:
        return None
    if named.class_name.startswith("__") or not keras_names.is_keras_name(_plain(named.class_name)):
        return None
    if named.module is not None and not keras_names.is_keras_module(named.module):
        return None
    keys = frozenset(str(key) for key in config)
    if keras_names.is_keras_member("optimizers", _plain(named.class_name)):
        return keys & _OPTIMIZER_KEYS
    return keys - _UNSURE_KEYS


def _weights_keys(content: Content) -> list[str]:
    keys = [f"top {one}" for one in content.entries if one in _TOPS]
    if _LAYOUTS[content.format] == "by owners":
        if any(one.name for one in content.groups):
            keys.append("names")
    elif any(one.name.endswith(":0") for one in content.tensors):
        keys.append("ends in :0")
    return keys


_TOPS = frozenset({"layers", "_layer_checkpoint_dependencies", "metrics"})


def keys_of(subjects: Mapping[str, Subject]) -> Iterator[tuple[str, str, str]]:
    """Give every sign that is there: subject, key, location."""
    for subject, found in subjects.items():
        for key in sorted(found.some):
            yield subject, key, found.location
