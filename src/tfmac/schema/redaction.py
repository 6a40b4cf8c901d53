"""Takes private things out of a document that is to be shared: user names, homes, credentials."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

_HOME = re.compile(r"(/Users/|/home/|[A-Za-z]:\\Users\\)(?!Shared\b)[^/\\\s:'\",]+")
_ROOT_HOME = re.compile(r"(?<![\w.~-])/root(?![\w.-])")
# A password may hold an unescaped @: the host begins after the last one.
_CREDENTIALS = re.compile(r"\b(\w+://)[^/\s]+@")


def redact(document: T, *, home: str = "") -> T:
    """Copy a document with every text in it redacted.

    ``home`` is the user's own home folder where it is known: a name in it may hold spaces, which
    no pattern tells from the text around a path.
    """
    kind = type(document)
    return msgspec.convert(_walk(msgspec.to_builtins(document), home), kind)


def _walk(value: Any, home: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return redact_text(value, home=home)
    if isinstance(value, (list, tuple)):
        return [_walk(one, home) for one in value]
    if isinstance(value, dict):
        return {key: _walk(one, home) for key, one in value.items()}
    return value


def redact_text(text: str, *, home: str = "") -> str:
    """Replace home folders by ``~`` and credentials in addresses by ``***``."""
    if len(home) > 1:
        text = text.replace(home, "~")
    text = _HOME.sub("~", text)
    text = _ROOT_HOME.sub("~", text)
    return _CREDENTIALS.sub(r"\1***@", text)
