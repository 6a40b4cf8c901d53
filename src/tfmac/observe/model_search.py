"""Finds the models in a folder: by their names first, by their first bytes where those say nothing.

Symbolic links are not followed, so that nothing outside the folder is read and nothing twice.
"""

import os
import re
from collections.abc import Iterator
from typing import Union

from tfmac.observe.model_paths import DATA, INDEX, SAVED_MODEL_FILES, checkpoint_prefix, is_archive

MOST_DEPTH = 16
MOST_ENTRIES = 200_000
_PASSED_OVER = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules"})
# A file of such a name is given to be read whatever is in it: what it really is will be said.
_SUFFIXES = (
    *(".h5", ".hdf5", ".he5", ".hdf", ".keras", ".pb", ".tflite", ".onnx"),
    *(".weights.json", ".pkl", ".pickle", ".joblib"),
)
_SHARD = re.compile(r"_\d{5,}\.weights\.h5$")
_MAGICS = (b"\x89HDF\r\n\x1a\n",)
_JSON = ".json"
_JSON_BEGINNING = 2048
_KERAS_KEYS = (b'"class_name"', b'\\"class_name\\"')
_TFLITE = b"TFL3"


class MoreThanSearched(Exception):
    """A folder with more in it than is searched; what was found before was given."""


def models_in(path: "Union[str, os.PathLike[str]]") -> Iterator[str]:
    """Give the models of a path in the order of their names: itself, or what lies in a folder.

    A SavedModel's folder is one model, and so is a checkpoint, given by its index. Raises
    ``FileNotFoundError`` when there is nothing of that name, ``MoreThanSearched`` at the end of
    the search when it was not finished.
    """
    path = os.fspath(path)
    if checkpoint_prefix(path) is not None:
        yield path
    elif os.path.isdir(path):
        yield from _Search().folder(path, MOST_DEPTH)
    elif os.path.exists(path):
        yield path
    else:
        raise FileNotFoundError(f"there is no {path}")


class _Search:
    def __init__(self) -> None:
        self._left = MOST_ENTRIES

    def folder(self, folder: str, depth: int) -> Iterator[str]:
        """Give the models of a folder, and then those of the folders in it."""
        entries = self._entries(folder)
        names = {entry.name for entry in entries}
        if names.intersection(SAVED_MODEL_FILES) or is_archive(names):
            yield folder
            return
        inner = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        files = (entry for entry in entries if entry.is_file(follow_symlinks=False))
        yield from (entry.path for entry in files if _is_model(entry, names))
        for entry in inner:
            if entry.name in _PASSED_OVER:
                continue
            if depth == 0:
                raise MoreThanSearched(f"{entry.path} lies too deep to be searched")
            yield from self.folder(entry.path, depth - 1)

    def _entries(self, folder: str) -> list["os.DirEntry[str]"]:
        found: list[os.DirEntry[str]] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._left -= 1
                    if self._left < 0:
                        raise MoreThanSearched(f"more than {MOST_ENTRIES} files in {folder}")
                    found.append(entry)
        except OSError:
            # A folder that may not be listed has no models for this user.
            return []
        return sorted(found, key=lambda entry: entry.name)


def _is_model(entry: "os.DirEntry[str]", names: set[str]) -> bool:
    name = entry.name
    if name.endswith(INDEX):
        prefix = name[: -len(INDEX)]
        return any(one.startswith(f"{prefix}{DATA}") for one in names)
    if DATA in name or name == "keras_metadata.pb" or _SHARD.search(name):
        return False
    lower = name.lower()
    return lower.endswith(_SUFFIXES) or _begins_as_model(entry.path, lower)


def _begins_as_model(path: str, name: str) -> bool:
    """Whether a file of another name begins as HDF5, TFLite or Keras's JSON."""
    try:
        with open(path, "rb", buffering=0) as file:
            beginning = file.read(_JSON_BEGINNING if name.endswith(_JSON) else 8)
    except OSError:
        return False
    if name.endswith(_JSON):
        return any(key in beginning for key in _KERAS_KEYS)
    return beginning.startswith(_MAGICS) or beginning[4:8] == _TFLITE
