"""Makes the table of which tensorflow-metal loads into which TensorFlow on ARM Macs.

    python tools/build_plugin_abi.py [--full]

Takes one published wheel of every release, brings only the native libraries that the loader
would open, and asks the loader's rules in ``tfmac.formats.linking``. Versions, wheel tags and
requirements come from the release lists, so refresh those first (``build_releases.py``).
Finished pairs are kept unless ``--full``; the table is written after every TensorFlow release, so
that an interrupted run goes on where it stopped. ``plugin_reports.json`` has what people reported
of single pairs; it stands beside the computed verdict and never replaces it.
"""

import argparse
import os
import posixpath
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple, Optional

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version
from pypi_simple import DistributionPackage

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)  # this file is run as a script

from tfmac.curation.failures import PackageIndexError
from tfmac.curation.index import Index
from tfmac.curation.writing import lines, written_whole  # noqa: E402

from tfmac.formats import linking, native  # noqa: E402
from tfmac.knowledge import releases  # noqa: E402
from tfmac.schema.binary import Binding  # noqa: E402
from tfmac.schema.knowledge import (  # noqa: E402
    AbiVerdict,
    PluginPair,
    PluginTable,
    Release,
    Source,
    Strength,
)
from tfmac.schema.platform import Architecture, OperatingSystem, Target  # noqa: E402

PLUGIN = "tensorflow-metal"
SCHEMA_VERSION = 1
TABLE = os.path.join(ROOT, "src", "tfmac", "knowledge", "data", "plugin_abi", f"{PLUGIN}.json")
REPORTS = os.path.join(ROOT, "tools", "plugin_reports.json")

MAC = Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64)
_FIRST = {"tensorflow": Version("2.13"), "tensorflow-macos": Version("2.5")}
_DATA = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")  # installers put these in the tree, too
_SHELL_SIZE = 1_000_000  # a wheel with TensorFlow's code is a hundred times larger
_MOST_NAMES = 5  # the reason tells their number
_TREE = "/site-packages"
_MAIN = f"{_TREE}/tensorflow/python/_pywrap_tensorflow_internal.so"
_LIBRARY = "tensorflow-plugins/libmetal_plugin.dylib"
_MAC_MARKERS = {
    "platform_system": "Darwin",
    "platform_machine": "arm64",
    "sys_platform": "darwin",
    "os_name": "posix",
    "extra": "",
}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody reported of one pair."""

    plugin: str
    tensorflow: str
    statement: str
    address: str


class Named(NamedTuple):
    """One release of a distribution, as a user names it."""

    name: str
    release: Release

    def __str__(self) -> str:
        """Write it as a requirement."""
        return f"{self.name}=={self.release.version}"

    @property
    def pythons(self) -> tuple[str, ...]:
        """The Pythons that have a wheel of it for ARM Macs."""
        return releases.supported_pythons(self.release, MAC)

    @property
    def newest_tags(self) -> str:
        """The tags of the wheel that is read: that of the newest Python."""
        wheel = releases.wheel_for(self.release, MAC, self.pythons[-1])
        assert wheel is not None  # noqa: S101 - it is one of its Pythons
        return wheel.tags

    @property
    def is_shell(self) -> bool:
        """Whether its wheel is too small to carry code."""
        wheel = releases.wheel_for(self.release, MAC, self.pythons[-1])
        return wheel is not None and (wheel.size or _SHELL_SIZE) < _SHELL_SIZE


class WheelImages:
    """The libraries of a wheel as ``site-packages`` would have them, unpacked when asked for."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        self._archive = archive
        self._folder = folder
        self._members = {_DATA.sub("", name): name for name in archive.namelist()}
        self._opened: dict[str, native.Image] = {}

    def find(self, path: str) -> Optional[native.Image]:
        """Open the library at a path below the tree, or None when the wheel has none there."""
        member = self._members.get(posixpath.relpath(path, _TREE))
        if member is None:
            return None
        if member not in self._opened:
            unpacked = self._archive.extract(member, self._folder)
            with open(unpacked, "rb") as file:
                buffer = native.map_file(file)
            os.unlink(unpacked)  # the mapping stays
            self._opened[member] = native.open_image(buffer, Architecture.ARM64)
        return self._opened[member]

    def minimum_macos(self) -> Iterator[str]:
        """Tell what the libraries that were opened so far are built for."""
        for image in self._opened.values():
            minimum = getattr(image, "minimum_os", None)
            if minimum is not None:
                yield minimum


class Both:
    """A plug-in's files beside TensorFlow's."""

    def __init__(self, *trees: WheelImages) -> None:
        self._trees = trees

    def find(self, path: str) -> Optional[native.Image]:
        """Open the library in the first tree that has it."""
        found = (tree.find(path) for tree in self._trees)
        return next((image for image in found if image is not None), None)


class Maker:
    """Makes pairs, fetching what it needs once."""

    def __init__(self, index: Index, kept: Iterable[PluginPair], reports: Iterable[Report]) -> None:
        self._index = index
        self._pages: dict[str, tuple[DistributionPackage, ...]] = {}
        self._plugins: dict[str, WheelImages] = {}
        self._folder = tempfile.TemporaryDirectory()
        self._reports = tuple(reports)
        self._pairs = {(pair.plugin, pair.tensorflow): pair for pair in kept}

    def close(self) -> None:
        """Remove what was fetched."""
        self._folder.cleanup()

    @property
    def pairs(self) -> tuple[PluginPair, ...]:
        """All pairs so far, oldest plug-in first."""
        return tuple(sorted(self._pairs.values(), key=_order))

    def judge(self, plugins: Sequence[Named], carrier: Named, users: Sequence[Named]) -> bool:
        """Judge all plug-ins beside one TensorFlow and its shells; False if nothing was to do."""
        wheel = self._artifact(carrier)
        todo = [
            (plugin, user)
            for plugin in plugins
            for user in users
            if not self._finished(plugin, user, wheel)
        ]
        if not todo:
            return False
        with self._images(wheel) as tensorflow:
            bindings: dict[str, Binding] = {}
            for plugin, user in todo:
                extension = self._plugin_images(plugin)
                if str(plugin) not in bindings:
                    bindings[str(plugin)] = linking.bind(
                        extension=f"{_TREE}/{_LIBRARY}",
                        main=_MAIN,
                        images=Both(tensorflow, extension),
                    )
                built_for = (*tensorflow.minimum_macos(), *extension.minimum_macos())
                pair = self._pair(plugin, user, carrier, bindings[str(plugin)], built_for)
                self._pairs[pair.plugin, pair.tensorflow] = pair
        return True

    def without_library(self, plugins: Sequence[Named], user: Named) -> None:
        """Record a shell that leads to no code at all: the loader's rules have nothing to judge."""
        for plugin in plugins:
            pair = PluginPair(
                plugin=str(plugin),
                tensorflow=str(user),
                verdict=AbiVerdict.UNKNOWN,
                strength=Strength.STATIC,
                reasons=(
                    (
                        f"{user.name} {user.release.version} brings no library to load into, "
                        "nor does what it requires"
                    ),
                ),
                common_python=_common(plugin, user),
                sources=(_source(self._artifact(plugin)), _source(self._artifact(user))),
            )
            self._pairs[pair.plugin, pair.tensorflow] = pair

    def _pair(
        self,
        plugin: Named,
        user: Named,
        carrier: Named,
        binding: Binding,
        built_for: Sequence[str],
    ) -> PluginPair:
        shell = (user,) if str(user) != str(carrier) else ()
        named = (plugin, carrier, *shell)
        reports = [
            report
            for report in self._reports
            if (report.plugin, report.tensorflow) == (str(plugin), str(user))
        ]
        return PluginPair(
            plugin=str(plugin),
            tensorflow=str(user),
            verdict=AbiVerdict.LOADS if binding.loads else AbiVerdict.CANNOT_LOAD,
            strength=Strength.STATIC,
            carrier=str(carrier) if shell else None,
            message=linking.predicted_message(binding, _LIBRARY),
            missing_libraries=binding.missing_libraries,
            missing_symbols=tuple(symbol.name for symbol in binding.missing_symbols[:_MOST_NAMES]),
            reasons=(_reason(binding), *(f"reported: {report.statement}" for report in reports)),
            common_python=_common(*named),
            minimum_macos=_newest((*built_for, *_tagged(*named))),
            sources=(
                *(_source(self._artifact(each)) for each in named),
                *(Source(name=report.address) for report in reports),
            ),
        )

    def _finished(self, plugin: Named, user: Named, wheel: DistributionPackage) -> bool:
        pair = self._pairs.get((str(plugin), str(user)))
        if pair is None:
            return False
        wanted = {_source(self._artifact(plugin)), _source(wheel), _source(self._artifact(user))}
        reported = {
            Source(name=report.address)
            for report in self._reports
            if (report.plugin, report.tensorflow) == (str(plugin), str(user))
        }
        return wanted | reported == set(pair.sources)

    def _artifact(self, named: Named) -> DistributionPackage:
        if named.name not in self._pages:
            self._pages[named.name] = tuple(self._index.project(named.name).packages)
        ending = f"-{named.release.version}-{named.newest_tags}.whl"
        for package in self._pages[named.name]:
            if package.filename.endswith(ending):
                return package
        raise PackageIndexError(f"the index has no longer the wheel of {named}")

    def _plugin_images(self, plugin: Named) -> WheelImages:
        if str(plugin) not in self._plugins:
            folder = os.path.join(self._folder.name, str(plugin))
            os.makedirs(folder)
            path = os.path.join(folder, "wheel")
            with open(path, "wb") as file:
                self._index.download(self._artifact(plugin), file)
            self._plugins[str(plugin)] = WheelImages(zipfile.ZipFile(path), folder)
        return self._plugins[str(plugin)]

    @contextmanager
    def _images(self, wheel: DistributionPackage) -> Iterator[WheelImages]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "wheel")
            with open(path, "wb") as file:
                self._index.download(wheel, file)
            with zipfile.ZipFile(path) as archive:
                yield WheelImages(archive, folder)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Refresh the table; 1 when a release could not be judged."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="judge finished pairs again")
    parser.add_argument("--index", help="address of the index (default: that of uv or pip)")
    parser.add_argument("--output", default=TABLE, help="file of the table")
    options = parser.parse_args(arguments)
    with open(REPORTS, "rb") as file:
        reports = msgspec.json.decode(file.read(), type=tuple[Report, ...])
    plugins = named(PLUGIN, Version("0"))
    kept = () if options.full else _previous(options.output)
    failed = False
    with closing(Index(options.index)) as index, closing(Maker(index, kept, reports)) as maker:
        for carrier, users in carriers().items():
            try:
                if carrier is None:
                    for user in users:
                        maker.without_library(plugins, user)
                elif not maker.judge(plugins, carrier, users):
                    continue
            except (
                PackageIndexError,
                ValueError,
                LookupError,
                OSError,
                zipfile.BadZipFile,
            ) as error:
                print(f"{carrier}: not judged: {error}", file=sys.stderr)
                failed = True
                continue
            written_whole(options.output, encoded(maker.pairs))
            print(f"{carrier}: {', '.join(str(user) for user in users)}", flush=True)
        written_whole(options.output, encoded(maker.pairs))
    return int(failed)


def named(name: str, first: Version) -> tuple[Named, ...]:
    """List the final releases of a distribution that have a wheel for ARM Macs."""
    record = releases.package(name)
    found = (Named(name, release) for release in (record.releases if record else ()))
    return tuple(
        each
        for each in found
        if Version(each.release.version) >= first
        and not Version(each.release.version).is_prerelease
        and each.pythons
    )


def carriers() -> dict[Optional[Named], list[Named]]:
    """Group the TensorFlow releases by the one that carries the code; None for none."""
    groups: dict[Optional[str], list[Named]] = {}
    everything = {str(each): each for name in _FIRST for each in named(name, _FIRST[name])}
    for each in everything.values():
        carrier = carrier_of(each, everything)
        groups.setdefault(str(carrier) if carrier else None, []).append(each)
    return {everything[key] if key else None: users for key, users in groups.items()}


def carrier_of(shell: Named, everything: dict[str, Named]) -> Optional[Named]:
    """Follow shells to the release that has code; None when they lead to none."""
    seen: set[str] = set()
    current: Optional[Named] = shell
    while current is not None and current.is_shell:
        if str(current) in seen:
            return None
        seen.add(str(current))
        current = next(_pinned(current, everything), None)
    return current


def encoded(pairs: Iterable[PluginPair]) -> bytes:
    """Write the table with one pair a line."""
    head = b'{"schema_version":%d,\n"plugin":%s,\n"pairs":' % (
        SCHEMA_VERSION,
        msgspec.json.encode(PLUGIN),
    )
    return head + lines(msgspec.json.encode(pair) for pair in pairs) + b"}\n"


def _pinned(shell: Named, everything: dict[str, Named]) -> Iterator[Named]:
    for text in releases.requirements(shell.release, MAC):
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(_MAC_MARKERS):
            continue
        for pin in requirement.specifier:
            found = everything.get(f"{requirement.name}=={pin.version}")
            if pin.operator == "==" and found is not None:
                yield found


def _previous(path: str) -> tuple[PluginPair, ...]:
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=PluginTable).pairs
    except (FileNotFoundError, msgspec.DecodeError):
        return ()


def _order(pair: PluginPair) -> tuple[Version, str, Version]:
    name, _, version = pair.tensorflow.partition("==")
    return (Version(pair.plugin.partition("==")[2]), name, Version(version))


def _reason(binding: Binding) -> str:
    if binding.loads:
        return (
            f"all {binding.examined} names that it needs are exported by the "
            f"{len(binding.loaded)} libraries that TensorFlow loads"
        )
    if binding.missing_libraries:
        libraries = ", ".join(binding.missing_libraries)
        return (
            f"no library that TensorFlow loads has the install name {libraries}; "
            f"{len(binding.missing_symbols)} of the {binding.examined} names that it needs "
            "stay unresolved"
        )
    return (
        f"{len(binding.missing_symbols)} of the {binding.examined} names that it needs are not "
        "exported where the loader looks"
    )


def _common(*named: Named) -> tuple[str, ...]:
    return tuple(
        python for python in named[0].pythons if all(python in each.pythons for each in named)
    )


def _tagged(*named: Named) -> Iterator[str]:
    for each in named:
        tagged = releases.minimum_macos(each.release, MAC, each.pythons[-1])
        if tagged is not None:
            yield tagged


def _newest(versions: Iterable[str]) -> Optional[str]:
    parsed = [Version(version) for version in versions]
    return ".".join(str(part) for part in max(parsed).release[:2]) if parsed else None


def _source(package: DistributionPackage) -> Source:
    return Source(name=package.filename, sha256=package.digests.get("sha256"))


if __name__ == "__main__":
    sys.exit(main())
