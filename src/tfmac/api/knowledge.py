"""Questions about the knowledge itself, and its refreshment from the package index."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Optional

import msgspec

from tfmac._version import __version__
from tfmac.formats.distinfo import normalise
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.knowledge_reports import (
    BuildReport,
    BuiltFile,
    KnowledgeCheck,
    KnowledgeStatus,
    PackageKnowledge,
    PackageStatus,
    ReleaseLine,
    TableStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfmac.curation.dataset import Progress
    from tfmac.curation.index import Index
    from tfmac.schema.knowledge import Release
    from tfmac.schema.platform import Target


class UnknownPackageError(LookupError):
    """A distribution that the knowledge has nothing of."""


class CurationUnavailable(Exception):
    """The libraries that read a package index are not installed."""


def known_packages() -> tuple[str, ...]:
    """Name the distributions whose releases the knowledge has."""
    from tfmac.knowledge import releases

    return releases.packages()


def user_folder() -> str:
    """Name the folder that ``refresh`` keeps newer records in."""
    from platformdirs import user_cache_dir

    return os.path.join(user_cache_dir("tfmac", appauthor=False), "knowledge")


def build_knowledge(
    packages: Sequence[str] = (),
    *,
    parts: Sequence[str] = ("releases",),
    folder: Optional[str] = None,
    full: bool = False,
    progress: Optional[Progress] = None,
) -> BuildReport:
    """Bring data up to date in a folder, for some distributions or for all.

    ``parts`` are ``releases``, ``abi`` (which extension loads into which framework), ``limits``
    (of Python and macOS that no metadata holds) and ``api`` (public names). The index is that of uv
    or pip. Without ``full`` what did not change is not read again. ``progress`` is told a line for
    each finished piece. Raises ``UnknownPackageError`` and ``CurationUnavailable``.
    """
    try:
        from tfmac.curation.index import Index
    except ModuleNotFoundError as error:
        raise CurationUnavailable(f"{error.name} is not installed") from error
    folder = folder or user_folder()
    wanted = tuple(normalise(name) for name in packages)
    index = Index()
    try:
        built = [
            one
            for part in parts
            for one in _MAKERS[part](index, wanted, folder, full=full, progress=progress)
        ]
    finally:
        index.close()
    return BuildReport(schema_version=SCHEMA_VERSION, folder=folder, files=tuple(built))


def _chosen(wanted: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """Give what was named, or everything; refuse what is not known."""
    for name in wanted:
        if name not in known:
            raise UnknownPackageError(f"{name} is none of: {', '.join(known)}")
    return wanted or known


def _make_releases(
    index: Index,
    wanted: Sequence[str],
    folder: str,
    *,
    full: bool,
    progress: Optional[Progress],
) -> Sequence[BuiltFile]:
    from tfmac.curation.dataset import build_releases
    from tfmac.curation.packages import PACKAGES

    names = _chosen(wanted, PACKAGES)
    return build_releases(index, names, folder, full=full, progress=progress)


def _make_abi(
    index: Index,
    wanted: Sequence[str],
    folder: str,
    *,
    full: bool,
    progress: Optional[Progress],
) -> Sequence[BuiltFile]:
    from tfmac.curation.extensions.frameworks import EXTENSIONS
    from tfmac.curation.extensions.maker import build

    names = _chosen(wanted, tuple(EXTENSIONS))
    return build(index, folder, extensions=names, full=full, progress=progress)


def _make_limits(
    index: Index,
    wanted: Sequence[str],
    folder: str,
    *,
    full: bool,  # noqa: ARG001 - what it reads is not kept
    progress: Optional[Progress],
) -> Sequence[BuiltFile]:
    from tfmac.curation.limits import NATIVE, PURE, build

    names = _chosen(wanted, (*PURE, *NATIVE))
    return build(index, folder, names=names, progress=progress)


def _make_api(
    index: Index,
    wanted: Sequence[str],
    folder: str,
    *,
    full: bool,
    progress: Optional[Progress],
) -> Sequence[BuiltFile]:
    from tfmac.curation.names.layouts import LAYOUTS
    from tfmac.curation.names.maker import build
    from tfmac.knowledge.store import SHIPPED

    by_name = {normalise(package): package for package in LAYOUTS}
    names = [by_name[name] for name in _chosen(wanted, tuple(by_name))]
    return build(index, folder, names, known=SHIPPED, full=full, progress=progress)


_MAKERS = {
    "releases": _make_releases,
    "abi": _make_abi,
    "limits": _make_limits,
    "api": _make_api,
}


def refresh(packages: Sequence[str] = (), *, progress: Optional[Progress] = None) -> BuildReport:
    """Ask the index for releases newer than the snapshot, and answer with them from now on.

    What was fetched earlier answers also where the index cannot be reached now. Raises as
    ``build_knowledge`` does.
    """
    from tfmac.knowledge import store

    folder = user_folder()
    try:
        return build_knowledge(packages, folder=folder, progress=progress)
    finally:
        store.use(folder)


def knowledge_status() -> KnowledgeStatus:
    """Tell how much the knowledge holds, and how new it is."""
    from tfmac.knowledge import releases, store
    from tfmac.knowledge.contents import snapshot_day

    return KnowledgeStatus(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        folders=store.in_use(),
        snapshot=snapshot_day(),
        packages=tuple(_package_status(name) for name in releases.packages()),
        tables=tuple(_table_status()),
    )


def knowledge_of(
    package: str, target: Optional[Target] = None, *, version: Optional[str] = None
) -> PackageKnowledge:
    """Tell what is recorded of a distribution, or of one version of it, for a machine.

    Without a target it is a Mac with Apple silicon. Raises ``UnknownPackageError``.
    """
    from tfmac.knowledge import releases
    from tfmac.schema.platform import APPLE_SILICON

    target = target or APPLE_SILICON
    record = releases.package(package)
    if record is None:
        raise UnknownPackageError(f"nothing is known of a distribution {package!r}")
    chosen = record.releases
    if version is not None:
        one = releases.release(package, version)
        if one is None:
            raise UnknownPackageError(f"no release {version!r} of {package} is known")
        chosen = (one,)
    newer = set(releases.newer_than_shipped(package))
    return PackageKnowledge(
        schema_version=SCHEMA_VERSION,
        name=record.name,
        target=str(target),
        releases=tuple(
            _release_line(record.name, release, target, in_snapshot=release.version not in newer)
            for release in reversed(chosen)
        ),
        unread=record.skipped,
    )


def check_knowledge() -> KnowledgeCheck:
    """Read every data file and look for records that name no source."""
    from tfmac.knowledge import integrity

    return KnowledgeCheck(
        schema_version=SCHEMA_VERSION,
        files=sum(1 for _ in integrity.files()),
        problems=tuple(integrity.problems()),
    )


def _package_status(name: str) -> PackageStatus:
    from tfmac.knowledge import releases

    record = releases.package(name)
    found = record.releases if record else ()
    newest = found[-1] if found else None
    return PackageStatus(
        name=name,
        releases=len(found),
        newest=newest.version if newest else None,
        date=newest.date if newest else None,
        unread=len(record.skipped) if record else 0,
        newer=releases.newer_than_shipped(name),
    )


def _table_status() -> Iterator[TableStatus]:
    from tfmac.knowledge import contents

    for name, kinds in contents.tables():
        yield TableStatus(name=name, counts=dict(sorted(Counter(kinds).items())))


def _release_line(name: str, release: Release, target: Target, *, in_snapshot: bool) -> ReleaseLine:
    from tfmac.knowledge import limits, releases

    platform = str(msgspec.structs.replace(target, version=None))
    pythons = releases.supported_pythons(release, target)
    source = releases.source(release, target)
    return ReleaseLine(
        version=release.version,
        date=release.date,
        pythons=pythons,
        minimum_macos=releases.minimum_macos(release, target, pythons[-1]) if pythons else None,
        requires_python=releases.requires_python(release, target),
        requires=releases.requirements(release, target),
        yanked=release.yanked,
        in_snapshot=in_snapshot,
        source=source.name,
        sha256=source.sha256,
        limits=tuple(
            f"{limit.kind.value} {limit.value}: {limit.statement}"
            for limit in limits.limits_of(name, release.version)
            if not limit.systems or platform in limit.systems
        ),
    )
