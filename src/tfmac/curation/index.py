"""Reading a package index: what a project publishes, and what its artifacts declare.

The address of the index comes from the user's own configuration of uv or pip, so that mirrors and
private indexes work; without one the library's default is used. METADATA is read the cheapest way
that the index offers: the sidecar file, the end of the wheel by range, or the whole artifact.
"""

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Callable
from typing import IO, Optional, Union

import requests
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

from tfmac.curation.failures import PackageIndexError, UndeclaredError
from tfmac.curation.metadata import (
    Artifact,
    Requirements,
    archive_metadata,
    parsed,
    wheel_metadata,
)
from tfmac.curation.ranges import TAIL, RangeReader
from tfmac.environments.pip_configuration import Surroundings, index_settings

CONNECTIONS = 32
"""How many may be open at once, for all threads together."""

_TIMEOUT = (15, 120)  # seconds to connect, and between two reads
_CHUNK = 1024 * 1024
_NAME_OF_INDEX = re.compile(r"^[\w.-]+=(?=\w+:)")  # uv allows NAME=ADDRESS
_ARCHIVES = (".tar.gz", ".tgz", ".tar.bz2", ".zip")


def configured_address() -> str:
    """Tell the address of the index: uv's, else pip's, else the library's default."""
    variables = {**index_settings(Surroundings.here()).variables, **os.environ}
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if address := variables.get(variable):
            return _NAME_OF_INDEX.sub("", address)
    return PYPI_SIMPLE_ENDPOINT


class Index:
    """A package index; may be used from several threads at once."""

    def __init__(self, address: Optional[str] = None, *, retries: int = 4) -> None:
        self._simple = PyPISimple(address or configured_address())
        retry = Retry(
            total=retries,
            backoff_factor=0.5,
            status_forcelist=(429, 500, 502, 503, 504),
            raise_on_status=False,
        )
        for scheme in ("https://", "http://"):
            adapter = HTTPAdapter(max_retries=retry, pool_maxsize=CONNECTIONS)
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
        """Write a whole artifact to a file and check its SHA-256, and its size where it is told."""
        expected = package.digests.get("sha256")
        if expected is None:
            raise PackageIndexError("the index gives no SHA-256")
        digest, received = hashlib.sha256(), 0
        try:
            with self._get(package.url, stream=True) as response:
                for chunk in response.iter_content(_CHUNK):
                    received += len(chunk)
                    if package.size is not None and received > package.size:
                        raise PackageIndexError(f"it is larger than its {package.size} bytes")
                    digest.update(chunk)
                    target.write(chunk)
        except requests.RequestException as error:
            raise PackageIndexError(_told(error)) from error
        if package.size not in {None, received}:
            raise PackageIndexError(f"it has {received} bytes instead of {package.size}")
        if digest.hexdigest() != expected:
            raise PackageIndexError("its SHA-256 is not the one that the index gives")

    def open(self, package: DistributionPackage) -> IO[bytes]:
        """Open an artifact for reading by ranges: only the pieces that are read are fetched.

        Its SHA-256 cannot be checked that way. Raises ``PackageIndexError``, also while reading.
        """
        reader = RangeReader(lambda first, last: self._span(package.url, first, last))
        if package.size is not None and reader.size != package.size:
            raise PackageIndexError(
                f"it has {reader.size} bytes, and the index lists it with {package.size}"
            )
        return io.BufferedReader(reader, TAIL)

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
        with self.open(package) as file:
            return wheel_metadata(file)

    def _whole_wheel(self, package: DistributionPackage) -> bytes:
        with tempfile.TemporaryFile() as file:
            self.download(package, file)
            return wheel_metadata(file)

    def _source_archive(self, package: DistributionPackage) -> bytes:
        if not package.filename.endswith(_ARCHIVES):
            raise PackageIndexError("is packed in a form that is not read")
        with tempfile.TemporaryFile() as file:
            self.download(package, file)
            file.seek(0)
            return archive_metadata(file, package.filename)

    def _span(self, url: str, first: int, last: int) -> tuple[bytes, int]:
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


def _tried(
    read: Callable[[DistributionPackage], bytes], package: DistributionPackage
) -> Union[Requirements, PackageIndexError]:
    artifact = Artifact(
        project=package.project or "",
        version=package.version or "",
        wheel=package.package_type == "wheel",
    )
    try:
        return parsed(read(package), artifact)
    except UndeclaredError:
        raise  # it was read, and there is no other way
    except PackageIndexError as problem:
        return problem


def _told(error: Exception) -> str:
    """Name a failure of the connection without the address that it was made to."""
    return f"the connection failed ({type(error).__name__})"
