"""Every installed distribution, from the dist-info folders alone."""

import os
from collections.abc import Iterator
from typing import Optional, Union

import msgspec

from tfmac.formats.distinfo import (
    InvalidMetadata,
    listed_paths,
    parse_metadata,
    parse_wheel_tags,
    top_level_names,
)
from tfmac.schema.facts import DamagedMetadata, Distribution


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution with its RECORD, which is too long to be a fact.

    ``record`` is its text and ``files`` the paths in it; None and empty where there is none.
    """

    distribution: Distribution
    record: Optional[str]
    files: tuple[str, ...]


def read_distributions(
    site_packages: tuple[str, ...], *, records: bool = True
) -> tuple[tuple[Installed, ...], tuple[DamagedMetadata, ...]]:
    """Read all folders; the first one wins where two hold the same distribution.

    Without ``records`` no RECORD is read, which is most of the time that this takes: what a
    distribution provides is then not known.

    Two dist-info folders for one name in the same folder are reported as damage: which of them is
    really there cannot be told from their names.
    """
    installed: dict[str, Installed] = {}
    damaged: list[DamagedMetadata] = []
    for folder in site_packages:
        here: dict[str, Installed] = {}
        for entry in _read_folder(folder, records=records):
            if isinstance(entry, DamagedMetadata):
                damaged.append(entry)
            elif entry.distribution.name in here:
                damaged.append(_twice(folder, here[entry.distribution.name], entry))
            else:
                here[entry.distribution.name] = entry
        for name, entry in here.items():
            installed.setdefault(name, entry)
    ordered = sorted(installed.values(), key=lambda entry: entry.distribution.name)
    return tuple(ordered), tuple(damaged)


def _twice(folder: str, first: Installed, second: Installed) -> DamagedMetadata:
    name = first.distribution.name
    versions = f"{first.distribution.version} and {second.distribution.version}"
    return DamagedMetadata(
        path=os.path.join(folder, name), reason=f"two dist-info folders for {name}: {versions}"
    )


def _read_folder(folder: str, *, records: bool) -> Iterator[Union[Installed, DamagedMetadata]]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield DamagedMetadata(path=folder, reason=f"cannot be listed: {error.strerror}")
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith("~"):
            yield DamagedMetadata(path=path, reason="what an interrupted pip leaves behind")
        elif name.endswith(".dist-info"):
            yield _read_dist_info(folder, path, "METADATA", records=records)
        elif name.endswith(".egg-info"):
            metadata = "PKG-INFO" if os.path.isdir(path) else ""
            yield _read_dist_info(folder, path, metadata, records=records)


def _read_dist_info(
    folder: str, path: str, metadata: str, *, records: bool
) -> Union[Installed, DamagedMetadata]:
    try:
        parsed = parse_metadata(_read(os.path.join(path, metadata) if metadata else path))
    except FileNotFoundError:
        reason = f"it has no {metadata}" if metadata else "it leads nowhere"
        return DamagedMetadata(path=path, reason=reason)
    except (OSError, InvalidMetadata) as error:
        return DamagedMetadata(path=path, reason=f"{metadata or 'it'} cannot be read: {error}")
    record = _optional(path, "RECORD") if records else None
    files = () if record is None else listed_paths(record)
    return Installed(
        distribution=Distribution(
            name=parsed.name,
            version=parsed.version,
            location=folder,
            requires=parsed.requires,
            requires_python=parsed.requires_python,
            installer=(_optional(path, "INSTALLER") or "").strip() or None,
            tags=parse_wheel_tags(_optional(path, "WHEEL") or ""),
            provides=_provides(path, None if record is None else files),
        ),
        record=record,
        files=files,
    )


def _provides(path: str, files: Optional[tuple[str, ...]]) -> Optional[tuple[str, ...]]:
    """Take the top-level names from RECORD, or else from ``top_level.txt``."""
    if files is not None:
        return top_level_names(files)
    names = _optional(path, "top_level.txt")
    return None if names is None else tuple(sorted(names.split()))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _optional(folder: str, name: str) -> Optional[str]:
    try:
        return _read(os.path.join(folder, name)).decode("utf-8", "surrogateescape")
    except OSError:
        return None
