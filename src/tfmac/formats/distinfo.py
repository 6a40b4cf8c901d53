"""The files of a ``.dist-info`` folder: METADATA, WHEEL and RECORD.

Core metadata: the "Core metadata specifications" of the Python Packaging User Guide; RECORD and
WHEEL: "Binary distribution format" there. Nothing here touches a file system.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Optional

import msgspec

_NORMALISE = re.compile(r"[-_.]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_DIGITS_OF_A_SIZE = 20
_NATIVE_SUFFIXES = (".so", ".dylib", ".pyd", ".dll")


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
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidMetadata(f"its headers are not UTF-8 (byte {error.start})") from error
    pending = ""
    # Not splitlines: it also breaks at form feeds and at Unicode's own line separators.
    for line in _LINE_END.split(text):
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


def listed_paths(record: str) -> tuple[str, ...]:
    """List the files of a RECORD as it writes them: with forward slashes, from site-packages.

    A RECORD of TensorFlow has twenty thousand lines, so the common form, without quotes, is taken
    apart without the csv module.
    """
    if '"' in record:
        return tuple(row[0] for row in _quoted_rows(record))
    paths = (line.partition(",")[0] for line in _lines(record))
    return tuple(path for path in paths if path)


def native_sizes(record: str) -> dict[str, Optional[int]]:
    """Give the native files of a RECORD with their sizes; None where it states none."""
    if '"' in record:
        rows = _quoted_rows(record)
    else:
        rows = (line.split(",") for line in _lines(record) if _may_be_native(line))
    return {row[0]: _size(row[2]) if len(row) > 2 else None for row in rows if is_native(row[0])}


def _lines(record: str) -> list[str]:
    """Split at line ends only; splitlines also breaks at form feeds, which may stand in names."""
    return (record.replace("\r\n", "\n") if "\r" in record else record).split("\n")


def _may_be_native(line: str) -> bool:
    return ".so" in line or ".dylib" in line or ".pyd" in line or ".dll" in line


def _quoted_rows(record: str) -> Iterator[list[str]]:
    """Read a RECORD with quotes, up to where it is no longer a table."""
    try:
        for row in csv.reader(_lines(record)):
            if row and row[0]:
                yield row
    except csv.Error:
        return


def _size(text: str) -> Optional[int]:
    number = text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_A_SIZE
    return int(text) if number else None


def top_level_names(paths: Iterable[str]) -> tuple[str, ...]:
    """Name what lies directly in site-packages, metadata folders left out."""
    names = {path.partition("/")[0] for path in paths} - {"", "..", "__pycache__"}
    return tuple(sorted(name for name in names if not name.endswith((".dist-info", ".egg-info"))))


def is_native(path: str) -> bool:
    """Whether a file is native code by its name (``libx.so.2`` and ``libx.2.dylib`` included)."""
    if path.endswith(_NATIVE_SUFFIXES):
        return True
    return ".so." in path and ".so." in path.rpartition("/")[2]
