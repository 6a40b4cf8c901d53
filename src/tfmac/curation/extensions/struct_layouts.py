"""How the structs between TensorFlow and its plug-ins are laid out in each release.

Every TensorFlow wheel carries the headers that it was built with. A field that stands at another
place than in the headers which a plug-in was compiled with is read as something else: the plug-in
loads, and what happens then is chance. Fields that were only appended are no difference: each
struct tells its size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Optional

import msgspec

from tfmac.curation.extensions.header_fingerprints import (
    Field,
    Fields,
    Header,
    InvalidHeader,
    exchanged,
    merged,
    read_header,
)
from tfmac.curation.wheel_images import WheelImages
from tfmac.curation.writing import normal
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.abi import HeaderTable, StructLayout
from tfmac.schema.knowledge import Source

_HEADERS = "tensorflow/include/tensorflow/c/"
_C_LANGUAGE = 'extern "C"'


class Change(NamedTuple):
    """The first place where a struct differs between two releases."""

    struct: str
    text: str


class Layouts:
    """The layouts of all releases that were read."""

    def __init__(self, table: Optional[HeaderTable] = None) -> None:
        self._sources: dict[str, Source] = dict(table.sources) if table else {}
        self._functions: dict[str, set[str]] = defaultdict(set)
        self._structs: dict[str, dict[str, Fields]] = defaultdict(dict)
        for name, structs in (table.functions if table else {}).items():
            self._functions[name].update(structs)
        for layout in table.layouts if table else ():
            fields = tuple(_field(field) for field in layout.fields)
            for release in layout.releases:
                self._structs[layout.struct][release] = fields

    def knows(self, release: str, source: Source) -> bool:
        """Whether the headers of a release were read, from this artifact."""
        return self._sources.get(release) == source

    def add(self, release: str, source: Source, header: Header) -> None:
        """Record what the headers of a release declare, in the place of what was known of it."""
        for by_release in self._structs.values():
            by_release.pop(release, None)
        self._sources[release] = source
        for function in header.functions:
            for struct in exchanged(header, (function,)):
                self._functions[function].add(struct)
                self._structs[struct][release] = header.structs[struct]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions through which structs pass."""
        return tuple(sorted(self._functions))

    def changes(self, functions: Iterable[str], built_for: str, release: str) -> Iterator[Change]:
        """Compare, for the functions that a plug-in exports, two releases."""
        structs = {one for function in functions for one in self._functions.get(function, ())}
        for struct in sorted(structs):
            layouts = self._structs[struct]
            if built_for in layouts and release in layouts:
                text = _first_move(layouts[built_for], layouts[release])
                if text is not None:
                    yield Change(struct, text)

    def table(self, order: Sequence[str]) -> HeaderTable:
        """Give everything as a record, releases in this order."""
        known = [release for release in order if release in self._sources]
        declared = {
            struct
            for struct, layouts in self._structs.items()
            if any(release in layouts for release in known)
        }
        functions = {name: self._functions[name] & declared for name in self.functions}
        return HeaderTable(
            schema_version=SCHEMA_VERSION,
            sources={release: self._sources[release] for release in known},
            functions={
                name: tuple(sorted(structs)) for name, structs in functions.items() if structs
            },
            layouts=tuple(
                StructLayout(struct=struct, fields=tuple(fields), releases=releases)
                for struct in sorted(self._structs)
                for fields, releases in _grouped(self._structs[struct], known)
            ),
        )


def encoded(table: HeaderTable) -> bytes:
    """Write the layouts with one a line."""
    table, encode = normal(table), msgspec.json.encode
    layouts = b",\n".join(encode(layout) for layout in table.layouts)
    sources = b",\n".join(encode(k) + b":" + encode(v) for k, v in table.sources.items())
    return b'{"schema_version":%d,\n"sources":{\n%s\n},\n"functions":%s,\n"layouts":[\n%s\n]}\n' % (
        table.schema_version,
        sources,
        encode(table.functions),
        layouts,
    )


def header_of(wheel: WheelImages) -> Header:
    """Read the headers for C that a TensorFlow wheel carries; one that cannot be read is left out.

    Raises ``zipfile.BadZipFile``.
    """
    return merged(_headers(wheel))


def _headers(wheel: WheelImages) -> Iterator[Header]:
    for path in wheel.paths:
        if not path.startswith(_HEADERS) or not path.endswith(".h"):
            continue
        text = wheel.text(path)
        if text is None or _C_LANGUAGE not in text:
            continue
        try:
            yield read_header(text)
        except InvalidHeader:
            continue  # C++ of TensorFlow's own; the compared structs stand in none of them


def _first_move(before: Fields, after: Fields) -> Optional[str]:
    """Say where one layout leaves the other; None where fields were appended at most."""
    for place, (old, new) in enumerate(zip(before, after)):
        if old == new:
            continue
        if old.name == new.name:
            return f"{old.name} has another type"
        if old.name in {field.name for field in after}:
            return f"{new.name} stands where {old.name} is expected (field {place + 1})"
        return f"it has no {old.name}, whose place {new.name} takes (field {place + 1})"
    return None


def _field(pair: Sequence[str]) -> Field:
    return Field(pair[0], pair[1])


def _grouped(
    by_release: dict[str, Fields], order: Sequence[str]
) -> Iterator[tuple[Fields, tuple[str, ...]]]:
    found: dict[Fields, list[str]] = {}
    for release in order:
        if release in by_release:
            found.setdefault(by_release[release], []).append(release)
    for fields, releases in found.items():
        yield fields, tuple(releases)
