"""Histories as runs of releases: folding releases together, taking them apart, writing them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional, TypeVar

import msgspec

from tfmac.curation.names.exports import Snapshot
from tfmac.curation.names.layouts import PRIVATE, Layout, class_part_of, part_of
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.api_history import ApiAdvice, ApiClasses, ApiKind, ApiNames, ApiSpan

T = TypeVar("T")

_KINDS = [kind.value for kind in ApiKind]
_encode = msgspec.json.encode

Value = tuple[str, Optional[str], Optional[str]]
"""Kind, signature and definition of a name in one release."""
Run = tuple[int, int, T]


class Record(NamedTuple):
    """What is recorded of one release, by parts."""

    names: dict[str, dict[str, Value]]
    open: dict[str, set[str]]
    bases: dict[str, dict[str, str]]
    members: dict[str, dict[str, Value]]
    """Members by class and name, joined by a space."""
    said: dict[str, str]


def recorded(layout: Layout, snapshot: Snapshot) -> Record:
    """Part a snapshot as the files are parted."""
    record = Record({}, {}, {}, {}, dict(snapshot.advice))
    for name, entry in snapshot.names.items():
        part = record.names.setdefault(part_of(layout, name), {})
        part[name] = (entry.kind, entry.signature, entry.definition)
    record.names[PRIVATE] = {
        name: (kind, None, None)
        for name, kind in snapshot.private.items()
        if name and name not in snapshot.names
    }
    for name in snapshot.open:
        record.open.setdefault(part_of(layout, name), set()).add(name)
    for definition, one in snapshot.classes.items():
        part_name = class_part_of(layout, definition)
        record.bases.setdefault(part_name, {})[definition] = " ".join(one.bases)
        members = record.members.setdefault(part_name, {})
        for name, member in one.members.items():
            members[f"{definition} {name}"] = (member.kind, member.signature, None)
            if member.advice is not None:
                record.said[f"{definition}.{name}"] = member.advice
    return record


def folded(releases: Sequence[Mapping[str, T]]) -> dict[str, list[Run[T]]]:
    """Fold what single releases have into runs with the same value."""
    runs: dict[str, list[Run[T]]] = {}
    for number, release in enumerate(releases):
        for name, value in release.items():
            before = runs.setdefault(name, [])
            if before and before[-1][1] == number - 1 and before[-1][2] == value:
                before[-1] = (before[-1][0], number, value)
            else:
                before.append((number, number, value))
    return dict(sorted(runs.items()))


def taken_apart(runs: Mapping[str, Iterable[Run[T]]], count: int) -> list[dict[str, T]]:
    """Give for each release what it has."""
    releases: list[dict[str, T]] = [{} for _ in range(count)]
    for name, several in runs.items():
        for first, last, value in several:
            for number in range(first, last + 1):
                releases[number][name] = value
    return releases


class _Table:
    """Texts that are written once; numbered as they come."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}

    def number(self, text: Optional[str]) -> int:
        return -1 if text is None else self.texts.setdefault(text, len(self.texts))


def _spans(
    runs: Mapping[str, Iterable[Run[Value]]], signatures: _Table, definitions: _Table
) -> dict[str, tuple[ApiSpan, ...]]:
    return {
        name: tuple(
            ApiSpan(
                first=first,
                last=last,
                kind=_KINDS.index(kind),
                signature=signatures.number(signature),
                definition=definitions.number(definition),
            )
            for first, last, (kind, signature, definition) in several
        )
        for name, several in runs.items()
    }


def _runs(
    spans: Mapping[str, Iterable[ApiSpan]], signatures: Sequence[str], definitions: Sequence[str]
) -> dict[str, list[Run[Value]]]:
    def text(table: Sequence[str], number: int) -> Optional[str]:
        return None if number < 0 else table[number]

    return {
        name: [
            (
                one.first,
                one.last,
                (
                    _KINDS[one.kind],
                    text(signatures, one.signature),
                    text(definitions, one.definition),
                ),
            )
            for one in several
        ]
        for name, several in spans.items()
    }


def names_file(
    layout: Layout, part: str, minors: Sequence[str], records: Sequence[Record]
) -> bytes:
    """Write one part of the names, one name a line."""
    signatures, definitions = _Table(), _Table()
    runs = folded([record.names.get(part, {}) for record in records])
    spans = _spans(runs, signatures, definitions)
    opened = folded([dict.fromkeys(sorted(record.open.get(part, ())), "") for record in records])
    return _object(
        {
            "schema_version": SCHEMA_VERSION,
            "package": layout.package,
            "part": part,
            "releases": list(minors),
            "signatures": _Lines(signatures.texts),
            "definitions": _Lines(definitions.texts),
            "open": opened,
            "names": _Members(spans),
        }
    )


def classes_file(
    layout: Layout, part: str, minors: Sequence[str], records: Sequence[Record]
) -> bytes:
    """Write the classes of a part, one class a line."""
    signatures, none = _Table(), _Table()
    bases = folded([record.bases.get(part, {}) for record in records])
    runs = folded([record.members.get(part, {}) for record in records])
    members: dict[str, dict[str, tuple[ApiSpan, ...]]] = {name: {} for name in bases}
    for joined, spans in _spans(runs, signatures, none).items():
        definition, _, name = joined.rpartition(" ")
        members[definition][name] = spans
    return _object(
        {
            "schema_version": SCHEMA_VERSION,
            "package": layout.package,
            "part": part,
            "releases": list(minors),
            "signatures": _Lines(signatures.texts),
            "classes": _Members(
                {name: (several, members[name]) for name, several in bases.items()}
            ),
        }
    )


def advice_file(
    layout: Layout,
    minors: Sequence[str],
    records: Sequence[Record],
    renames: Mapping[str, str],
    renames_source: Optional[str],
) -> bytes:
    """Write what sources say to use instead."""
    return _object(
        {
            "schema_version": SCHEMA_VERSION,
            "package": layout.package,
            "releases": list(minors),
            "said": _Members(folded([record.said for record in records])),
            "renames": _Members(dict(renames)),
            "renames_source": renames_source,
        }
    )


def read_back(
    names: Iterable[ApiNames], classes: Iterable[ApiClasses], advice: ApiAdvice, count: int
) -> list[Record]:
    """Give the records that files were made from."""
    said = {k: [(one.first, one.last, one.text) for one in v] for k, v in advice.said.items()}
    records = [Record({}, {}, {}, {}, one) for one in taken_apart(said, count)]
    for part in names:
        apart = taken_apart(_runs(part.names, part.signatures, part.definitions), count)
        opened = {k: [(one.first, one.last, "") for one in v] for k, v in part.open.items()}
        for record, found, unseen in zip(records, apart, taken_apart(opened, count)):
            record.names[part.part] = found
            record.open[part.part] = set(unseen)
    for group in classes:
        _read_classes_back(group, records)
    return records


def _read_classes_back(group: ApiClasses, records: Sequence[Record]) -> None:
    bases, spans = {}, {}
    for definition, one in group.classes.items():
        bases[definition] = [(text.first, text.last, text.text) for text in one.bases]
        spans.update({f"{definition} {name}": several for name, several in one.members.items()})
    count = len(records)
    members = taken_apart(_runs(spans, group.signatures, ()), count)
    for record, own, has in zip(records, taken_apart(bases, count), members):
        record.bases[group.part] = own
        record.members[group.part] = has


class _Lines(list[str]):
    """A list of which each element is written on a line of its own."""


class _Members(dict[str, Any]):
    """An object of which each member is written on a line of its own."""


def _object(members: Mapping[str, object]) -> bytes:
    """Write a file so that a change shows as the lines that changed."""
    written = [_encode(name) + b":" + _value(value) for name, value in members.items()]
    return b"{" + b",\n".join(written) + b"}\n"


def _value(value: object) -> bytes:
    if isinstance(value, _Lines):
        return b"[\n" + b",\n".join(map(_encode, value)) + b"\n]" if value else b"[]"
    if isinstance(value, _Members):
        lines = [_encode(name) + b":" + _encode(one) for name, one in value.items()]
        return b"{\n" + b",\n".join(lines) + b"\n}" if lines else b"{}"
    return _encode(value)
