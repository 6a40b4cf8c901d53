"""Contents of model files: those of real releases, and single layers."""

import json
import os
from typing import Any, Optional

from packaging.version import Version

from tfmac.models.migration.translate import Translation, translate
from tfmac.schema.model_content import Content, ModelFormat

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "data", "migration", "configurations")
NEWEST = Version("3.15.1")
NAMES = sorted(one[: -len(".json")] for one in os.listdir(FOLDER))


def content(
    configuration: Any,
    keras: str = "2.9.0",
    *,
    training: Optional[Any] = None,
    format: ModelFormat = ModelFormat.KERAS_HDF5,  # noqa: A002 - the field is called so
) -> Content:
    """Make what is read of a file."""
    return Content(
        path="model.h5",
        format=format,
        bytes=1,
        stated={"keras_version": keras} if keras else {},
        configuration=configuration,
        training=training,
    )


def case(name: str) -> Content:
    """Read what a real release wrote (``tools/build_migration_cases.py``)."""
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as stream:
        found = json.load(stream)
    return content(found["configuration"], found["keras_version"], training=found["training"])


def sequential(*layers: Any, keras: str = "2.9.0", **more: Any) -> Content:
    """Make a Sequential of layers, with an input of four numbers."""
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "in"}}
    config = {"name": "model", "layers": [first, *layers]}
    return content({"class_name": "Sequential", "config": config}, keras, **more)


def layer(class_name: str, **config: Any) -> dict[str, Any]:
    """Make an entry of a layer as Keras 2 writes it."""
    return {"class_name": class_name, "config": {"name": "one", "trainable": True, **config}}


def architecture(given: Content) -> Any:
    """Give the configuration, whose layout the test knows."""
    return given.configuration


def translated(given: Content, keras: str = "3.15.1", **more: Any) -> Translation:
    """Translate for a release."""
    return translate(given, Version(keras), **more)


def config_of(translation: Translation, name: str = "one") -> dict[str, Any]:
    """Give the configuration of a layer that is directly in the model."""
    found = entry_of(translation, name)["config"]
    assert isinstance(found, dict)
    return found


def entry_of(translation: Translation, name: str = "one") -> dict[str, Any]:
    """Give what is written of a layer that is directly in the model."""
    layers = translation.configuration["config"]["layers"]
    found = next(one for one in layers if one.get("name", one["config"].get("name")) == name)
    assert isinstance(found, dict)
    return found


def rules_of(translation: Translation) -> set[str]:
    """Name the rules that say that they changed something."""
    return {one.rule for one in translation.changes}
