"""Folders with unpacked wheels: one for each extension release, one TensorFlow at a time."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tools.prove_linking import plan

from tfmac.environments.uv import Uv
from tfmac.planner.undeclared import constraints_for

# TensorFlow's own requirement would stand in the way of the releases that are to be tried.
_GIVES_WAY = "tensorflow_io_gcs_filesystem"


class Trees:
    """What is unpacked below a work folder; nothing of it is needed by a later run."""

    def __init__(self, work: str, uv: Uv, interpreter: str) -> None:
        self._work = work
        self._uv = uv
        self.interpreter = interpreter

    @property
    def tree(self) -> str:
        """The folder of the TensorFlow that is unpacked at the time."""
        return os.path.join(self._work, "tree")

    def release(self, extension: plan.Extension, version: str) -> str:
        """Unpack an extension release, once."""
        folder = os.path.join(self._work, "releases", plan.requirement(extension, version))
        if not os.path.isdir(folder):
            names = (extension.name, *extension.beside)
            wanted = [f"{name}=={version}" for name in names]
            shutil.rmtree(f"{folder}.part", ignore_errors=True)
            self._install(f"{folder}.part", "--no-deps", "--compile-bytecode", *wanted)
            os.rename(f"{folder}.part", folder)
        return folder

    @contextmanager
    def tensorflow(self, wanted: plan.TensorFlow) -> Iterator[str]:
        """Unpack a TensorFlow with what it needs; it is removed afterwards."""
        self._clear()
        try:
            requirements = [f"{plan.DISTRIBUTION}=={wanted.version}", *plan.BESIDE_TENSORFLOW]
            constraints = os.path.join(self._work, "constraints.txt")
            with open(constraints, "w", encoding="utf-8") as file:
                file.write("\n".join(constraints_for(wanted.version)))
            self._install(self.tree, "--constraints", constraints, *requirements)
            self._install(self.tree, "--no-deps", *wanted.companions)
            shutil.rmtree(os.path.join(self.tree, _GIVES_WAY), ignore_errors=True)
            yield self.tree
        finally:
            self._clear()

    def _clear(self) -> None:
        for name in ("tree", "cache"):
            shutil.rmtree(os.path.join(self._work, name), ignore_errors=True)

    def _install(self, folder: str, *arguments: str) -> None:
        where = ("--target", folder, "--python", self.interpreter)
        cache = ("--cache-dir", os.path.join(self._work, "cache"))
        self._uv.run_on_index("unpack wheels", ["pip", "install", *cache, *where, *arguments])


@contextmanager
def beside(release: str, tree: str) -> Iterator[None]:
    """Put an unpacked release into a tree as if it had been installed there, by hard links.

    Links and not a search path, because a library looks for its neighbours by its own place.
    """
    made: list[str] = []
    try:
        for folder, _, files in os.walk(release):
            place = os.path.normpath(os.path.join(tree, os.path.relpath(folder, release)))
            if not os.path.isdir(place):
                os.mkdir(place)
                made.append(place)
            for name in files:
                _link(os.path.join(folder, name), os.path.join(place, name), made)
        yield
    finally:
        _remove(made)


def _link(source: str, target: str, made: list[str]) -> None:
    try:
        os.link(source, target)
    except FileExistsError:
        return  # such as a LICENSE at the top
    made.append(target)


def _remove(made: Sequence[str]) -> None:
    for path in reversed(made):
        if not os.path.isdir(path):
            os.unlink(path)
        else:
            shutil.rmtree(path)
