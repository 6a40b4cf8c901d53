"""Makes the API history: which public names each minor release of TensorFlow and Keras has.

For each minor the newest patch release is read from a wheel, of which only the Python sources are
fetched. They are parsed, never run. A minor whose wheels are the recorded ones is not read again;
one that cannot be read keeps its old record, with the reason. What was read is put in place after
each minor, so that a run that was broken off goes on where it ended.
"""

import io
import os
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import IO, Callable, NamedTuple, Optional, cast

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage

from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.names import tables
from tfmac.curation.names.layouts import LAYOUTS, PRIVATE, Layout, empty_sources, read, renames
from tfmac.curation.names.sources import Sources, python_files
from tfmac.curation.writing import lines, normal, written_whole
from tfmac.knowledge.api_names import FOLDER
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.api_history import (
    ApiAdvice,
    ApiClasses,
    ApiNames,
    ApiRelease,
    ApiReleases,
)
from tfmac.schema.knowledge import Source
from tfmac.schema.knowledge_reports import BuiltFile

READER = 1
"""Counts changes of how sources are read; a record of another reader is made anew."""

# Whose sources are read where there is a choice; they differ in native parts alone.
_PLATFORMS = ("-macosx_", "-manylinux", "-any.whl")
_WINDOW = 1024 * 1024  # bytes fetched at once: sources lie side by side in a wheel
_encode = msgspec.json.encode


class _Chosen(NamedTuple):
    """What a minor release is read from: wheels of its newest patch, best first."""

    minor: str
    version: str
    wheels: tuple[DistributionPackage, ...]
    companion: Optional[DistributionPackage]
    keras: tuple[str, ...]


class _History:
    """What is recorded of one package so far."""

    def __init__(self, layout: Layout, folder: str, known: Optional[str]) -> None:
        self.layout = layout
        self._folders = [
            os.path.join(one, FOLDER, layout.package) for one in (folder, known) if one is not None
        ]
        self.folder = self._folders[0]
        self.releases: dict[str, ApiRelease] = {}
        self.records: dict[str, tables.Record] = {}
        self.skipped: dict[str, str] = {}
        self.renames: tuple[dict[str, str], Optional[str]] = ({}, None)

    def load(self) -> None:
        """Read what was recorded before; what cannot be read, or is another reader's, is not."""
        for folder in self._folders:
            if self._load_from(folder):
                return

    def _load_from(self, folder: str) -> bool:
        def read_file(name: str, kind: "type[tables.T]") -> "tables.T":
            with open(os.path.join(folder, f"{name}.json"), "rb") as file:
                return msgspec.json.decode(file.read(), type=kind)

        try:
            before = read_file("releases", ApiReleases)
            advice = read_file("advice", ApiAdvice)
            files = sorted(os.listdir(folder))
            names = [read_file(one[:-5], ApiNames) for one in files if one.startswith("names-")]
            classes = [
                read_file(one[:-5], ApiClasses) for one in files if one.startswith("classes")
            ]
        except (FileNotFoundError, msgspec.DecodeError):
            return False
        if before.reader != READER:
            return False
        minors = [release.minor for release in before.releases]
        records = tables.read_back(names, classes, advice, len(minors))
        self.records = dict(zip(minors, records))
        self.releases = {release.minor: release for release in before.releases}
        self.renames = (advice.renames, advice.renames_source)
        return True

    def save(self) -> bool:
        """Put all files in place; tell whether anything changed."""
        minors = sorted(self.records, key=Version)
        records = [self.records[minor] for minor in minors]
        files = {"advice": tables.advice_file(self.layout, minors, records, *self.renames)}
        for part in sorted({part for record in records for part in record.names}):
            files[f"names-{part}"] = tables.names_file(self.layout, part, minors, records)
        for part in sorted({part for record in records for part in record.bases}):
            files[part] = tables.classes_file(self.layout, part, minors, records)
        files["releases"] = self._releases_file(minors)  # the last: it says what the others have
        changed = [
            written_whole(os.path.join(self.folder, f"{name}.json"), content)
            for name, content in files.items()
        ]
        return any(changed)

    def _private_roots(self) -> list[str]:
        names = {name for one in self.records.values() for name in one.names.get(PRIVATE, {})}
        return sorted({name.partition(".")[0] for name in names})

    def _releases_file(self, minors: Iterable[str]) -> bytes:
        return b"".join(
            (
                b'{"schema_version":%d,\n"package":%s,\n"reader":%d,\n"releases":'
                % (SCHEMA_VERSION, _encode(self.layout.package), READER),
                lines(_encode(normal(self.releases[minor])) for minor in minors),
                b',\n"private":%s' % _encode(self._private_roots()),
                b',\n"skipped":%s}\n' % _encode(dict(sorted(self.skipped.items()))),
            )
        )


def build(
    index: Index,
    folder: str,
    packages: Sequence[str] = tuple(LAYOUTS),
    *,
    known: Optional[str] = None,
    full: bool = False,
    progress: Optional[Callable[[str], None]] = None,
) -> tuple[BuiltFile, ...]:
    """Make the history of some packages, each in a folder of its own below a folder of data.

    ``packages`` are names to import. What is in no file there is taken from the folder of data
    ``known``. ``full`` reads every minor again. ``progress`` gets a line for
    each minor. Minors that could not be read are named with the reasons; a package that the index
    does not list keeps what it has.
    """
    return tuple(
        _built(index, _History(LAYOUTS[package], folder, known), progress or _silent, full=full)
        for package in packages
    )


def _silent(_: str) -> None:
    """Say nothing of the progress."""


def _built(
    index: Index, history: _History, progress: Callable[[str], None], *, full: bool
) -> BuiltFile:
    file = f"{FOLDER}/{history.layout.package}"
    history.load()
    try:
        changed = _bring_up_to_date(index, history, progress, full=full)
    except PackageIndexError as problem:
        return BuiltFile(file=file, problem=f"kept as it was: {problem}")
    return BuiltFile(
        file=file, records=len(history.records), changed=changed, skipped=history.skipped
    )


def _bring_up_to_date(
    index: Index, history: _History, progress: Callable[[str], None], *, full: bool
) -> bool:
    """Read what is new; tell whether any file changed."""
    layout, changed = history.layout, False
    listed = _by_minor(index, layout.distribution, layout.oldest)
    companions = _by_minor(index, layout.companion, (0, 0)) if layout.companion else {}
    newest = max(listed, key=Version, default="")
    for minor in sorted(listed, key=Version):
        name = f"{layout.distribution} {minor}"
        try:
            chosen = _choose(index, layout, minor, listed[minor], companions)
            old = history.releases.get(minor)
            if old is not None and not full and _unchanged(old, chosen):
                history.releases[minor] = msgspec.structs.replace(old, keras=chosen.keras)
                progress(f"{name}: unchanged")
                continue
            history.releases[minor], sources = _fetched(index, layout, chosen)
            history.records[minor] = tables.recorded(layout, read(layout, sources))
            if minor == newest and layout.companion:
                history.renames = renames(sources)
            changed = history.save() or changed
            progress(f"{name}: read from {history.releases[minor].artifacts[0].name}")
        except PackageIndexError as problem:
            history.skipped[minor] = str(problem)
            progress(f"{name}: {problem}")
    return (history.save() or changed) if history.records else changed


def _by_minor(
    index: Index, distribution: str, oldest: tuple[int, int]
) -> dict[str, dict[Version, list[DistributionPackage]]]:
    """List the wheels of final releases by minor and version."""
    found: dict[str, dict[Version, list[DistributionPackage]]] = defaultdict(dict)
    for package in index.project(distribution).packages:
        try:
            version = Version(package.version or "")
        except InvalidVersion:
            continue
        if version.is_prerelease or version.release[:2] < oldest or package.is_yanked:
            continue
        minor = ".".join(map(str, (*version.release, 0)[:2]))
        several = found[minor].setdefault(version, [])
        if package.package_type == "wheel" and "-win" not in package.filename:
            several.append(package)
    return found


def _choose(
    index: Index,
    layout: Layout,
    minor: str,
    versions: dict[Version, list[DistributionPackage]],
    companions: dict[str, dict[Version, list[DistributionPackage]]],
) -> _Chosen:
    version = max((one for one in versions if versions[one]), default=None)
    if version is None:
        raise PackageIndexError("no release of it has a wheel at the index")
    wheels = tuple(sorted(versions[version], key=_preference))
    companion: Optional[DistributionPackage] = None
    keras: tuple[str, ...] = ()
    if layout.companion:
        specifier = _requirement(index.requirements(wheels[0]).requires, layout.companion)
        fitting = {
            other: [one for one in found if found[one] and one in specifier]
            for other, found in companions.items()
            if specifier is not None
        }
        keras = tuple(sorted((one for one, found in fitting.items() if found), key=Version))
        if len(keras) == 1:
            best = companions[keras[0]][max(fitting[keras[0]])]
            companion, keras = min(best, key=_preference), ()
    return _Chosen(minor, str(version), wheels, companion, keras)


def _preference(wheel: DistributionPackage) -> tuple[int, int, str]:
    """Order wheels: those for Macs first, of one kind the largest: some are empty shells."""
    places = [n for n, platform in enumerate(_PLATFORMS) if platform in wheel.filename]
    return (min(places, default=len(_PLATFORMS)), -(wheel.size or 0), wheel.filename)


def _requirement(requires: Iterable[str], distribution: str) -> Optional[SpecifierSet]:
    for line in requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.name.lower() == distribution:
            return requirement.specifier
    return None


def _unchanged(old: ApiRelease, chosen: _Chosen) -> bool:
    recorded = {source.sha256 for source in old.artifacts}
    wheels = {wheel.digests.get("sha256") for wheel in chosen.wheels}
    companion = {chosen.companion.digests.get("sha256")} if chosen.companion else set()
    return None not in recorded and companion <= recorded and bool((recorded - companion) & wheels)


def _fetched(index: Index, layout: Layout, chosen: _Chosen) -> tuple[ApiRelease, Sources]:
    """Fetch the sources of a minor from the first of its wheels that has them."""
    sources = empty_sources(layout)
    read_from = None
    problems = []
    for wheel in chosen.wheels[:3]:
        problem = _add(index, wheel, layout.folders, sources)
        if problem is None and len(sources.modules()) > 1:
            read_from = wheel
            break
        problems.append(f"{wheel.filename}: {problem or 'it has no Python sources'}")
    if read_from is None:
        raise PackageIndexError("; ".join(problems))
    artifacts = [read_from]
    if chosen.companion is not None:
        problem = _add(index, chosen.companion, (layout.companion,), sources)
        if problem is not None:
            raise PackageIndexError(f"{chosen.companion.filename}: {problem}")
        artifacts.append(chosen.companion)
    release = ApiRelease(
        minor=chosen.minor,
        version=chosen.version,
        artifacts=tuple(
            Source(name=one.filename, sha256=one.digests.get("sha256")) for one in artifacts
        ),
        keras=chosen.keras,
    )
    return release, sources


def _add(
    index: Index, wheel: DistributionPackage, folders: Sequence[str], sources: Sources
) -> Optional[str]:
    """Add the sources of a wheel; tell what is wrong with it, if anything is."""
    try:
        with _opened(index, wheel) as file, zipfile.ZipFile(file) as archive:
            for path, text in python_files(archive, folders):
                sources.add(path, text)
    except PackageIndexError as problem:
        return str(problem)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        return f"it is damaged: {error}"
    return None


def _opened(index: Index, wheel: DistributionPackage) -> IO[bytes]:
    """Open a wheel by ranges; where the index does not serve them, take all of it."""
    try:
        return io.BufferedReader(cast(io.RawIOBase, index.open(wheel)), _WINDOW)
    except PackageIndexError:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        index.download(wheel, file)
        file.seek(0)
        return file
