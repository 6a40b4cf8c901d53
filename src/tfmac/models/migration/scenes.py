"""Who wrote a model, and for whom it is written anew."""

from collections.abc import Mapping, Sequence
from typing import Optional

from packaging.version import Version

from tfmac.models.migration.rules.base import Scene
from tfmac.models.migration.targets import Release, target_of
from tfmac.models.versions import version_of
from tfmac.schema.model_content import Content, ModelFormat


def scene_of(content: Content, keras: Version, custom: Sequence[str]) -> Scene:
    """Gather what rules may look at."""
    stated = _stated(content)
    return Scene(
        target=target_of(keras),
        is_keras_3=stated[0] >= 3 if stated is not None else _looks_like_keras_3(content),
        writer=stated,
        old_bilinear=_enlarged_as_tensorflow_1(content),
        is_hdf5=content.format is ModelFormat.KERAS_HDF5,
        custom=frozenset(one.rpartition(":")[2] for one in custom),
    )


def _stated(content: Content) -> Optional[Release]:
    version = version_of(content.stated.get("keras_version", ""))
    return None if version is None else (version.major, version.minor)


def _looks_like_keras_3(content: Content) -> bool:
    """Tell from the form: Keras 2 states its version in JSON, and a SavedModel's JSON is its."""
    if content.format is ModelFormat.SAVED_MODEL:
        return False
    return isinstance(content.configuration, Mapping) and "module" in content.configuration


def _enlarged_as_tensorflow_1(content: Content) -> bool:
    """Whether the writer is the Keras before 2.4 that was no part of TensorFlow."""
    stated = content.stated.get("keras_version", "")
    version = version_of(stated)
    return version is not None and version < Version("2.4") and "-tf" not in stated
