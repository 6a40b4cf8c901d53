"""Which models are migrated, and where each goes: below one folder, in their own tree."""

import glob
import os
from collections.abc import Iterable, Iterator
from typing import Union

import msgspec

from tfmac.observe.model_search import models_in

PathLike = Union[str, "os.PathLike[str]"]
JOURNAL_FOLDER = ".tfmac-migration"
_SUFFIX = ".keras"
_DROPPED = (
    *(".weights.h5", ".h5", ".hdf5", ".he5", ".hdf", ".keras", ".json", ".index", ".savedmodel"),
)
_MOST_NAMED = 5


class ZooRefused(Exception):
    """The models cannot be migrated together; the message says what stands in the way."""


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """One model and its new file, both as absolute paths."""

    source: str
    output: str


def plan_zoo(patterns: Iterable[PathLike], out: PathLike) -> tuple[Planned, ...]:
    """Plan a zoo: each model once, in the order of the patterns.

    A pattern is a file, a folder, or has ``*``, ``**``, ``?``; the tree is kept from its first
    part with such a sign on. What lies below ``out`` is not taken. Raises ``FileNotFoundError``
    where there is nothing, ``ZooRefused`` where two models would get the same file, and
    ``MoreThanSearched`` where a folder is too large.
    """
    out = os.path.abspath(out)
    planned: dict[str, Planned] = {}
    given = [os.fspath(one) for one in patterns]
    for pattern in given:
        for found, base in _found(pattern):
            source = os.path.abspath(found)
            if not _inside(source, out):
                output = os.path.join(out, _new_name(os.path.relpath(source, base)))
                planned.setdefault(source, Planned(source=source, output=output))
    if not planned:
        raise FileNotFoundError(f"there is no model in {', '.join(given)}")
    _refuse_collisions(planned.values())
    return tuple(planned.values())


def _found(pattern: str) -> Iterator[tuple[str, str]]:
    """Give the models of a pattern, each with the folder that its place is told from."""
    if os.path.exists(pattern) or not glob.has_magic(pattern):
        base = pattern if os.path.isdir(pattern) else os.path.dirname(pattern)
        found = list(models_in(pattern))
        if found == [pattern]:
            base = os.path.dirname(os.path.normpath(pattern))
        yield from ((one, os.path.abspath(base)) for one in found)
        return
    base = _before_magic(pattern)
    for path in sorted(glob.glob(pattern, recursive=True)):
        if os.path.isfile(path) or _is_model_folder(path):
            yield from ((one, base) for one in models_in(path))


def _is_model_folder(path: str) -> bool:
    """Whether a folder is one model: one that only has models in it is matched for its files."""
    return list(models_in(path)) == [path]


def _before_magic(pattern: str) -> str:
    parts = pattern.split(os.sep)
    plain = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return os.path.abspath(os.sep.join(parts[:plain]) or (os.sep if pattern[:1] == os.sep else "."))


def _new_name(path: str) -> str:
    lower = path.lower()
    suffix = next((one for one in _DROPPED if lower.endswith(one)), "")
    return (path[: -len(suffix)] if suffix else path) + _SUFFIX


def _inside(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _refuse_collisions(planned: Iterable[Planned]) -> None:
    first: dict[str, str] = {}
    clashes: list[str] = []
    for one in planned:
        # A Mac's file system takes names for equal that differ in case only.
        other = first.setdefault(one.output.lower(), one.source)
        if other != one.source:
            clashes.append(f"{other} and {one.source}")
    if clashes:
        more = f" and {len(clashes) - _MOST_NAMED} more" if len(clashes) > _MOST_NAMED else ""
        raise ZooRefused(
            f"these would become the same file: {'; '.join(clashes[:_MOST_NAMED])}{more}; "
            "migrate them into different folders"
        )
