"""What an artifact declares: METADATA of a wheel, PKG-INFO of a source archive. Hostile input."""

import email.message
import email.parser
import email.policy
import tarfile
import zipfile
import zlib
from typing import IO, NamedTuple, Optional

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tfmac.curation.failures import PackageIndexError, UndeclaredError

_LIMIT = 16 * 1024 * 1024  # bytes of METADATA; the largest known ones have a twentieth of it


class Requirements(NamedTuple):
    """What one artifact declares about what it needs."""

    requires_python: Optional[str]
    requires: tuple[str, ...]


class Artifact(NamedTuple):
    """Which artifact is read: what it declares has to speak of the same release."""

    project: str
    version: str
    wheel: bool


def wheel_metadata(file: IO[bytes]) -> bytes:
    """Read METADATA out of a wheel, of which only that member and the list are read."""
    return _zip_member(file, ".dist-info/METADATA", "wheel")


def archive_metadata(file: IO[bytes], filename: str) -> bytes:
    """Read PKG-INFO out of a source archive; its name tells how it is packed."""
    if filename.endswith(".zip"):
        return _zip_member(file, "PKG-INFO", "source archive")
    return _tar_member(file, "PKG-INFO")


def _zip_member(file: IO[bytes], ending: str, kind: str) -> bytes:
    """Give the outermost member of a zip archive whose name ends so."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(ending)]
            names = [name for name in names if name.count("/") == 1]
            if not names:
                raise PackageIndexError(f"the {kind} has none")
            with archive.open(names[0]) as member:
                return _bounded(member, kind)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise PackageIndexError(f"the {kind} is damaged: {error}") from error


def _tar_member(file: IO[bytes], name: str) -> bytes:
    try:
        with tarfile.open(fileobj=file, mode="r:*") as archive:
            for member in archive:
                if member.isfile() and member.name.count("/") == 1 and member.name.endswith(name):
                    opened = archive.extractfile(member)
                    if opened is not None:
                        return _bounded(opened, "source archive")
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise PackageIndexError(f"the source archive is damaged: {error}") from error
    raise PackageIndexError("the source archive has none")


def _bounded(file: IO[bytes], kind: str) -> bytes:
    content = file.read(_LIMIT + 1)
    if len(content) > _LIMIT:
        raise PackageIndexError(f"the {kind} has a METADATA of more than {_LIMIT} bytes")
    return content


def parsed(content: bytes, artifact: Artifact) -> Requirements:
    """Read METADATA; refuse what is not that file of that release."""
    parser = email.parser.BytesHeaderParser(policy=email.policy.compat32)
    headers = parser.parsebytes(content)
    name, version = headers.get("Name"), headers.get("Version")
    if not name or not version:
        raise PackageIndexError("what came is not METADATA")
    try:
        same = Version(str(version)) == Version(artifact.version)
    except InvalidVersion as error:
        raise PackageIndexError(str(error)) from error
    if canonicalize_name(str(name)) != canonicalize_name(artifact.project) or not same:
        raise PackageIndexError(f"what came describes {name} {version}")
    requires = [" ".join(str(line).split()) for line in headers.get_all("Requires-Dist", ())]
    if not artifact.wheel and not requires and not _is_final(headers):
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
