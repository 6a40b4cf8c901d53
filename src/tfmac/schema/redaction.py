"""Takes private things out of a document that is to be shared: user names, homes, credentials."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

_HOME = re.compile(r"(/Users/|/home/|[A-Za-z]:\\Users\\)(?!Shared\b)[^/\\\s:'\",]+")
_ROOT_HOME = re.compile(r"/root(?=/|\b)")
_CREDENTIALS = re.compile(r"(\w+://)[^/\s@]+@")


def redact(document: T) -> T:
    """Copy a document with every text in it redacted."""
    kind = type(document)
    return msgspec.convert(_walk(msgspec.to_builtins(document)), kind)


def _walk(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, (list, tuple)):
        return [_walk(one) for one in value]
    if isinstance(value, dict):
        return {key: _walk(one) for key, one in value.items()}
    return value


def redact_text(text: str) -> str:
    """Replace home folders by ``~`` and credentials in addresses by ``***``."""
    text = _HOME.sub("~", text)
    text = _ROOT_HOME.sub("~", text)
    return _CREDENTIALS.sub(r"\1***@", text)
