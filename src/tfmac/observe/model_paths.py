"""Which paths are one model made of several files."""

import os
from typing import Optional

SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")
INDEX = ".index"
DATA = ".data-"


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
