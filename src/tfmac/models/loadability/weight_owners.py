"""What weights alone tell of the layers that they belong to."""

import re
from collections.abc import Iterator
from typing import Optional

from tfmac.schema.model_content import Content, ModelFormat, WeightGroup

OLD_LAYOUT = "_layer_checkpoint_dependencies"
"""The group in which TensorFlow 2.12 to 2.14 keep the weights of the layers."""
LAYOUT = "layers"
"""The group in which all later ones do."""
_CONTAINERS = frozenset({LAYOUT, OLD_LAYOUT})
_INNER = frozenset({"functional", "sequential", "model", "layer", *_CONTAINERS})
_NUMBERED = re.compile(r"(?P<base>.+?)_\d+")
_HEADS = frozenset({"query", "key", "value", "attention_output"})
# The variables of layers that have no activation to choose.
_PLAIN_VARIABLES = frozenset(
    {"gamma", "beta", "moving_mean", "moving_variance", "embeddings", "mean", "variance", "count"}
)
# Keras's layers without an activation to choose; in files they are named after their classes.
_PLAIN_CLASSES = (
    *("InputLayer", "Input", "Embedding", "BatchNormalization", "LayerNormalization"),
    *("GroupNormalization", "UnitNormalization", "RMSNormalization", "Normalization", "Rescaling"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GaussianDropout", "GaussianNoise", "Flatten", "Reshape", "Permute", "RepeatVector"),
    *("Masking", "Concatenate", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"),
    *("Dot", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D"),
    *("AveragePooling2D", "AveragePooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"),
    *("GlobalMaxPooling3D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"),
    *("GlobalAveragePooling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D"),
    *("Cropping2D", "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D", "ReLU"),
    *("LeakyReLU", "ELU", "PReLU", "Softmax", "ThresholdedReLU", "MultiHeadAttention", "Attention"),
    *("AdditiveAttention", "Resizing", "CenterCrop", "RandomFlip", "RandomRotation", "RandomCrop"),
    *("RandomZoom", "RandomContrast", "CategoryEncoding", "Discretization", "StringLookup"),
    *("IntegerLookup", "TextVectorization", "Hashing", "ActivityRegularization"),
)


def snake(name: str) -> str:
    """Write the name of a class as Keras names objects after it: ``PReLU`` is ``p_re_lu``."""
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", apart).lower()


_PLAIN = frozenset(snake(one) for one in _PLAIN_CLASSES)


def base_of(name: str) -> str:
    """Leave the number out of ``dense_1``."""
    numbered = _NUMBERED.fullmatch(name)
    return numbered["base"] if numbered else name


def is_by_objects(content: Content) -> bool:
    """Whether weights are kept by the objects that own them, and not by layers in order."""
    return content.format is ModelFormat.KERAS_WEIGHTS


def written_generation(content: Content) -> Optional[int]:
    """Tell whether Keras 2 or 3 wrote weights; None where they have no sign of either.

    Only weights by layers state a version. Of the others, the later Keras 3 has names of layers,
    and Keras 2.12 to 2.14 have a layout of their own.
    """
    stated = content.stated.get("keras_version")
    if stated is not None:
        return 3 if stated.startswith("3.") else 2
    names = {*(one.name for one in content.tensors), *(one.name for one in content.groups)}
    if names - {""}:
        return 3
    parts = {part for tensor in content.tensors for part in tensor.path.split("/")}
    if OLD_LAYOUT in parts or "_query_dense" in parts:
        return 2
    return 3 if "query_dense" in parts else None


def with_choosable_activation(content: Content) -> tuple[str, ...]:
    """Name the layers that may have any activation, for all that the weights tell."""
    if is_by_objects(content):
        return tuple(dict.fromkeys(_objects(content)))
    shapes = {one.path for one in content.tensors}
    return tuple(group.layer for group in content.groups if not _is_plain(group, frozenset(shapes)))


def _objects(content: Content) -> Iterator[str]:
    owners = {group.layer: group.name for group in content.groups}
    owners.update({tensor.path.rpartition("/vars/")[0]: tensor.name for tensor in content.tensors})
    for owner, name in owners.items():
        parts = [base_of(one) for one in owner.split("/") if one]
        if parts and not all(one in _INNER for one in parts) and not _has_plain(parts):
            yield name or owner


def _has_plain(parts: list[str]) -> bool:
    return any(one in _PLAIN for one in parts)


def _is_plain(group: WeightGroup, known: frozenset[str]) -> bool:
    """Whether a layer of weights by layers can have no activation, by its variables or name."""
    names = [_plain(path.rpartition("/")[2]) for path in group.tensors if path in known]
    if not names:
        return base_of(group.layer) in _PLAIN
    within = {part for path in group.tensors for part in path.split("/")}
    return within >= _HEADS or all(one in _PLAIN_VARIABLES for one in names)


def _plain(variable: str) -> str:
    return base_of(variable.partition(":")[0])


def recurrent_gates(content: Content) -> frozenset[int]:
    """Tell the gates of the recurrent layers: 4 of an LSTM, 3 of a GRU; by weights by layers."""
    shapes = {one.path: one.shape for one in content.tensors}
    found = set()
    for group in content.groups:
        for path in group.tensors:
            shape = shapes.get(path, ())
            is_inner = _plain(path.rpartition("/")[2]) == "recurrent_kernel"
            if is_inner and len(shape) == 2 and shape[0] and shape[1] % shape[0] == 0:
                found.add(shape[1] // shape[0])
    return frozenset(found)
