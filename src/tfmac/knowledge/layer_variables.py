"""Questions to the variables of Keras's layers: which are there, and in which order."""

from collections.abc import Mapping
from typing import Any, Optional

from packaging.version import Version

from tfmac.knowledge import store
from tfmac.schema.layer_variables import GIVEN, ClassVariables, LayerVariable, LayerVariables

FILE = "layer_variables.json"
"""What the releases of Keras were seen to write."""

_MAJOR_3 = Version("3")


def variables_of(
    class_name: str, keras: Version, config: Mapping[str, Any]
) -> Optional[tuple[LayerVariable, ...]]:
    """Give the variables of a layer of Keras in the order of its ``weights``.

    A wrapper's are its own alone. None where the class was never measured in that generation.
    """
    record = _record(class_name, keras)
    if record is None:
        return None
    return tuple(one for one in record.variables if not _is_absent(one, config, record))


def _record(class_name: str, keras: Version) -> Optional[ClassVariables]:
    table = store.find(FILE, LayerVariables)
    records = table.classes.get(class_name, ()) if table else ()
    found: Optional[ClassVariables] = None
    for one in records:
        since = Version(one.since)
        if (since >= _MAJOR_3) is not (keras >= _MAJOR_3):
            continue
        # Before the oldest release that was measured, nothing better is known than that.
        if found is None or since <= keras:
            found = one
    return found


def _is_absent(variable: LayerVariable, config: Mapping[str, Any], record: ClassVariables) -> bool:
    return any(
        all(
            _same(config.get(name, record.defaults.get(name)), value)
            for name, value in entry.items()
        )
        for entry in variable.absent
    )


def _same(value: object, other: object) -> bool:
    """Compare as Python does, but for numbers that are no switches."""
    if other == GIVEN:
        return value is not None
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    return value == other
