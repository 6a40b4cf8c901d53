"""Plug-ins in an installed tree: the loader's rules applied to files below ``site-packages``."""

import errno
import os
import posixpath
from typing import Optional, Union

from tfmac.formats.linking import bind
from tfmac.formats.native import ArchitectureNotFound, Image, map_file, open_image
from tfmac.formats.reading import InvalidBinary
from tfmac.schema.binary import Binding
from tfmac.schema.platform import Architecture

Path = Union[str, "os.PathLike[str]"]

# What ``import tensorflow`` loads first. Since 2.20 the first is a small shell over the common
# library; trees that only have the latter are still understood.
_MAIN_IMAGES = (
    "tensorflow/python/_pywrap_tensorflow_internal.so",
    "tensorflow/python/lib_pywrap_tensorflow_common.dylib",
    "tensorflow/python/lib_pywrap_tensorflow_common.so",
)
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


class TensorFlowNotFound(LookupError):
    """A tree that does not hold TensorFlow's native library."""


class InstalledImages:
    """Images as files on this machine, mapped and each opened once, for one processor.

    A file without code for that processor counts as absent, as the loader passes it over.
    """

    def __init__(self, architecture: Architecture) -> None:
        self._architecture = architecture
        self._opened: dict[str, Optional[Image]] = {}

    def find(self, path: str) -> Optional[Image]:
        """Open the image at an absolute path; raise ``InvalidBinary`` with its path if damaged."""
        if path not in self._opened:
            self._opened[path] = self._find(path)
        return self._opened[path]

    def _find(self, path: str) -> Optional[Image]:
        try:
            return self.open(path)
        except ArchitectureNotFound:
            return None
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise

    def open(self, path: str) -> Image:
        """Open an image that has to be there: raise ``OSError`` or ``ArchitectureNotFound``."""
        with open(path, "rb") as stream:
            buffer = map_file(stream)
        try:
            return open_image(buffer, self._architecture)
        except InvalidBinary as error:
            error.path = path
            raise


def main_image(site_packages: Path) -> str:
    """Find the library that ``import tensorflow`` loads; raise ``TensorFlowNotFound``."""
    root = posixpath.normpath(os.path.abspath(site_packages))
    for name in _MAIN_IMAGES:
        path = posixpath.join(root, name)
        if os.path.isfile(path):
            return path
    raise TensorFlowNotFound(f"no tensorflow/python/_pywrap_tensorflow_internal.so in {root}")


def bind_plugin(plugin: Path, site_packages: Path, architecture: Architecture) -> Binding:
    """Compute whether TensorFlow of a tree can load a plug-in, reading only what is looked up.

    Raise ``TensorFlowNotFound`` when the tree has no TensorFlow, ``ArchitectureNotFound`` when
    the plug-in or TensorFlow has no code for the processor (both are ``LookupError``),
    ``InvalidBinary`` for a damaged file, ``MixedFormats`` for a plug-in of another system and
    ``OSError`` when the plug-in cannot be read.
    """
    path, main = os.path.abspath(plugin), main_image(site_packages)
    images = InstalledImages(architecture)
    for required in (path, main):
        images.open(required)
    return bind(extension=path, main=main, images=images)
