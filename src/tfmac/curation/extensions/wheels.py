"""The wheels of extensions and frameworks, fetched once and opened when something asks for them."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import IO, NamedTuple, Optional

from pypi_simple import DistributionPackage

from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.package_imports import opened_libraries
from tfmac.curation.published import Published
from tfmac.curation.wheel_images import WheelImages
from tfmac.schema.abi import Library

UNREADABLE = (
    PackageIndexError,
    ValueError,
    LookupError,
    RuntimeError,
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a wheel raises: of the index, of the archive, of a library in it."""


class Extension(NamedTuple):
    """A wheel of an extension, and the libraries that the package opens."""

    archive: zipfile.ZipFile
    images: WheelImages
    libraries: tuple[Library, ...]


class Wheels:
    """Fetches wheels into a folder of its own, which goes with it."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._folder = tempfile.TemporaryDirectory(prefix="tfmac-abi-")
        self._extensions: dict[str, Extension] = {}
        self._ahead = ThreadPoolExecutor(1)
        self._coming: dict[str, Future[IO[bytes]]] = {}

    def close(self) -> None:
        """Remove what was fetched."""
        self._ahead.shutdown(cancel_futures=True)
        for coming in self._coming.values():
            if not coming.cancelled() and coming.exception() is None:
                coming.result().close()
        for extension in self._extensions.values():
            _close(extension.archive)
        self._folder.cleanup()

    def extension(self, package: DistributionPackage) -> Extension:
        """Open a wheel of an extension; it stays open until it is let go."""
        known = self._extensions.get(package.filename)
        if known is None:
            with ExitStack() as unless_read:
                archive = zipfile.ZipFile(unless_read.enter_context(self._fetch(package)))
                images = WheelImages(archive, self._folder.name)
                known = Extension(archive, images, opened_libraries(images))
                unless_read.pop_all()
            self._extensions[package.filename] = known
        return known

    def is_open(self, package: DistributionPackage) -> bool:
        """Whether a wheel of an extension was opened already."""
        return package.filename in self._extensions

    def forget(self, package: DistributionPackage) -> None:
        """Let go of a wheel of an extension."""
        known = self._extensions.pop(package.filename, None)
        if known is not None:
            _close(known.archive)

    def prepare(self, release: Optional[Published]) -> None:
        """Fetch the wheel of a framework that will be asked for next, meanwhile."""
        if release is not None and str(release) not in self._coming:
            self._coming[str(release)] = self._ahead.submit(self._fetch, release.wheels[0])

    @contextmanager
    def framework(self, release: Published) -> Iterator[WheelImages]:
        """Open the wheel of a framework; only what is asked for is unpacked."""
        self.prepare(release)
        with self._coming.pop(str(release)).result() as file, zipfile.ZipFile(file) as archive:
            yield WheelImages(archive, self._folder.name)

    def _fetch(self, package: DistributionPackage) -> IO[bytes]:
        """Download to a file without a name, which takes no space once it is closed."""
        with ExitStack() as unless_whole:
            file = unless_whole.enter_context(tempfile.TemporaryFile(dir=self._folder.name))
            self._index.download(package, file)
            file.seek(0)
            unless_whole.pop_all()
            return file


def _close(archive: zipfile.ZipFile) -> None:
    """Close an archive and the file that it was given, which it leaves open."""
    file = archive.fp
    archive.close()
    if file is not None:
        file.close()
