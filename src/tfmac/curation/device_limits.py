"""Finds which operations and types of numbers each release of tensorflow-metal has no kernel for.

A release's kernels are read out of its library (``plugin_kernels``). An operation has a kernel on
the GPU, too, when TensorFlow registers one for every device.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple, Optional

import msgspec
from packaging.version import Version

from tfmac.curation.extensions.wheels import UNREADABLE, Wheels
from tfmac.curation.index import Index
from tfmac.curation.plugin_kernels.registrations import registered
from tfmac.curation.published import Published, published, source
from tfmac.curation.writing import lines, normal, written_whole
from tfmac.formats import macho
from tfmac.formats.macho_code import CodeImage
from tfmac.formats.reading import Window
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.device_limits import DeviceLimits, MissingKernel, MissingType, PluginRelease
from tfmac.schema.knowledge_reports import BuiltFile

PLUGIN = "tensorflow-metal"
FILE = "device_limits.json"
_MACHINE = "arm64"
_LIBRARY = "libmetal_plugin.dylib"
_TYPES = ("float16", "bfloat16", "float64", "int32", "int64", "complex64", "complex128")
"""Types that are looked for; nearly all kernels compute in float32."""
_HARDLY_ANY = 0.15  # of the kernels that compute in float32
_GENERATION = re.compile(r"V\d+$")


class Operations(msgspec.Struct, frozen=True, kw_only=True):
    """The operations on numbers of one release of TensorFlow."""

    tensorflow: str
    on_cpu: tuple[str, ...]
    """Those that have a kernel on the CPU."""
    everywhere: tuple[str, ...]
    """Those that have a kernel for every device."""


class Release(NamedTuple):
    """What one release of the plug-in registers."""

    record: PluginRelease
    operations: frozenset[str]


def build(index: Index, folder: str, asked: Sequence[Operations]) -> BuiltFile:
    """Make the table below a folder of data."""
    releases, skipped = _releases(index)
    document = compared(releases, asked)
    changed = written_whole(f"{folder}/{FILE}", encoded(document))
    count = len(document.missing_kernels) + len(document.missing_types)
    return BuiltFile(file=FILE, records=count, changed=changed, skipped=skipped)


def compared(releases: Sequence[Release], asked: Sequence[Operations]) -> DeviceLimits:
    """Compare the releases of the plug-in, oldest first, with the operations of TensorFlow."""
    order = tuple(release.record.version for release in releases)
    return DeviceLimits(
        schema_version=SCHEMA_VERSION,
        compared=tuple(sorted((one.tensorflow for one in asked), key=Version)),
        plugin=tuple(release.record for release in releases),
        missing_types=tuple(
            MissingType(
                dtype=dtype,
                first=first,
                last=last,
                kernels=max(
                    release.record.types.get(dtype, 0)
                    for release in releases[order.index(first) : order.index(last) + 1]
                ),
            )
            for dtype in _TYPES
            for first, last in _runs(order, _lacking_type(releases, dtype))
        ),
        missing_kernels=tuple(
            MissingKernel(operation=name, first=first, last=last)
            for name in _common(asked)
            for first, last in _runs(order, _lacking_kernel(releases, name))
        ),
    )


def encoded(document: DeviceLimits) -> bytes:
    """Write the table with one record a line."""
    head = b'{"schema_version":%d,\n"compared":%s' % (
        document.schema_version,
        msgspec.json.encode(document.compared),
    )
    parts = [
        b',\n"%s":' % name.encode()
        + lines(msgspec.json.encode(normal(record)) for record in getattr(document, name))
        for name in ("plugin", "missing_types", "missing_kernels")
    ]
    return head + b"".join(parts) + b"}\n"


def _releases(index: Index) -> tuple[list[Release], dict[str, str]]:
    found: list[Release] = []
    skipped: dict[str, str] = {}
    with closing(Wheels(index)) as wheels:
        for release in published(index, PLUGIN):
            try:
                found.append(_read(wheels, release))
            except UNREADABLE as problem:  # noqa: PERF203 (the others are still read)
                skipped[str(release)] = str(problem)
    return found, skipped


def _read(wheels: Wheels, release: Published) -> Release:
    """Read all wheels of a release: what one of them has is not said to be missing."""
    kernels: dict[str, frozenset[str]] = {}
    for package in release.wheels:
        archive = wheels.extension(package).archive
        try:
            member = next(name for name in archive.namelist() if name.endswith(_LIBRARY))
            found = registered(_code(archive.read(member))).operations
        finally:
            wheels.forget(package)
        for name, types in found.items():
            kernels[name] = kernels.get(name, frozenset()) | types
    counts = Counter(dtype for types in kernels.values() for dtype in types)
    record = PluginRelease(
        version=release.release.version,
        sources=tuple(source(package) for package in release.wheels),
        operations=len(kernels),
        types=dict(sorted(counts.items())),
    )
    return Release(record, frozenset(kernels))


def _code(library: bytes) -> CodeImage:
    for portion in macho.portions(library):
        if portion.machine == _MACHINE:
            window = Window(library).part(portion.offset, portion.size, "universal header")
            return CodeImage(window)
    raise ValueError(f"the library has no code for {_MACHINE}")


def _common(asked: Sequence[Operations]) -> list[str]:
    """Name the operations that every device lacks unless its plug-in brings them."""
    everywhere = {name for one in asked for name in one.everywhere}
    return sorted({name for one in asked for name in one.on_cpu} - everywhere)


def _lacking_kernel(releases: Sequence[Release], name: str) -> Iterator[str]:
    for release in releases:
        generations = {_GENERATION.sub("", one) for one in release.operations}
        # TopK without a kernel means nothing where TopKV2 has one: that one is used.
        if _GENERATION.sub("", name) not in generations:
            yield release.record.version


def _lacking_type(releases: Sequence[Release], dtype: str) -> Iterator[str]:
    for release in releases:
        counts: Mapping[str, int] = release.record.types
        if counts.get(dtype, 0) < _HARDLY_ANY * counts.get("float32", 0):
            yield release.record.version


def _runs(order: Sequence[str], versions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Draw releases together that follow each other."""
    first: Optional[str] = None
    last = ""
    wanted = set(versions)
    for version in (*order, None):
        if version in wanted and version is not None:
            first, last = first or version, version
        elif first is not None:
            yield first, last
            first = None
