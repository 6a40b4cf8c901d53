"""Verdicts from the files alone: which libraries a package opens, and whether each would load."""

import csv
import glob
import hashlib
import os
import re
from typing import Optional

from tools.prove_linking.records import LibraryVerdict

from tfmac import formats
from tfmac.formats import linking, native
from tfmac.formats.distinfo import Metadata, normalise, parse_metadata
from tfmac.formats.elf import ElfImage
from tfmac.formats.reading import InvalidBinary
from tfmac.observe.installed_images import InstalledImages, main_image
from tfmac.schema.platform import Architecture

_RULES = ("elf*.py", "linking_elf*.py")
_LIBRARY = re.compile(r"\.so(\.\d+)*$")
_WORD = re.compile(r"[\w.+-]+")


def engine() -> str:
    """Name the rules by a hash of their sources: verdicts of other rules are made again."""
    total = hashlib.sha256()
    folder = next(iter(formats.__path__))
    for path in sorted(path for name in _RULES for path in glob.glob(os.path.join(folder, name))):
        with open(path, "rb") as file:
            total.update(file.read())
    return total.hexdigest()[:16]


class Release:
    """An unpacked release: its own files, by RECORD, and what it declares."""

    def __init__(self, folder: str, name: str, apart: tuple[str, ...] = ()) -> None:
        self._folder = folder
        information = self._information(name)
        with open(os.path.join(information, "METADATA"), "rb") as file:
            self.metadata: Metadata = parse_metadata(file.read())
        with open(os.path.join(information, "RECORD"), encoding="utf-8", newline="") as file:
            self.files = tuple(row[0] for row in csv.reader(file) if row)
        self.libraries = tuple(sorted(path for path in self.files if _LIBRARY.search(path)))
        words = self._words()
        self.named = frozenset(
            path
            for path in self.libraries
            if self._is_named(path, words) and not os.path.basename(path).startswith(apart or "\0")
        )

    def _information(self, name: str) -> str:
        for folder in glob.glob(os.path.join(self._folder, "*.dist-info")):
            if normalise(os.path.basename(folder).partition("-")[0]) == name:
                return folder
        raise LookupError(f"{self._folder} has no {name}")

    def _words(self) -> frozenset[str]:
        """Collect the words of all Python sources, and the parts of dotted ones."""
        words: set[str] = set()
        for path in self.files:
            if path.endswith(".py"):
                with open(os.path.join(self._folder, path), encoding="utf-8") as file:
                    found = _WORD.findall(file.read())
                words.update(found)
                words.update(part for word in found for part in word.split("."))
        return frozenset(words)

    def _is_named(self, path: str, words: frozenset[str]) -> bool:
        """Whether a source has the file's name, or that of the module which it defines."""
        name = os.path.basename(path)
        if name in words:
            return True
        module = name.partition(".")[0]
        if module not in words:
            return False
        with open(os.path.join(self._folder, path), "rb") as file:
            image = native.open_images(native.map_file(file))[0]
        return (
            isinstance(image, ElfImage) and image.export(b"PyInit_" + module.encode()) is not None
        )


class Judge:
    """Asks the loader's rules about libraries in the tree of one TensorFlow."""

    def __init__(self, tree: str) -> None:
        self._tree = tree
        self._main = main_image(tree)
        self._kept = InstalledImages(Architecture.X86_64)

    def verdicts(self, release: Release) -> tuple[LibraryVerdict, ...]:
        """Judge all libraries of a release that stands in the tree at the time."""
        images = _Images(os.path.join(self._tree, "tensorflow") + os.sep, self._kept)
        return tuple(
            self._verdict(path, images, named=path in release.named) for path in release.libraries
        )

    def _verdict(self, path: str, images: "_Images", *, named: bool) -> LibraryVerdict:
        place = os.path.join(self._tree, path)
        try:
            binding = linking.bind(extension=place, main=self._main, images=images)
        except (InvalidBinary, FileNotFoundError) as error:
            return LibraryVerdict(path=path, named=named, loads=None, message=str(error))
        message = linking.predicted_message(binding, place)
        if message is not None:
            message = message.replace(self._tree + os.sep, "")
        return LibraryVerdict(path=path, named=named, loads=binding.loads, message=message)


class _Images:
    """TensorFlow's files opened once, all others anew: they change from release to release."""

    def __init__(self, lasting: str, kept: InstalledImages) -> None:
        self._lasting = lasting
        self._kept = kept
        self._passing = InstalledImages(Architecture.X86_64)

    def find(self, path: str) -> Optional[native.Image]:
        """Open the image at a path."""
        return (self._kept if path.startswith(self._lasting) else self._passing).find(path)
