"""Finds what releases need and do not declare: a Python with modules that have left it, a macOS.

Python: the sources of a wheel are followed as an import does it (``package_imports``); one that
imports a module which a later Python's standard library lacks cannot be imported there, whatever
its Requires-Python says. Only wheels that such a Python would install are looked at.

macOS: the libraries of a wheel state what they were built for (LC_BUILD_VERSION); where that is
later than the wheel's tag, the tag understates it. Only the head of each library is fetched.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, NamedTuple, Optional

import msgspec
from packaging.version import Version
from pypi_simple import DistributionPackage

from tfmac.curation.extensions.wheels import UNREADABLE
from tfmac.curation.index import Index
from tfmac.curation.package_imports import foreign_imports
from tfmac.curation.published import source, tags
from tfmac.curation.wheel_images import WheelImages
from tfmac.curation.writing import lines, normal, written_whole
from tfmac.formats import macho
from tfmac.formats.reading import InvalidBinary
from tfmac.knowledge import limits as known
from tfmac.knowledge import releases, store
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.abi import Strength
from tfmac.schema.knowledge import Release, Source
from tfmac.schema.knowledge_reports import BuiltFile
from tfmac.schema.limits import Limit, LimitKind, RemovedModules
from tfmac.schema.platform import APPLE_SILICON

PURE = (
    "keras",
    "keras-cv",
    "keras-nlp",
    "keras-tuner",
    "tensorboard",
    "tensorflow-datasets",
    "tensorflow-estimator",
    "tensorflow-hub",
    "tensorflow-model-optimization",
    "tensorflow-probability",
    "tf-keras",
    "tf-models-official",
)
"""Distributions without native code: their tags promise every Python."""

NATIVE = (
    "tensorflow",
    "tensorflow-macos",
    "tensorflow-metal",
    "tensorflow-text",
    "tensorflow-decision-forests",
    "tensorflow-io",
    "tensorflow-io-gcs-filesystem",
    "h5py",
    "jax-metal",
    "jaxlib",
    "ml-dtypes",
    "mlx",
    "torch",
)
"""Distributions whose libraries are asked for their macOS; the first two also for their Python."""

_AT_ONCE = 4
_HEAD = 64 * 1024  # bytes of a library: its load commands
_MOST_LIBRARIES = 8  # the largest ones; a wheel's libraries come from one build
_TAG = re.compile(r"macosx_(\d+)_(\d+)_(?:arm64|universal2)")
_FIRST_MACOS = Version("11.0")
_REPLACED = {"distutils": "setuptools"}  # which distribution brings a module back

Progress = Callable[[str], None]


class Found(NamedTuple):
    """What one release needs beyond what it declares."""

    version: str
    kind: LimitKind
    value: str
    statement: str
    unless: Optional[str]
    source: Source


def build(
    index: Index,
    folder: str,
    *,
    names: Sequence[str] = (*PURE, *NATIVE),
    progress: Optional[Progress] = None,
) -> tuple[BuiltFile, ...]:
    """Make the table of limits below a folder of data; other distributions keep theirs.

    A distribution that cannot be asked keeps the limits that it had.
    """
    removed = store.load(known.REMOVED, RemovedModules)
    found = [one for one in known.computed() if one.name not in names]
    skipped: dict[str, str] = {}
    for name in names:
        before = set(skipped)
        limits = tuple(_intervals(name, _of_distribution(index, name, removed, skipped)))
        if set(skipped) != before:
            limits = tuple(one for one in known.computed() if one.name == name)
        found += limits
        if progress is not None:
            progress(f"{name}: {len(limits)} limits")
    found.sort(key=lambda one: (one.name, one.kind.value, Version(one.first)))
    changed = written_whole(f"{folder}/{known.FILE}", encoded(found))
    return (BuiltFile(file=known.FILE, records=len(found), changed=changed, skipped=skipped),)


def encoded(limits: Iterable[Limit]) -> bytes:
    """Write the table with one limit a line."""
    head = b'{"schema_version":%d,\n"limits":' % SCHEMA_VERSION
    return head + lines(msgspec.json.encode(normal(limit)) for limit in limits) + b"}\n"


def _of_distribution(
    index: Index, name: str, removed: RemovedModules, skipped: dict[str, str]
) -> list[Found]:
    record = releases.package(name)
    if record is None:
        skipped[name] = "its releases are not recorded"
        return []
    try:
        files = {package.filename: package for package in index.project(name).packages}
    except UNREADABLE as problem:
        skipped[name] = str(problem)
        return []

    def look(release: Release) -> list[Found]:
        wheel = _wheel(release, files)
        if wheel is None:
            return []
        try:
            return list(_of_release(index, name, release, wheel, removed))
        except UNREADABLE as problem:
            skipped[f"{name} {release.version}"] = str(problem)
            return []

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [one for some in pool.map(look, record.releases) for one in some]


def _wheel(
    release: Release, files: dict[str, DistributionPackage]
) -> Optional[DistributionPackage]:
    """The wheel of a final release that a Mac with the newest Python would install."""
    if Version(release.version).is_prerelease:
        return None
    pythons = releases.supported_pythons(release, APPLE_SILICON)
    wheel = releases.wheel_for(release, APPLE_SILICON, pythons[-1]) if pythons else None
    if wheel is None:
        return None
    return next(
        (
            package
            for package in files.values()
            if package.filename.endswith(".whl")
            and package.version is not None
            and Version(package.version) == Version(release.version)
            and tags(package) == wheel.tags
        ),
        None,
    )


def _of_release(
    index: Index,
    name: str,
    release: Release,
    wheel: DistributionPackage,
    removed: RemovedModules,
) -> Iterator[Found]:
    if name in NATIVE:
        yield from _macos(index, release, wheel)
    if name in PURE or name in NATIVE[:2]:
        pythons = set(releases.supported_pythons(release, APPLE_SILICON))
        gone = {
            module: minor
            for minor, modules in removed.removed.items()
            if minor in pythons
            for module in modules
        }
        if gone:
            yield from _python(index, release, wheel, gone)


def _python(
    index: Index, release: Release, wheel: DistributionPackage, gone: dict[str, str]
) -> Iterator[Found]:
    """Look for imports of modules that some Python which installs this wheel lacks."""
    imports = re.compile(rb"^\s*(?:import|from)\s+(?:%s)\b" % "|".join(gone).encode(), re.MULTILINE)
    with tempfile.TemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        index.download(wheel, file)
        with zipfile.ZipFile(file) as archive:
            sources = (one for one in archive.namelist() if one.endswith(".py"))
            if not any(imports.search(archive.read(one)) for one in sources):
                return
            found = foreign_imports(WheelImages(archive, folder))
    for module, minor in gone.items():
        if module in found and not found[module].caught:
            yield Found(
                version=release.version,
                kind=LimitKind.PYTHON,
                value=f"<{minor}",
                statement=f"its import needs {module} ({found[module].module} imports it), which "
                f"Python {minor} no longer has",
                unless=_REPLACED.get(module),
                source=source(wheel),
            )


def _macos(index: Index, release: Release, wheel: DistributionPackage) -> Iterator[Found]:
    """Compare what the libraries were built for with what the wheel is tagged for.

    Where a release has a wheel for each macOS, an installer takes the right one.
    """
    python, abi, _ = tags(wheel).split("-")
    alike = [one for one in release.wheels if one.tags.startswith(f"{python}-{abi}-macosx")]
    if len([one for one in alike if releases.runs_on(one.tags, APPLE_SILICON)]) > 1:
        return
    tagged = min((Version(f"{major}.{minor}") for major, minor in _TAG.findall(tags(wheel))))
    with index.open(wheel) as file, zipfile.ZipFile(file) as archive:
        libraries = [one for one in archive.infolist() if one.filename.endswith((".so", ".dylib"))]
        libraries.sort(key=lambda one: -one.file_size)
        built = [
            version
            for library in libraries[:_MOST_LIBRARIES]
            for version in [_built_for(archive, library)]
            if version is not None
        ]
    newest = max(built, key=Version, default=None)
    # The first macOS for these chips is 11: a lower tag is that of the Intel half.
    if newest is not None and Version(newest) > max(tagged, _FIRST_MACOS):
        yield Found(
            version=release.version,
            kind=LimitKind.MACOS,
            value=f">={newest}",
            statement=f"its libraries are built for macOS {newest}; its wheel is tagged {tagged}",
            unless=None,
            source=source(wheel),
        )


def _built_for(archive: zipfile.ZipFile, library: zipfile.ZipInfo) -> Optional[str]:
    with archive.open(library) as file:
        head = file.read(_HEAD)
    try:
        return macho.minimum_os(head, APPLE_SILICON.architecture.value)
    except InvalidBinary:
        return None


def _intervals(name: str, found: Sequence[Found]) -> Iterator[Limit]:
    """Draw releases next to each other with the same limit together."""
    order = {version: place for place, version in enumerate(reversed(releases.versions(name)))}
    runs: list[list[Found]] = []
    for one in found:
        for run in runs:
            last = run[-1]
            same = (last.kind, last.value, last.unless) == (one.kind, one.value, one.unless)
            if same and order.get(one.version, -9) == order.get(last.version, -9) + 1:
                run.append(one)
                break
        else:
            runs.append([one])
    for run in runs:
        yield Limit(
            name=name,
            first=run[0].version,
            last=run[-1].version,
            kind=run[0].kind,
            value=run[0].value,
            statement=run[-1].statement,
            cause=_CAUSES[run[0].kind],
            strength=Strength.STATIC,
            unless=run[0].unless,
            sources=tuple(one.source for one in run),
        )


_CAUSES = {
    LimitKind.PYTHON: "python-3-12-without-distutils",
    LimitKind.MACOS: "macos-too-old-for-wheel",
}
