"""What computes other numbers in other releases, though every one of them loads it."""

from collections.abc import Iterator, Sequence
from typing import Any, Optional

from packaging.version import Version

from tfmac.models.configuration import Named
from tfmac.models.versions import version_of
from tfmac.schema.model_content import Content, ModelFormat
from tfmac.schema.models import BehaviourChange, Writer

_CAUSE = "saved-behaviour-changed"
_MOST = 200
_KERAS_3 = Version("3.0")
_ACTIVATIONS = ("activation", "recurrent_activation")


def behaviour_changes(
    content: Content, named: Sequence[Named], writer: Writer
) -> tuple[BehaviourChange, ...]:
    """Give the layers whose outputs depend on who loads them."""
    generation = _generation(writer)
    found: list[BehaviourChange] = []
    for one in named:
        config = one.entry.get("config")
        if isinstance(config, dict):
            found += _hard_sigmoid(one, config, generation)
            found += _bilinear(one, config, writer)
            found += _normalization(one, config, content)
    return tuple(dict.fromkeys(found))[:_MOST]


def _generation(writer: Writer) -> Optional[int]:
    """Tell whether Keras 2 or 3 wrote a file."""
    stated = version_of(writer.keras) if writer.keras else None
    if stated is not None:
        return 3 if stated.major >= 3 else 2
    for part in (writer.proved or "").split(","):
        bound = version_of(part.lstrip("<>="))
        if bound is not None and part.startswith(">") and bound.major >= 3:
            return 3
        if bound is not None and part.startswith("<") and bound <= _KERAS_3:
            return 2
    return None


def _hard_sigmoid(
    one: Named, config: "dict[str, Any]", generation: Optional[int]
) -> Iterator[BehaviourChange]:
    if any(_is_hard_sigmoid(config.get(key)) for key in _ACTIVATIONS):
        other = {2: ">=3.0", 3: "<3.0", None: "the other of Keras 2 and 3"}[generation]
        yield BehaviourChange(
            cause=_CAUSE,
            layer=one.location,
            statement="hard_sigmoid has another formula in Keras 2 than in Keras 3",
            differs_in=other,
        )


def _is_hard_sigmoid(value: object) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == "function" and value.get("config") == "hard_sigmoid"
    return value == "hard_sigmoid"


def _bilinear(one: Named, config: "dict[str, Any]", writer: Writer) -> Iterator[BehaviourChange]:
    """Find what Keras before 2.4 enlarged: its layers state no type, tf.keras's do."""
    if one.class_name != "UpSampling2D" or config.get("interpolation") != "bilinear":
        return
    if "dtype" not in config and not (writer.keras or "").endswith("-tf"):
        yield BehaviourChange(
            cause=_CAUSE,
            layer=one.location,
            statement="bilinear enlargement takes other points than the Keras that wrote this",
            differs_in="tf.keras and every later Keras",
        )


def _normalization(
    one: Named, config: "dict[str, Any]", content: Content
) -> Iterator[BehaviourChange]:
    if (
        one.class_name == "Normalization"
        and config.get("mean") is None
        and content.format is ModelFormat.KERAS_HDF5
    ):
        yield BehaviourChange(
            cause=_CAUSE,
            layer=one.location,
            statement="its mean and variance are read from HDF5, and not put to use",
            differs_in="Keras 2.6 and 3.0 to 3.3, as measured",
        )
