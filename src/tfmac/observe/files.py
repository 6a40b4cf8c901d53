"""The disk compared with what RECORD lists: missing, altered and doubly owned files."""

import os
from collections import defaultdict
from collections.abc import Iterable
from typing import Optional

from tfmac.formats.distinfo import is_native, parse_record
from tfmac.observe.distributions import Installed
from tfmac.schema.facts import FileComparison, MissingFiles, SharedFiles

_EXAMPLES = 5
# Byte code comes and goes; the metadata folder's own files are rewritten by installers.
_IGNORED_SUFFIXES = (".pyc", ".dist-info/RECORD", ".dist-info/INSTALLER", ".dist-info/REQUESTED")


def compare_files(installed: Iterable[Installed]) -> FileComparison:
    """Compare existence and size of every listed file; contents are not read.

    A size that differs counts only for files that one distribution owns, and not for conda's,
    which rewrites paths inside files while it links them.
    """
    entries = [entry for entry in installed if entry.record is not None]
    listed = {id(entry): _listed(entry.record or "") for entry in entries}
    shared, twice = _shared(entries, listed)
    missing = [_missing(entry, listed[id(entry)], twice) for entry in entries]
    return FileComparison(
        compared=sum(len(files) for files in listed.values()),
        missing=tuple(found for found in missing if found is not None),
        shared=shared,
    )


def _listed(record: str) -> list[tuple[str, Optional[int]]]:
    rows = parse_record(record)
    return [(path, size) for path, size in rows if not path.endswith(_IGNORED_SUFFIXES)]


def _shared(
    entries: list[Installed], listed: dict[int, list[tuple[str, Optional[int]]]]
) -> tuple[tuple[SharedFiles, ...], set[str]]:
    """Find the files with two owners, grouped by who owns them.

    Scripts and other files outside site-packages are left out: two may offer the same command.
    """
    owner: dict[str, str] = {}
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for entry in entries:
        name = entry.distribution.name
        for path, _ in listed[id(entry)]:
            first = owner.setdefault(path, name)
            if first is not name and not path.startswith(("..", "/")):
                groups[tuple(sorted({first, name}))].append(path)
    found = tuple(
        SharedFiles(distributions=names, count=len(paths), examples=_examples(paths))
        for names, paths in sorted(groups.items())
        if len(names) > 1
    )
    return found, {path for paths in groups.values() for path in paths}


def _missing(
    entry: Installed, files: list[tuple[str, Optional[int]]], twice: set[str]
) -> Optional[MissingFiles]:
    prefix = entry.distribution.location + os.sep
    sizes_count = entry.distribution.installer != "conda"
    stat = os.stat
    missing: list[str] = []
    altered: list[str] = []
    for path, size in files:
        try:
            actual = stat(prefix + path).st_size
        except (OSError, ValueError):
            missing.append(path)
        else:
            if size is not None and actual != size and sizes_count and path not in twice:
                altered.append(path)
    if not missing and not altered:
        return None
    return MissingFiles(
        distribution=entry.distribution.name,
        missing=len(missing),
        altered=len(altered),
        native=sum(map(is_native, missing)),
        examples=_examples(missing or altered),
    )


def _examples(paths: list[str]) -> tuple[str, ...]:
    ranked = sorted(paths, key=lambda path: (not is_native(path), not path.endswith(".py"), path))
    return tuple(ranked[:_EXAMPLES])
