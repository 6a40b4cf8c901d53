"""An architecture alone, as ``to_json`` writes it: a class, its configuration, the writer."""

from typing import Optional

from tfmac.formats.json_text import read_json
from tfmac.schema.model_content import Content, ModelFormat

_SAYS = ("keras_version", "backend")


def read_architecture(text: bytes, *, path: str = "") -> Optional[Content]:
    """Read an architecture, also one that was packed into a text of JSON once more.

    None when it is another JSON. Raises ``InvalidJson``.
    """
    value = read_json(text)
    if isinstance(value, str):
        value = read_json(value)
    if not isinstance(value, dict) or not {"class_name", "config"} <= value.keys():
        return None
    return Content(
        path=path,
        format=ModelFormat.KERAS_JSON,
        bytes=len(text),
        stated={name: value[name] for name in _SAYS if isinstance(value.get(name), str)},
        configuration=value,
    )
