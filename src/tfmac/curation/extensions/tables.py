"""The table of one extension while it is made: read, changed pair by pair, and written."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional, TypeVar

import msgspec
from packaging.version import Version

from tfmac.curation.extensions.judging import Judged
from tfmac.curation.writing import lines, normal
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.abi import (
    Build,
    Difference,
    ExtensionTable,
    Framework,
    Outcome,
    VendorPair,
)
from tfmac.schema.knowledge import Source

T = TypeVar("T")


class BuildKey(NamedTuple):
    """What tells builds apart."""

    version: str
    pythons: tuple[str, ...]


class Ledger:
    """Builds, frameworks and what was judged so far."""

    def __init__(self, extension: str, table: Optional[ExtensionTable] = None) -> None:
        self.extension = extension
        self.builds: dict[BuildKey, Build] = {}
        self.frameworks: dict[str, Framework] = {}
        self.vendor: tuple[VendorPair, ...] = table.vendor if table else ()
        self.vendor_source: Optional[Source] = table.vendor_source if table else None
        self.differences: tuple[Difference, ...] = table.differences if table else ()
        self.skipped: dict[str, str] = {}
        self._judged: dict[tuple[BuildKey, str], Judged] = {}
        if table is not None:
            self._take(table)

    def _take(self, table: ExtensionTable) -> None:
        self.frameworks = {str(framework): framework for framework in table.frameworks}
        for build in table.builds:
            key = BuildKey(build.version, build.pythons)
            self.builds[key] = build
            for framework, place in zip(table.frameworks, build.outcomes):
                if place is not None:
                    judged = _judged(table.outcomes[place], table.symbols)
                    self._judged[key, str(framework)] = judged

    def keep(self, builds: Iterable[BuildKey], frameworks: Iterable[str]) -> None:
        """Forget all other builds and frameworks, and what was judged of them."""
        builds, frameworks = set(builds), set(frameworks)
        self.builds = {key: build for key, build in self.builds.items() if key in builds}
        self.frameworks = {
            name: framework for name, framework in self.frameworks.items() if name in frameworks
        }
        self._judged = {
            (key, name): judged
            for (key, name), judged in self._judged.items()
            if key in builds and name in frameworks
        }

    def put_build(self, build: Build) -> None:
        """Record a build; what was judged of other bytes is forgotten."""
        key = BuildKey(build.version, build.pythons)
        known = self.builds.get(key)
        if known is None or known.sources != build.sources:
            for framework in self.frameworks:
                self._judged.pop((key, framework), None)
        self.builds[key] = build

    def put_framework(self, framework: Framework) -> None:
        """Record a framework; what was judged beside other bytes is forgotten."""
        known = self.frameworks.get(str(framework))
        if known is None or known.sources != framework.sources:
            for key in self.builds:
                self._judged.pop((key, str(framework)), None)
        self.frameworks[str(framework)] = framework

    def put(self, build: BuildKey, framework: str, judged: Judged) -> None:
        """Record what the loader makes of a pair."""
        self._judged[build, framework] = judged

    def get(self, build: BuildKey, framework: str) -> Optional[Judged]:
        """Give what is recorded of a pair."""
        return self._judged.get((build, framework))

    def table(self) -> ExtensionTable:
        """Give everything as a record: oldest first, equal outcomes once."""
        frameworks = sorted(self.frameworks.values(), key=_age)
        builds = sorted(self.builds.items(), key=lambda one: (Version(one[0].version), one[0]))
        symbols: dict[str, int] = {}
        outcomes: dict[Outcome, int] = {}
        rows = []
        for key, build in builds:
            row = []
            for framework in frameworks:
                judged = self._judged.get((key, str(framework)))
                row.append(None if judged is None else _place(outcomes, _outcome(judged, symbols)))
            rows.append(msgspec.structs.replace(build, outcomes=tuple(row)))
        return ExtensionTable(
            schema_version=SCHEMA_VERSION,
            extension=self.extension,
            vendor=self.vendor,
            vendor_source=self.vendor_source,
            differences=self.differences,
            skipped=dict(sorted(self.skipped.items())),
            frameworks=tuple(frameworks),
            builds=tuple(rows),
            outcomes=tuple(outcomes),
            symbols=tuple(symbols),
        )


def encoded(table: ExtensionTable) -> bytes:
    """Write a table with one build, framework, outcome and name a line."""
    table, encode = normal(table), msgspec.json.encode
    head = b'{"schema_version":%d,\n"extension":%s,\n"vendor_source":%s,\n"skipped":%s' % (
        table.schema_version,
        encode(table.extension),
        encode(table.vendor_source),
        encode(table.skipped),
    )
    parts: tuple[tuple[bytes, Sequence[object]], ...] = (
        (b"vendor", table.vendor),
        (b"differences", table.differences),
        (b"frameworks", table.frameworks),
        (b"builds", table.builds),
        (b"outcomes", table.outcomes),
        (b"symbols", table.symbols),
    )
    written = (
        b',\n"%s":%s' % (name, lines(map(encode, records)) if records else b"[]")
        for name, records in parts
    )
    return head + b"".join(written) + b"}\n"


def _age(framework: Framework) -> tuple[str, Version]:
    return framework.name, Version(framework.version)


def _place(known: dict[T, int], record: T) -> int:
    return known.setdefault(record, len(known))


def _outcome(judged: Judged, symbols: dict[str, int]) -> Outcome:
    return Outcome(
        examined=judged.examined,
        images=judged.images,
        failed=judged.failed,
        library=judged.library,
        message=judged.message,
        unresolved_libraries=judged.unresolved,
        missing_symbols=tuple(_place(symbols, name) for name in judged.missing),
        copies=judged.copies,
    )


def _judged(outcome: Outcome, symbols: Sequence[str]) -> Judged:
    return Judged(
        examined=outcome.examined,
        images=outcome.images,
        failed=outcome.failed,
        library=outcome.library,
        message=outcome.message,
        unresolved=outcome.unresolved_libraries,
        missing=tuple(symbols[place] for place in outcome.missing_symbols),
        copies=outcome.copies,
    )
