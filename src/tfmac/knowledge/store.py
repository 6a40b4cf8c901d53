"""The data files of the knowledge, read when first asked for and kept for the process.

Paths are relative to ``data/`` and written with slashes.
"""

import functools
import os
from collections.abc import Hashable
from typing import Optional, TypeVar, cast

import msgspec

T = TypeVar("T")

SCHEMA_VERSION = 1
"""The version of the records that this program reads."""

_DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


class KnowledgeError(Exception):
    """A data file that is missing, damaged or made for another version of this program."""


def load(path: str, kind: type[T]) -> T:
    """Read a data file; raise ``KnowledgeError`` when it is missing or damaged."""
    record = find(path, kind)
    if record is None:
        raise KnowledgeError(f"the knowledge file {path} is missing: install tfmac again")
    return record


def find(path: str, kind: type[T]) -> Optional[T]:
    """Read a data file, or give None when there is none of that name."""
    record = _read(path, cast(Hashable, kind))
    return record if isinstance(record, kind) else None


def names(folder: str) -> tuple[str, ...]:
    """Name the JSON files of a folder, without their ending, in alphabetical order."""
    try:
        files = os.listdir(os.path.join(_DATA, *folder.split("/")))
    except FileNotFoundError:
        return ()
    return tuple(sorted(name[: -len(".json")] for name in files if name.endswith(".json")))


@functools.cache
def _read(path: str, kind: Hashable) -> object:
    try:
        with open(os.path.join(_DATA, *path.split("/")), "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KnowledgeError(f"the knowledge file {path} cannot be read: {error}") from error
    try:
        record: object = msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"the knowledge file {path} is damaged: {error}") from error
    version = getattr(record, "schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise KnowledgeError(
            f"the knowledge file {path} has schema version {version}, "
            f"this program reads {SCHEMA_VERSION}"
        )
    return record
