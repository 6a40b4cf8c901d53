"""Whether the data files can be read and every record names where it comes from."""

import re
from collections.abc import Iterator

import msgspec

from tfmac.knowledge import (
    api_names,
    byte_code,
    device_limits,
    extension_abi,
    limits,
    releases,
    satellites,
    stack_notes,
    store,
    writer_signs,
)
from tfmac.schema.abi import ExtensionTable, ReportTable
from tfmac.schema.byte_code import ByteCode
from tfmac.schema.device_limits import DeviceLimits, ReportedDeviceLimits
from tfmac.schema.knowledge import (
    Failure,
    PackageReleases,
    Source,
)
from tfmac.schema.knowledge_reports import KnowledgeProblem
from tfmac.schema.limits import LimitTable, RemovedModules
from tfmac.schema.satellites import SatelliteTable
from tfmac.schema.stack_notes import StackNotes
from tfmac.schema.writer_signs import WriterSigns

_SHA256 = re.compile(r"[0-9a-f]{64}")
_THREAD = re.compile(r"https?://\S+")


def files() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Name every data file with the type of its record."""
    for folder, kind in _FOLDERS.items():
        for name in store.names(folder):
            yield f"{folder}/{name}.json", kind
    yield from _SINGLE.items()
    yield from api_names.files()


def problems() -> Iterator[KnowledgeProblem]:
    """Find what is wrong in the data files, in the order of ``files``."""
    for path, kind in files():
        for problem in _problems_of(path, kind):
            yield KnowledgeProblem(file=path, problem=problem)


def _problems_of(path: str, kind: type[msgspec.Struct]) -> Iterator[str]:
    try:
        record = store.load(path, kind)
    except store.KnowledgeError as error:
        yield str(error)
        return
    name = path.rpartition("/")[2][: -len(".json")]
    if isinstance(record, PackageReleases):
        yield from _release_problems(record, name)
    if isinstance(record, Failure) and record.cause != name:
        yield f"describes {record.cause}"
    yield from (problem for source in sources(record) for problem in _source_problems(source))


def _release_problems(record: PackageReleases, name: str) -> Iterator[str]:
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    if record.name != name:
        yield f"describes {record.name}"
    try:
        versions = [Version(release.version) for release in record.releases]
    except InvalidVersion as error:
        yield str(error)
        return
    if versions != sorted(set(versions)):
        yield "its releases are not in order of age, each once"
    for release in record.releases:
        for wheel in release.wheels:
            if wheel.tags.count("-") != 2:
                yield f"{release.version}: {wheel.tags!r} is no set of wheel tags"


def _source_problems(source: Source) -> Iterator[str]:
    if not source.name:
        yield "a source without a name"
    elif source.sha256 is None and _THREAD.fullmatch(source.name) is None:
        yield f"{source.name} has neither a digest nor an address"
    elif source.sha256 is not None and _SHA256.fullmatch(source.sha256) is None:
        yield f"the digest of {source.name} is not that of SHA-256"


def sources(record: object) -> Iterator[Source]:
    """Find the sources anywhere in a record."""
    if isinstance(record, Source):
        yield record
    elif isinstance(record, msgspec.Struct):
        for field in record.__struct_fields__:
            yield from sources(getattr(record, field))
    elif isinstance(record, (tuple, list)):
        for part in record:
            yield from sources(part)
    elif isinstance(record, dict):
        for part in record.values():
            yield from sources(part)


_FOLDERS: dict[str, type[msgspec.Struct]] = {
    releases.FOLDER: PackageReleases,
    extension_abi.FOLDER: ExtensionTable,
    "failures": Failure,
}

_SINGLE: dict[str, type[msgspec.Struct]] = {
    extension_abi.REPORTS: ReportTable,
    limits.FILE: LimitTable,
    limits.REPORTED: LimitTable,
    limits.REMOVED: RemovedModules,
    device_limits.FILE: DeviceLimits,
    device_limits.REPORTED: ReportedDeviceLimits,
    satellites.FILE: SatelliteTable,
    stack_notes.FILE: StackNotes,
    byte_code.FILE: ByteCode,
    writer_signs.FILE: WriterSigns,
}
