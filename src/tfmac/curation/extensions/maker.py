"""Makes the tables of which native extension loads into which framework on ARM Macs.

All wheels of an extension are read; those that need the same are one build. Every framework wheel
is fetched once for all extensions, and the loader's rules are asked (``formats.linking``). Finished
pairs are kept while the artifacts are the same; tables are written after each framework, so that an
interrupted run goes on where it stopped. What cannot be read keeps its old record, with the reason.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Callable, Optional, TypeVar

import msgspec
from pypi_simple import DistributionPackage

from tfmac.curation.extensions import struct_layouts, tables
from tfmac.curation.extensions.frameworks import (
    EXTENSIONS,
    TENSORFLOW,
    Carrier,
    Family,
    carriers,
    framework_record,
    lacks,
)
from tfmac.curation.extensions.judging import Judged, Needs, exported, judge, needs, newest
from tfmac.curation.extensions.second_level import differences, loading, release_built_for
from tfmac.curation.extensions.struct_layouts import Layouts
from tfmac.curation.extensions.tables import BuildKey, Ledger
from tfmac.curation.extensions.vendor_tables import description, vendor_pairs
from tfmac.curation.extensions.wheels import UNREADABLE, Wheels
from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.published import Published, published, pythons_of, source
from tfmac.curation.wheel_images import WheelImages
from tfmac.curation.writing import written_whole
from tfmac.knowledge import store
from tfmac.knowledge.extension_abi import FOLDER
from tfmac.knowledge.store import KnowledgeError
from tfmac.schema.abi import Build, Difference, ExtensionTable, HeaderTable
from tfmac.schema.knowledge_reports import BuiltFile

HEADERS = "header_layouts.json"
"""Where the layouts of the structs are kept, below the folder of the data."""

Progress = Callable[[str], None]
Table = TypeVar("Table", ExtensionTable, HeaderTable)


def build(
    index: Index,
    folder: str,
    *,
    extensions: Iterable[str] = tuple(EXTENSIONS),
    full: bool = False,
    progress: Optional[Progress] = None,
) -> tuple[BuiltFile, ...]:
    """Bring the tables of extensions below a folder of data up to date.

    An extension without any wheel for ARM Macs has no table. ``full`` judges finished pairs again.
    ``progress`` is told each release that is done. A table whose listings cannot be read stays as
    it was, with the problem. Raises ``KeyError`` for an extension that is not in ``EXTENSIONS``,
    and ``OSError`` when a file cannot be written.
    """
    chosen = {name: EXTENSIONS[name] for name in extensions}
    with closing(_Maker(index, folder, full=full, progress=progress)) as maker:
        for family in dict.fromkeys(chosen.values()):
            maker.make([name for name in chosen if chosen[name] == family], family)
        return maker.built()


class _Maker:
    """Makes tables, fetching what it needs once."""

    def __init__(
        self, index: Index, folder: str, *, full: bool, progress: Optional[Progress]
    ) -> None:
        self._index = index
        self._folder = folder
        self._full = full
        self._tell = progress or (lambda _: None)
        self._wheels = Wheels(index)
        self._ledgers: dict[str, Ledger] = {}
        self._published: dict[str, dict[str, Published]] = {}
        self._problems: dict[str, str] = {}
        self._changed: set[str] = set()
        self._layouts = Layouts(self._previous(HEADERS, HeaderTable))

    def close(self) -> None:
        """Remove what was fetched."""
        self._wheels.close()

    def built(self) -> tuple[BuiltFile, ...]:
        """Tell what became of each table."""
        found = [
            BuiltFile(file=_path(name), problem=f"kept as it was: {problem}")
            for name, problem in self._problems.items()
        ]
        for name, ledger in self._ledgers.items():
            if name not in self._problems:
                table = ledger.table()
                found.append(
                    BuiltFile(
                        file=_path(name),
                        records=len(table.builds) * len(table.frameworks),
                        changed=_path(name) in self._changed,
                        skipped=table.skipped,
                    )
                )
        return tuple(sorted(found, key=lambda built: built.file))

    def make(self, names: Sequence[str], family: Family) -> None:
        """Judge some extensions beside all releases of one family of frameworks."""
        ledgers = [ledger for ledger in map(self._listed, names) if ledger is not None]
        if not ledgers:
            return
        try:
            found, unread = carriers(self._index, family)
        except PackageIndexError as problem:
            self._problems.update((ledger.extension, str(problem)) for ledger in ledgers)
            return
        for number, carrier in enumerate(found):
            self._beside(carrier, found[number + 1 :], family, ledgers)
        for ledger in ledgers:
            self._finish(ledger, found, unread)
        if family is TENSORFLOW:
            self._write_layouts(found)

    # Extensions

    def _listed(self, name: str) -> Optional[Ledger]:
        try:
            return self._ledger(name)
        except PackageIndexError as problem:
            self._problems[name] = str(problem)
            return None

    def _ledger(self, name: str) -> Optional[Ledger]:
        """Prepare the table of an extension: its builds as they are published now."""
        releases = {str(each): each for each in published(self._index, name)}
        if not releases:
            return None
        self._published[name] = releases
        ledger = Ledger(name, self._previous(_path(name), ExtensionTable))
        kept = [key for each in releases.values() for key in self._read_builds(ledger, each)]
        ledger.keep(kept, ledger.frameworks)
        self._ledgers[name] = ledger
        self._read_vendor(ledger, tuple(releases.values())[-1])
        return ledger

    def _read_builds(self, ledger: Ledger, release: Published) -> Iterable[BuildKey]:
        """Read the wheels of a release, unless they are those that were read before."""
        old = [key for key in ledger.builds if key.version == release.release.version]
        recorded = {one for key in old for one in ledger.builds[key].sources}
        if recorded == set(map(source, release.wheels)) and not self._full:
            return old
        try:
            builds = tuple(self._builds(release))
        except UNREADABLE as problem:
            ledger.skipped[str(release)] = _told(problem)
            return old
        for build_ in builds:
            ledger.put_build(build_)
        self._tell(str(release))
        return [BuildKey(build_.version, build_.pythons) for build_ in builds]

    def _builds(self, release: Published) -> Iterator[Build]:
        """Put the wheels of a release together that need the same."""
        groups: dict[Needs, list[DistributionPackage]] = {}
        for wheel in release.wheels:
            opened = self._wheels.extension(wheel)
            group = groups.setdefault(needs(opened.libraries, opened.images), [])
            group.append(wheel)
            if len(group) > 1:
                self._wheels.forget(wheel)
        for wheels in groups.values():
            opened = self._wheels.extension(wheels[0])
            yield Build(
                version=release.release.version,
                pythons=pythons_of(release.release, wheels),
                minimum_macos=newest((*opened.images.minimum_macos(), release.tagged_macos)),
                libraries=opened.libraries,
                sources=tuple(map(source, wheels)),
            )

    def _read_vendor(self, ledger: Ledger, release: Published) -> None:
        """Take the vendor's table out of the newest release's description."""
        wheel = release.wheels[0]
        if ledger.vendor_source == source(wheel):
            return
        try:
            text = description(self._wheels.extension(wheel).images)
        except UNREADABLE as problem:
            ledger.skipped[f"the vendor's table in {release}"] = _told(problem)
            return
        names = EXTENSIONS[ledger.extension].names
        ledger.vendor = vendor_pairs(text, ledger.extension, names)
        ledger.vendor_source = source(wheel)

    # Frameworks

    def _beside(
        self,
        carrier: Carrier,
        following: Sequence[Carrier],
        family: Family,
        ledgers: Sequence[Ledger],
    ) -> None:
        """Judge everything beside one framework, and write what is new."""
        release = carrier.release
        if release is None:
            for ledger in ledgers:
                for user in carrier.users:
                    ledger.put_framework(framework_record(user, None, None))
            return
        todo = self._to_do(carrier, family, ledgers)
        if todo is None:
            return
        try:
            with self._wheels.framework(release) as images:
                further = (one for one in following if self._to_do(one, family, ledgers))
                self._wheels.prepare(next((one.release for one in further), None))
                self._judge(carrier, images, family, todo)
                if family is TENSORFLOW:
                    header = struct_layouts.header_of(images)
                    self._layouts.add(str(release), source(release.wheels[0]), header)
        except UNREADABLE as problem:
            for ledger in todo:
                ledger.skipped[str(release)] = _told(problem)
            return
        for ledger in todo:
            self._write(ledger)
        self._tell(", ".join(map(str, carrier.users)))

    def _to_do(
        self, carrier: Carrier, family: Family, ledgers: Sequence[Ledger]
    ) -> Optional[list[Ledger]]:
        """List the tables that lack a framework; None when nothing of it is needed."""
        release = carrier.release
        if release is None:
            return None
        if self._full:
            return list(ledgers)
        todo = [ledger for ledger in ledgers if lacks(ledger, carrier)]
        read = self._layouts.knows(str(release), source(release.wheels[0]))
        return todo if todo or (family is TENSORFLOW and not read) else None

    def _judge(
        self, carrier: Carrier, images: WheelImages, family: Family, ledgers: Sequence[Ledger]
    ) -> None:
        main = next((path for path in family.main if path in images.libraries), family.main[0])
        for ledger in ledgers:
            judged = {
                key: self._judge_one(ledger, build_, carrier, images, main)
                for key, build_ in ledger.builds.items()
            }
            minimum = newest(images.minimum_macos())
            for user in carrier.users:
                ledger.put_framework(framework_record(user, carrier.release, minimum))
                for key, one in judged.items():
                    if one is not None:
                        ledger.put(key, str(user), one)

    def _judge_one(
        self, ledger: Ledger, build_: Build, carrier: Carrier, images: WheelImages, main: str
    ) -> Optional[Judged]:
        try:
            extension = self._wheels.extension(self._wheel(ledger, build_)).images
            return judge(build_.libraries, extension, images, main)
        except UNREADABLE as problem:
            name = f"{ledger.extension}=={build_.version} beside {carrier.release}"
            ledger.skipped[name] = _told(problem)
            return None

    def _wheel(self, ledger: Ledger, build_: Build) -> DistributionPackage:
        """Find the wheel that speaks for a build."""
        release = self._published[ledger.extension].get(f"{ledger.extension}=={build_.version}")
        for wheel in release.wheels if release else ():
            if source(wheel) == build_.sources[0]:
                return wheel
        raise PackageIndexError(f"the index has no longer {build_.sources[0].name}")

    # The second level, and the files

    def _finish(self, ledger: Ledger, found: Sequence[Carrier], unread: dict[str, str]) -> None:
        """Drop frameworks that are no longer published, and add the second level."""
        users = [str(user) for one in found for user in one.users]
        ledger.keep(ledger.builds, (*users, *unread))
        ledger.skipped.update(unread)
        codes = [one.release for one in found if one.release is not None]
        different: list[Difference] = []
        for key, known in tuple(ledger.builds.items()):
            own = self._published[ledger.extension].get(f"{ledger.extension}=={key.version}")
            day = own.day_of(known.sources) if own else ""
            complete = msgspec.structs.replace(
                known,
                built_for=release_built_for(ledger, key, day, codes),
                hands_over=self._hands_over(ledger, known),
            )
            ledger.put_build(complete)
            different += differences(complete, loading(ledger, key, codes), self._layouts)
        ledger.differences = tuple(different)
        self._write(ledger)

    def _write_layouts(self, found: Iterable[Carrier]) -> None:
        table = self._layouts.table([str(one.release) for one in found])
        written_whole(os.path.join(self._folder, HEADERS), struct_layouts.encoded(table))

    def _hands_over(self, ledger: Ledger, build_: Build) -> tuple[str, ...]:
        """Tell which functions a build exports for the framework, where its wheel is open."""
        try:
            wheel = self._wheel(ledger, build_)
            if not self._wheels.is_open(wheel):
                return build_.hands_over
            opened = self._wheels.extension(wheel)
        except UNREADABLE:
            return build_.hands_over
        return tuple(sorted(exported(self._layouts.functions, opened.libraries, opened.images)))

    def _write(self, ledger: Ledger) -> None:
        path = _path(ledger.extension)
        whole = os.path.join(self._folder, *path.split("/"))
        if written_whole(whole, tables.encoded(ledger.table())):
            self._changed.add(path)

    def _previous(self, path: str, kind: type[Table]) -> Optional[Table]:
        """Give a file so far, else that in use; a damaged one is made anew."""
        try:
            with open(os.path.join(self._folder, *path.split("/")), "rb") as file:
                return msgspec.json.decode(file.read(), type=kind)
        except FileNotFoundError:
            pass
        except msgspec.DecodeError:
            return None
        try:
            return store.find(path, kind)
        except KnowledgeError:
            return None


def _path(extension: str) -> str:
    """Name the file of a table, below the folder of the data."""
    return f"{FOLDER}/{extension}.json"


def _told(problem: BaseException) -> str:
    """Say what was wrong; some errors have no words of their own."""
    return str(problem) or type(problem).__name__
