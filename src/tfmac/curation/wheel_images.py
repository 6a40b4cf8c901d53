"""The native libraries and sources of wheels, laid out as ``site-packages`` would have them."""

import os
import posixpath
import re
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Optional

from tfmac.curation.failures import PackageIndexError
from tfmac.formats import native
from tfmac.formats.native import ArchitectureNotFound
from tfmac.schema.platform import Architecture

TREE = "/site-packages"
LIBRARY_ENDINGS = (".so", ".dylib")

_DATA = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")  # installers put these in the tree, too
_MOST_TEXT = 4 * 1024 * 1024  # bytes of one source file or header
_MOST_UNPACKED = 4 * 1024 * 1024 * 1024  # bytes of one library


class WheelImages:
    """The libraries of one wheel, unpacked when they are first asked for.

    A library stays readable after the wheel was closed when it was opened before.
    """

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        self._archive = archive
        self._folder = folder
        self._members = {_DATA.sub("", name): name for name in archive.namelist()}
        self._opened: dict[str, Optional[native.Image]] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of all members in ``site-packages``, in order of the alphabet."""
        return tuple(sorted(path for path in self._members if not path.endswith("/")))

    @property
    def libraries(self) -> tuple[str, ...]:
        """The paths of the native libraries, by their names."""
        return tuple(path for path in self.paths if path.endswith(LIBRARY_ENDINGS))

    def find(self, path: str) -> Optional[native.Image]:
        """Open the library at a path below ``TREE``, or None when the wheel has none there."""
        inner = posixpath.relpath(path, TREE)
        if inner not in self._members:
            return None
        if inner not in self._opened:
            self._opened[inner] = self._open(self._members[inner])
        return self._opened[inner]

    def _open(self, member: str) -> Optional[native.Image]:
        if self._archive.getinfo(member).file_size > _MOST_UNPACKED:
            raise PackageIndexError(f"{member} unpacks to too much")
        handle, unpacked = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(handle, "w+b") as file:
                with self._archive.open(member) as packed:
                    for chunk in iter(lambda: packed.read(1 << 20), b""):
                        file.write(chunk)
                file.flush()
                buffer = native.map_file(file)
        finally:
            os.unlink(unpacked)  # the mapping stays
        try:
            return native.open_image(buffer, Architecture.ARM64)
        except ArchitectureNotFound:
            return None

    def text(self, path: str) -> Optional[str]:
        """Read a source file; None where there is none, or it is too large to be one."""
        member = self._members.get(path)
        if member is None or self._archive.getinfo(member).file_size > _MOST_TEXT:
            return None
        return self._archive.read(member).decode("utf-8", "replace")

    def opened(self) -> Iterator[str]:
        """Name the libraries that were opened so far, by their paths in ``site-packages``."""
        return (path for path, image in self._opened.items() if image is not None)

    def minimum_macos(self) -> Iterator[str]:
        """Tell what the libraries that were opened so far are built for."""
        for image in self._opened.values():
            minimum = getattr(image, "minimum_os", None)
            if minimum is not None:
                yield minimum


class Beside:
    """An extension's files beside a framework's; remembers which of the extension were found."""

    def __init__(self, framework: WheelImages, extension: WheelImages) -> None:
        self._framework = framework
        self._extension = extension
        self.own: dict[str, None] = {}
        """Paths of the extension's libraries that the loader opened, in that order."""

    def find(self, path: str) -> Optional[native.Image]:
        """Open a library of the framework, else of the extension."""
        found = self._framework.find(path)
        if found is not None:
            return found
        found = self._extension.find(path)
        if found is not None:
            self.own[posixpath.relpath(path, TREE)] = None
        return found
