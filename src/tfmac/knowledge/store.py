"""The data files of the knowledge, read when first asked for and kept for the process.

Paths are relative to ``data/`` and written with slashes. The shipped files answer; where a folder
was put before them (``use``), its files take the place of those of the same name.
"""

import functools
import os
from collections.abc import Hashable
from contextlib import suppress
from typing import Callable, Optional, TypeVar, cast

import msgspec

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., object])

SCHEMA_VERSION = 1
"""The version of the records that this program reads."""

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
"""The folder of the snapshot that is installed with the program."""

_folders: list[str] = [SHIPPED]
_forget: list[Callable[[], None]] = []


class KnowledgeError(Exception):
    """A data file that is missing, damaged or made for another version of this program."""


def remembered(function: Function) -> Function:
    """Keep the answers of a function as long as the same files are in use."""
    cached = functools.cache(function)
    _forget.append(cached.cache_clear)
    return cast(Function, cached)


def use(*folders: str) -> None:
    """Let the files of these folders, the first one first, take the place of the shipped ones.

    Without a folder the shipped files alone are in use again.
    """
    _folders[:] = [*folders, SHIPPED]
    for forget in _forget:
        forget()


def in_use() -> tuple[str, ...]:
    """Name the folders that answer, the first one first."""
    return tuple(_folders)


def load(path: str, kind: type[T]) -> T:
    """Read a data file; raise ``KnowledgeError`` when it is missing or damaged."""
    record = find(path, kind)
    if record is None:
        raise KnowledgeError(f"the knowledge file {path} is missing: install tfmac again")
    return record


def find(path: str, kind: type[T]) -> Optional[T]:
    """Read a data file, or give None when there is none of that name."""
    record = _read(path, cast(Hashable, kind), tuple(_folders))
    return record if isinstance(record, kind) else None


def find_shipped(path: str, kind: type[T]) -> Optional[T]:
    """Read a data file of the shipped snapshot, whatever else is in use."""
    record = _read(path, cast(Hashable, kind), (SHIPPED,))
    return record if isinstance(record, kind) else None


def names(folder: str) -> tuple[str, ...]:
    """Name the JSON files of a folder, without their ending, in alphabetical order."""
    found: set[str] = set()
    for root in _folders:
        with suppress(FileNotFoundError):
            found.update(os.listdir(os.path.join(root, folder)))
    return tuple(sorted(name[: -len(".json")] for name in found if name.endswith(".json")))


@remembered
def _read(path: str, kind: Hashable, folders: tuple[str, ...]) -> object:
    content = _content(path, folders)
    if content is None:
        return None
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


def _content(path: str, folders: tuple[str, ...]) -> Optional[bytes]:
    try:
        for root in folders:
            with suppress(FileNotFoundError), open(os.path.join(root, path), "rb") as file:
                return file.read()
    except OSError as error:
        raise KnowledgeError(f"the knowledge file {path} cannot be read: {error}") from error
    return None
