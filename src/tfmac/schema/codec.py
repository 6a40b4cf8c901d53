"""Reading and writing the frozen types as JSON.

``SCHEMA_VERSION`` counts incompatible changes of any document; a reader refuses a later one.
"""

from typing import Any, TypeVar

import msgspec

SCHEMA_VERSION = 1

T = TypeVar("T")


class InvalidDocument(ValueError):
    """A JSON document that is not what it was given as, with the path to the bad key."""


def to_json(document: Any) -> str:  # noqa: ANN401 - any of the frozen types
    """Write a document as indented JSON with a stable order and a final newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def from_json(data: bytes, kind: type[T], *, name: str) -> T:
    """Read a document of one type.

    ``name`` is what the user called it, for the message. Raises ``InvalidDocument``.
    """
    try:
        version = msgspec.json.decode(data, type=_Versioned).schema_version
        if version > SCHEMA_VERSION:
            raise InvalidDocument(
                f"{name} has schema_version {version}; this tfmac reads up to {SCHEMA_VERSION}: "
                "a newer tfmac wrote it"
            )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{name} is not a {kind.__name__} document: {error}") from error


class _Versioned(msgspec.Struct):
    schema_version: int
