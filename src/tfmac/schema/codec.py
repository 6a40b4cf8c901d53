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
    r"""Write a document as indented JSON with a stable order and a final newline.

    A byte of a file name that is no UTF-8 is written as ``\xe9``: JSON has no other form for it.
    """
    try:
        data = msgspec.json.encode(document)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_printable(msgspec.to_builtins(document)))
    return msgspec.json.format(data, indent=2).decode() + "\n"


def _printable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write out the undecodable bytes that Python keeps in file names (PEP 383)."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple)):
        return [_printable(one) for one in value]
    if isinstance(value, dict):
        return {_printable(key): _printable(one) for key, one in value.items()}
    return value


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
    except RecursionError as error:
        raise InvalidDocument(f"{name} is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{name} is not a {kind.__name__} document: {error}") from error


class _Versioned(msgspec.Struct):
    schema_version: int
