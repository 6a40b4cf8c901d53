"""The files of a ``.dist-info`` folder: METADATA, WHEEL and RECORD.

Core metadata: the "Core metadata specifications" of the Python Packaging User Guide; RECORD and
WHEEL: "Binary distribution format" there. Nothing here touches a file system.
"""

import csv
import re
from collections.abc import Iterator
from typing import Optional

import msgspec

_NORMALISE = re.compile(r"[-_.]+")
_FIRST_PART = re.compile(r"^\"?([^/,\"\n]+)", re.MULTILINE)
NATIVE_SUFFIXES = (".so", ".dylib", ".pyd", ".dll")


class InvalidMetadata(ValueError):
    """A METADATA file that does not name a distribution and its version."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The headers of METADATA that say what a distribution is and needs."""

    name: str
    version: str
    requires: tuple[str, ...]
    requires_python: Optional[str]


def normalise(name: str) -> str:
    """Normalise a distribution name (PEP 503)."""
    return _NORMALISE.sub("-", name).lower()


def parse_metadata(data: bytes) -> Metadata:
    """Read METADATA or PKG-INFO.

    The description below the headers is not looked at, so its encoding does not matter. Raises
    ``InvalidMetadata`` when the headers are not UTF-8 or Name or Version is not there.
    """
    headers: dict[str, list[str]] = {}
    for line in _header_lines(data):
        key, colon, value = line.partition(":")
        if colon:
            headers.setdefault(key.strip().lower(), []).append(value.strip())
    name, version = headers.get("name"), headers.get("version")
    if not name or not version or not name[0] or not version[0]:
        raise InvalidMetadata("its headers have no Name or no Version")
    return Metadata(
        name=normalise(name[0]),
        version=version[0],
        requires=tuple(headers.get("requires-dist", ())),
        requires_python=headers.get("requires-python", [None])[0],
    )


def _header_lines(data: bytes) -> Iterator[str]:
    """Unfold the headers: a line that begins with white space continues the one before it."""
    head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidMetadata(f"its headers are not UTF-8 (byte {error.start})") from error
    pending = ""
    for line in text.splitlines():
        if line[:1] in {" ", "\t"}:
            pending += " " + line.strip()
            continue
        if pending:
            yield pending
        pending = line
    if pending:
        yield pending


def parse_wheel_tags(text: str) -> tuple[str, ...]:
    """Read the expanded tags of a WHEEL file."""
    return tuple(
        line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Tag:")
    )


def top_level_names(record: str) -> tuple[str, ...]:
    """Name everything that RECORD puts directly into site-packages, metadata folders left out."""
    names = set(_FIRST_PART.findall(record)) - {"..", "__pycache__"}
    return tuple(sorted(name for name in names if not name.endswith((".dist-info", ".egg-info"))))


def parse_record(record: str) -> Iterator[tuple[str, Optional[int]]]:
    """Yield path and size of each file that RECORD lists; the size is None where it has none.

    Paths are as written: relative to site-packages, with forward slashes. A line that is not
    three fields, or whose size is no number, counts as a file without a size.
    """
    if '"' in record:
        for row in csv.reader(record.splitlines()):
            if row:
                yield row[0], _size(row[-1]) if len(row) > 1 else None
        return
    for line in record.splitlines():
        rest, _, size = line.rpartition(",")
        path = rest.rpartition(",")[0] or rest
        if path:
            yield path, _size(size)


def _size(text: str) -> Optional[int]:
    return int(text) if text.isascii() and text.isdigit() else None


def is_native(path: str) -> bool:
    """Whether a file is native code by its name (``libx.so.2`` and ``libx.2.dylib`` included)."""
    return path.endswith(NATIVE_SUFFIXES) or ".so." in path.rpartition("/")[2]
