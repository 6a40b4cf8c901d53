"""Which paths are one model made of several files."""

import os
from collections.abc import Collection
from typing import Optional

SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")
INDEX = ".index"
DATA = ".data-"
_ARCHIVE = ("config.json", "metadata.json")
_ARCHIVE_WEIGHTS = ("model.weights.h5", "model.weights.json", "model.weights.npz")


def saved_model_folder(path: str) -> Optional[str]:
    """Give the folder of a SavedModel that is named by itself or by its main file, else None."""
    if os.path.isdir(path):
        inside = (os.path.join(path, name) for name in SAVED_MODEL_FILES)
        return path if any(os.path.isfile(one) for one in inside) else None
    named = os.path.basename(path) in SAVED_MODEL_FILES and os.path.isfile(path)
    return (os.path.dirname(path) or ".") if named else None


def checkpoint_prefix(path: str) -> Optional[str]:
    """Give the prefix of a checkpoint that is named by it or by one of its files, else None."""
    name = os.path.basename(path)
    for mark in (INDEX, DATA):
        start, found, _ = name.rpartition(mark)
        prefix = os.path.join(os.path.dirname(path), start)
        if found and start and os.path.isfile(f"{prefix}{INDEX}"):
            return prefix
    if name and not os.path.exists(path) and os.path.isfile(f"{path}{INDEX}"):
        return path
    return None


def is_archive(names: Collection[str]) -> bool:
    """Whether files of these names are what a ``.keras`` archive holds, not packed."""
    return all(one in names for one in _ARCHIVE) and any(one in names for one in _ARCHIVE_WEIGHTS)


def archive_folder(path: str) -> bool:
    """Whether a path is a folder that Keras wrote in place of an archive (``zipped=False``)."""
    wanted = (*_ARCHIVE, *_ARCHIVE_WEIGHTS)
    return os.path.isdir(path) and is_archive(
        [one for one in wanted if os.path.isfile(os.path.join(path, one))]
    )
