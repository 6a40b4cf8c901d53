"""Reading a package index: what a project publishes, and what its artifacts declare.

The address of the index comes from the user's own configuration of uv or pip, so that mirrors and
private indexes work; without one the library's default is used. METADATA is read the cheapest way
that the index offers: the sidecar file, the end of the wheel by range, or the whole artifact.
"""

import email.parser
import email.policy
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import IO, NamedTuple, Optional, Union

import requests
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from pypi_simple import (
    ACCEPT_JSON_ONLY,
    PYPI_SIMPLE_ENDPOINT,
    DistributionPackage,
    ProjectPage,
    PyPISimple,
    UnsupportedRepoVersionError,
)
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

WORKERS = 16
_TIMEOUT = (15, 120)  # seconds to connect, and between two reads
_TAIL = 64 * 1024  # first range: the end of most wheels with their METADATA
_CHUNK = 1024 * 1024
_NAME_OF_INDEX = re.compile(r"^[\w.-]+=(?=\w+:)")  # uv allows NAME=ADDRESS


class PackageIndexError(Exception):
    """The index did not give what was asked of it, with what it did instead."""


class UndeclaredError(PackageIndexError):
    """A source archive that does not tell its requirements: only building it would."""


class Requirements(NamedTuple):
    """What one artifact declares about what it needs."""

    requires_python: Optional[str]
    requires: tuple[str, ...]


def configured_address() -> str:
    """Tell the address of the index: uv's, else pip's, else the library's default."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if address := os.environ.get(variable):
            return _NAME_OF_INDEX.sub("", address)
    for pip in ([sys.executable, "-m", "pip"], ["pip"]):
        if shutil.which(pip[0]) is None:
            continue
        answer = subprocess.run(
            [*pip, "config", "get", "global.index-url"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return PYPI_SIMPLE_ENDPOINT


class Index:
    """A package index; may be used from several threads at once."""

    def __init__(self, address: Optional[str] = None, *, retries: int = 4) -> None:
        self._simple = PyPISimple(address or configured_address())
        retry = Retry(total=retries, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("https://", "http://"):
            adapter = HTTPAdapter(max_retries=retry, pool_maxsize=WORKERS)
            self._simple.s.mount(scheme, adapter)

    def close(self) -> None:
        """End the connections."""
        self._simple.s.close()

    def project(self, name: str) -> ProjectPage:
        """List all files of a project; sizes and dates need the JSON form of the listing."""
        url = self._simple.get_project_url(name)
        response = self._get(url, {"Accept": ACCEPT_JSON_ONLY})
        kind = response.headers.get("content-type", "nothing").partition(";")[0]
        if not kind.endswith("json"):
            raise PackageIndexError(f"the listing of {name} came as {kind}, not as JSON")
        try:
            return ProjectPage.from_response(response, name)
        except (ValueError, TypeError, KeyError, UnsupportedRepoVersionError) as error:
            raise PackageIndexError(f"the listing of {name} cannot be read: {error}") from error

    def requirements(self, package: DistributionPackage) -> Requirements:
        """Read what an artifact declares, trying the cheapest way first."""
        ways: tuple[tuple[str, Callable[[DistributionPackage], bytes]], ...]
        if package.package_type == "wheel":
            ways = (
                ("sidecar", self._sidecar),
                ("by range", self._wheel_by_range),
                ("whole wheel", self._whole_wheel),
            )
        else:
            ways = (("source archive", self._source_archive),)
        problems = []
        for way, read in ways:
            answer = _tried(read, package)
            if isinstance(answer, Requirements):
                return answer
            problems.append(f"{way}: {answer}")
        raise PackageIndexError(f"no METADATA in {package.filename} ({'; '.join(problems)})")

    def download(self, package: DistributionPackage, target: IO[bytes]) -> None:
        """Write a whole artifact to a file and check its SHA-256."""
        expected = package.digests.get("sha256")
        if expected is None:
            raise PackageIndexError("the index gives no SHA-256")
        digest = hashlib.sha256()
        try:
            with self._get(package.url, stream=True) as response:
                for chunk in response.iter_content(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
        except requests.RequestException as error:
            raise PackageIndexError(_told(error)) from error
        if digest.hexdigest() != expected:
            raise PackageIndexError("its SHA-256 is not the one that the index gives")

    def _get(
        self, url: str, headers: Optional[dict[str, str]] = None, *, stream: bool = False
    ) -> requests.Response:
        try:
            response = self._simple.s.get(url, headers=headers, stream=stream, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise PackageIndexError(_told(error)) from error
        if response.status_code not in {200, 206}:
            response.close()
            raise PackageIndexError(f"answered {response.status_code}")
        return response

    def _sidecar(self, package: DistributionPackage) -> bytes:
        content = self._get(package.metadata_url).content
        expected = (package.metadata_digests or {}).get("sha256")
        if expected is not None and hashlib.sha256(content).hexdigest() != expected:
            raise PackageIndexError("its SHA-256 is not the one that the index gives")
        return content

    def _wheel_by_range(self, package: DistributionPackage) -> bytes:
        return _wheel_metadata(io.BufferedReader(_RangeReader(self, package.url), _TAIL))

    def _whole_wheel(self, package: DistributionPackage) -> bytes:
        with tempfile.TemporaryFile() as file:
            self.download(package, file)
            return _wheel_metadata(file)

    def _source_archive(self, package: DistributionPackage) -> bytes:
        if not package.filename.endswith((".tar.gz", ".tgz", ".tar.bz2", ".zip")):
            raise PackageIndexError("is packed in a form that is not read")
        with tempfile.TemporaryFile() as file:
            self.download(package, file)
            file.seek(0)
            if package.filename.endswith(".zip"):
                return _zip_member(file, "PKG-INFO", "source archive")
            return _tar_member(file, "PKG-INFO")

    def span(self, url: str, first: int, last: int) -> tuple[bytes, int]:
        """Read bytes ``first`` to ``last`` of a file, and its full size.

        A negative ``first`` counts from the end and ignores ``last``.
        """
        wanted = f"bytes={first}" if first < 0 else f"bytes={first}-{last}"
        reply = self._get(url, {"Range": wanted, "Accept-Encoding": "identity"}, stream=True)
        with reply:
            if reply.status_code != requests.codes.partial_content:
                raise PackageIndexError("the index does not serve ranges")
            size = reply.headers.get("content-range", "").rpartition("/")[2]
            if not size.isdecimal():
                raise PackageIndexError("the index does not tell the size of the file")
            try:
                return reply.content, int(size)
            except requests.RequestException as error:
                raise PackageIndexError(_told(error)) from error


class _RangeReader(io.RawIOBase):
    """A remote file that is fetched in the pieces that are read from it."""

    def __init__(self, index: Index, url: str) -> None:
        self._index = index
        self._url = url
        self._tail, self._size = index.span(url, -_TAIL, 0)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        length = min(len(buffer), self._size - self._position)
        if length <= 0:
            return 0
        within = self._position - (self._size - len(self._tail))
        if within >= 0:
            content = self._tail[within : within + length]
        else:
            last = self._position + length - 1
            content, _ = self._index.span(self._url, self._position, last)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def _wheel_metadata(file: IO[bytes]) -> bytes:
    return _zip_member(file, ".dist-info/METADATA", "wheel")


def _zip_member(file: IO[bytes], ending: str, kind: str) -> bytes:
    """Give the outermost member of a zip archive whose name ends so."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(ending)]
            names = [name for name in names if name.count("/") == 1]
            if not names:
                raise PackageIndexError(f"the {kind} has none")
            return archive.read(names[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise PackageIndexError(f"the {kind} is damaged: {error}") from error


def _tar_member(file: IO[bytes], name: str) -> bytes:
    try:
        with tarfile.open(fileobj=file, mode="r:*") as archive:
            for member in archive:
                if member.isfile() and member.name.count("/") == 1 and member.name.endswith(name):
                    opened = archive.extractfile(member)
                    if opened is not None:
                        return opened.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise PackageIndexError(f"the source archive is damaged: {error}") from error
    raise PackageIndexError("the source archive has none")


def _tried(
    read: Callable[[DistributionPackage], bytes], package: DistributionPackage
) -> Union[Requirements, PackageIndexError]:
    try:
        return _parsed(read(package), package)
    except UndeclaredError:
        raise  # it was read, and there is no other way
    except PackageIndexError as problem:
        return problem


def _parsed(content: bytes, package: DistributionPackage) -> Requirements:
    """Read METADATA; refuse what is not that file of that release."""
    parser = email.parser.BytesHeaderParser(policy=email.policy.compat32)
    headers = parser.parsebytes(content)
    name, version = headers.get("Name"), headers.get("Version")
    if not name or not version:
        raise PackageIndexError("what came is not METADATA")
    try:
        same = Version(str(version)) == Version(package.version or "")
    except InvalidVersion as error:
        raise PackageIndexError(str(error)) from error
    if canonicalize_name(str(name)) != canonicalize_name(package.project or "") or not same:
        raise PackageIndexError(f"what came describes {name} {version}")
    requires = [" ".join(str(line).split()) for line in headers.get_all("Requires-Dist", ())]
    if package.package_type != "wheel" and not requires and not _is_final(headers):
        raise UndeclaredError("its source archive does not tell its requirements")
    requires_python = headers.get("Requires-Python")
    return Requirements(
        requires_python=str(requires_python).strip() if requires_python else None,
        requires=tuple(requires),
    )


def _is_final(headers: "email.message.Message[str, str]") -> bool:
    """Whether an absent field in PKG-INFO means absence: PEP 643, from Metadata-Version 2.2 on."""
    try:
        version = Version(str(headers.get("Metadata-Version", "1.0")))
    except InvalidVersion:
        return False
    dynamic = {str(field).strip().lower() for field in headers.get_all("Dynamic", ())}
    return version >= Version("2.2") and "requires-dist" not in dynamic


def _told(error: Exception) -> str:
    """Name a failure of the connection without the address that it was made to."""
    return f"the connection failed ({type(error).__name__})"


def written_whole(path: str, content: bytes) -> bool:
    """Put a file in place by renaming a finished one; tell whether anything changed."""
    try:
        with open(path, "rb") as file:
            if file.read() == content:
                return False
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def lines(records: Iterable[bytes]) -> bytes:
    """Join JSON records, one a line, as the members of a list."""
    return b"[\n" + b",\n".join(records) + b"\n]"
