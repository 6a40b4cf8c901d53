"""The architectures of all native libraries, from the first bytes of each file."""

import os
from collections import defaultdict
from collections.abc import Iterable

from tfmac.formats.distinfo import is_native
from tfmac.formats.native import HEADER_BYTES, architectures
from tfmac.observe.distributions import Installed
from tfmac.schema.facts import NativeLibraries
from tfmac.schema.platform import Architecture


def read_native_libraries(installed: Iterable[Installed]) -> tuple[NativeLibraries, ...]:
    """Group the native files of each distribution by the architectures that they hold.

    A file that is gone, or is no native code whatever its name says, is not counted.
    """
    found: list[NativeLibraries] = []
    for entry in installed:
        groups: dict[tuple[Architecture, ...], list[str]] = defaultdict(list)
        for path in filter(is_native, entry.files):
            held = _architectures(os.path.join(entry.distribution.location, path))
            if held:
                groups[held].append(path)
        found.extend(
            NativeLibraries(
                distribution=entry.distribution.name,
                architectures=held,
                count=len(paths),
                example=paths[0],
            )
            for held, paths in sorted(groups.items(), key=lambda group: group[1][0])
        )
    return tuple(found)


def _architectures(path: str) -> tuple[Architecture, ...]:
    try:
        with open(path, "rb", buffering=0) as file:
            return architectures(file.read(HEADER_BYTES))
    except (OSError, ValueError):
        return ()
