"""The vendor's own table of pairs, out of the description of a wheel. Hostile input."""

import re
from collections.abc import Iterator, Sequence
from typing import Optional

from packaging.version import InvalidVersion, Version

from tfmac.curation.wheel_images import WheelImages
from tfmac.schema.abi import VendorPair

_MOST_ROWS = 500
_RANGE = re.compile(r"(?:v|==)?\s*(\d+(?:\.\d+){0,3})(?:\s*-\s*v?(\d+(?:\.\d+){0,3}))?")


def vendor_pairs(text: str, extension: str, frameworks: Sequence[str]) -> tuple[VendorPair, ...]:
    """Read the rows of a Markdown table that has columns for an extension and its framework.

    Cells that are no versions or ranges of versions are left out.
    """
    columns: Optional[tuple[int, int]] = None
    found = []
    for cells in _rows(text):
        names = [cell.lower() for cell in cells]
        if extension in names and any(name in names for name in frameworks):
            framework = next(name for name in frameworks if name in names)
            columns = (names.index(extension), names.index(framework))
        elif columns is not None and len(cells) > max(columns):
            pair = _pair(cells[columns[0]], cells[columns[1]])
            if pair is not None:
                found.append(pair)
    return tuple(found)


def description(wheel: WheelImages) -> str:
    """Give METADATA with the description; empty where there is none."""
    paths = [path for path in wheel.paths if path.endswith(".dist-info/METADATA")]
    return (wheel.text(paths[0]) or "") if paths else ""


def _rows(text: str) -> Iterator[list[str]]:
    for number, line in enumerate(line for line in text.splitlines() if "|" in line):
        if number > _MOST_ROWS:
            return
        yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def _pair(extension: str, framework: str) -> Optional[VendorPair]:
    version, releases = _RANGE.fullmatch(extension), _RANGE.fullmatch(framework)
    if version is None or releases is None or version.group(2):
        return None
    first, last = releases.group(1), releases.group(2) or releases.group(1)
    try:
        if Version(first) > Version(last):
            return None
        return VendorPair(version=str(Version(version.group(1))), first=first, last=last)
    except InvalidVersion:
        return None
