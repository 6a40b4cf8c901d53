"""Putting a data file in place: whole or not at all, the same bytes for the same records."""

import os
import tempfile
from collections.abc import Iterable
from typing import TypeVar

import msgspec

Record = TypeVar("Record", bound=msgspec.Struct)


def written_whole(path: str, content: bytes) -> bool:
    """Put a file in place by renaming a finished one; tell whether anything changed."""
    try:
        with open(path, "rb") as file:
            if file.read() == content:
                return False
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def lines(records: Iterable[bytes]) -> bytes:
    """Join JSON records, one a line, as the members of a list."""
    return b"[\n" + b",\n".join(records) + b"\n]"


def normal(record: Record) -> Record:
    """Give a record that is written with the same bytes as every equal one.

    What is left out as a default is told by identity, and an empty tuple that was made from a
    generator is another one on Python 3.9. In a record that was read back it is not.
    """
    return msgspec.json.decode(msgspec.json.encode(record), type=type(record))
