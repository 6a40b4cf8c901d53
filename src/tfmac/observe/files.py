"""The disk compared with what RECORD lists: missing, altered and doubly owned files."""

import os
from collections import defaultdict
from collections.abc import Iterable
from typing import Optional

from tfmac.formats.distinfo import is_native, native_sizes
from tfmac.observe.distributions import Installed
from tfmac.schema.facts import FileComparison, MissingFiles, SharedFiles

_EXAMPLES = 5
# Listing a folder costs about as much as asking for three files; half of the folders hold fewer.
_ASKED_SINGLY = 2
_File = tuple[str, str]  # the folder that its distribution lies in, and its path from there
# Byte code comes and goes; the metadata folder's own files are rewritten by installers.
_IGNORED_SUFFIXES = (".pyc", ".dist-info/RECORD", ".dist-info/INSTALLER", ".dist-info/REQUESTED")


def compare_files(installed: Iterable[Installed]) -> FileComparison:
    """Compare the existence of every listed file, and the size of native libraries.

    Contents are not read. A size counts only for files that one distribution owns, and not for
    conda's, which rewrites paths inside libraries while it links them.
    """
    entries = [entry for entry in installed if entry.record is not None]
    shared, twice = _shared(entries)
    found = [_missing(entry, twice) for entry in entries]
    return FileComparison(
        compared=sum(len(entry.files) for entry in entries),
        missing=tuple(one for one in found if one is not None),
        shared=shared,
    )


def _gone(location: str, paths: Iterable[str]) -> list[str]:
    """Give the paths below a folder that do not exist."""
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder, _, name = path.rpartition("/")
        by_folder[folder].append(name)
    gone: list[str] = []
    for folder, names in by_folder.items():
        # Joined, not appended: RECORD may list files by absolute paths.
        missing = _gone_from(os.path.join(location, folder), names)
        gone += [f"{folder}/{name}" if folder else name for name in missing]
    return gone


def _gone_from(folder: str, names: list[str]) -> list[str]:
    """Give the names that are not in a folder: asked for one by one, or by its listing."""
    if len(names) <= _ASKED_SINGLY:
        return [name for name in names if not os.path.lexists(f"{folder}/{name}")]
    try:
        return list(set(names).difference(os.listdir(folder)))
    except (OSError, ValueError):
        return names


def _shared(entries: Iterable[Installed]) -> tuple[tuple[SharedFiles, ...], set[_File]]:
    """Find the files with several owners, grouped by who owns them, and name them all.

    Scripts and other files outside site-packages are left out: two may offer the same command.
    """
    first: dict[str, dict[str, str]] = defaultdict(dict)
    several: dict[_File, set[str]] = {}
    for entry in entries:
        name, location = entry.distribution.name, entry.distribution.location
        here = first[location]
        for path in here.keys() & entry.files:
            if not path.startswith(("..", "/")):
                several.setdefault((location, path), {here[path]}).add(name)
        here.update(dict.fromkeys(entry.files, name))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (_, path), names in several.items():
        groups[tuple(sorted(names))].append(path)
    found = tuple(
        SharedFiles(distributions=names, count=len(paths), examples=_examples(paths))
        for names, paths in sorted(groups.items())
    )
    return found, set(several)


def _missing(entry: Installed, twice: set[_File]) -> Optional[MissingFiles]:
    location = entry.distribution.location
    missing = [
        path for path in _gone(location, entry.files) if not path.endswith(_IGNORED_SUFFIXES)
    ]
    altered = [path for path in _altered(entry) if (location, path) not in twice]
    if not missing and not altered:
        return None
    return MissingFiles(
        distribution=entry.distribution.name,
        missing=len(missing),
        altered=len(altered),
        native=sum(map(is_native, missing)),
        examples=_examples(missing or altered),
    )


def _altered(entry: Installed) -> Iterable[str]:
    """Name the native libraries that are there at another size than RECORD says."""
    if entry.distribution.installer == "conda" or entry.record is None:
        return
    for path, size in native_sizes(entry.record).items():
        try:
            actual = os.stat(os.path.join(entry.distribution.location, path)).st_size
        except (OSError, ValueError):
            continue
        if size is not None and actual != size:
            yield path


def _examples(paths: Iterable[str]) -> tuple[str, ...]:
    ranked = sorted(paths, key=lambda path: (not is_native(path), not path.endswith(".py"), path))
    return tuple(ranked[:_EXAMPLES])
