"""Brings the data files of a folder up to date: several distributions at once, each file whole.

A file is put in place as soon as its distribution is finished, so that an interrupted run goes on
where it stopped. A distribution whose listing cannot be read keeps the file that it has.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Callable, Optional

import msgspec

from tfmac.curation import releases
from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.writing import written_whole
from tfmac.knowledge import releases as known
from tfmac.knowledge.store import KnowledgeError
from tfmac.schema.knowledge import PackageReleases
from tfmac.schema.knowledge_reports import BuiltFile

AT_ONCE = 4
"""Distributions that are read at the same time."""

Progress = Callable[[str], None]
"""Is told a line about each finished file."""


def build_releases(
    index: Index,
    names: Sequence[str],
    folder: str,
    *,
    full: bool = False,
    progress: Optional[Progress] = None,
) -> tuple[BuiltFile, ...]:
    """Bring the release lists of distributions up to date, below ``folder``/releases.

    What is unchanged is taken from the file there, else from the knowledge in use.
    """

    def build(name: str) -> BuiltFile:
        path = os.path.join(folder, "releases", f"{name}.json")
        try:
            record = releases.build(index, name, _previous(path, name), full=full)
            changed = written_whole(path, releases.encoded(record))
        except PackageIndexError as problem:
            return BuiltFile(file=f"releases/{name}.json", problem=f"kept as it was: {problem}")
        except OSError as problem:
            reason = f"{path} cannot be written: {problem.strerror}"
            return BuiltFile(file=f"releases/{name}.json", problem=reason)
        return BuiltFile(
            file=f"releases/{name}.json",
            records=len(record.releases),
            changed=changed,
            skipped=record.skipped,
        )

    return tuple(sorted(_each(build, names, progress), key=lambda built: built.file))


def _each(
    build: Callable[[str], BuiltFile], names: Sequence[str], progress: Optional[Progress]
) -> Iterable[BuiltFile]:
    """Build several at once; an interruption gives up what has not begun."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for finished in as_completed([pool.submit(build, name) for name in names]):
            built = finished.result()
            if progress is not None:
                progress(_line(built))
            yield built
    finally:
        pool.shutdown(cancel_futures=True)


def _line(built: BuiltFile) -> str:
    if built.problem is not None:
        return f"{built.file}: {built.problem}"
    unread = f", {len(built.skipped)} not read" if built.skipped else ""
    return f"{built.file}: {built.records} releases{unread}"


def _previous(path: str, name: str) -> Optional[PackageReleases]:
    """Give the list so far; a damaged file is as good as none, and is made anew."""
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=PackageReleases)
    except FileNotFoundError:
        pass
    except msgspec.DecodeError:
        return None
    try:
        return known.package(name)
    except KnowledgeError:
        return None
