"""Which variable of the old model each stored array of a file is, whatever its format."""

from collections.abc import Mapping
from typing import Optional

from packaging.version import InvalidVersion, Version

from tfmac.models.migration.variables.legacy_groups import read_groups
from tfmac.models.migration.variables.owners import owners_of
from tfmac.models.migration.variables.stored import StoredVariables, Unowned
from tfmac.models.migration.variables.stored_objects import read_objects
from tfmac.models.migration.variables.tracked_objects import read_tracked
from tfmac.schema.model_content import Content, ModelFormat

_MAJOR_2, _MAJOR_3 = Version("2"), Version("3")


def source_variables(
    content: Content, configuration: object, stated: Optional[Mapping[str, str]] = None
) -> StoredVariables:
    """Sort out the arrays of a file by the configuration that belongs to it.

    ``stated`` is what the file with the architecture says, where that is another one.
    """
    keras = writer_of(content, configuration, stated or {})
    model = owners_of(configuration, keras)
    if model is None:
        return StoredVariables(
            unowned=(
                Unowned(location="", class_name="", reason="there is no architecture to place by"),
            )
        )
    if content.format in {ModelFormat.SAVED_MODEL, ModelFormat.CHECKPOINT}:
        return read_tracked(content, model)
    if content.format in {ModelFormat.KERAS_ARCHIVE, ModelFormat.KERAS_WEIGHTS}:
        return read_objects(content, model, keras)
    return read_groups(content, model, keras)


def writer_of(content: Content, configuration: object, stated: Mapping[str, str]) -> Version:
    """Tell the generation of the writer, as far as the order of variables depends on it."""
    for found in (content.stated, stated):
        version = _version(found.get("keras_version"))
        if version is not None:
            return version
    # Only Keras 3 writes where a class comes from, and the types of what goes in.
    return Version("3.0.0") if _has_build_config(configuration) else Version("2.15.0")


def _version(text: Optional[str]) -> Optional[Version]:
    if text is None:
        return None
    try:
        return Version(text.partition("-")[0])
    except InvalidVersion:
        return None


def _has_build_config(configuration: object) -> bool:
    waiting, left = [configuration], 100_000
    while waiting and left:
        left -= 1
        one = waiting.pop()
        if isinstance(one, dict):
            module = one.get("module")
            # tf_keras and Keras 2.13 to 2.15 have modules too, of public names only.
            if isinstance(module, str) and module.startswith("keras.src.models"):
                return True
            if one.get("class_name") == "DTypePolicy":
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False
