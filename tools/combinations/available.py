"""Which versions of a package can be installed here: from the release lists, else the index."""

import functools
import sys
from collections.abc import Iterable, Iterator
from typing import Optional

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version
from pypi_simple import DistributionPackage

from tfmac.curation.index import Index
from tfmac.knowledge import jax_pairs, releases
from tfmac.schema.platform import Architecture, OperatingSystem, Target

_PURE = "none-any"
LINUX = Target(system=OperatingSystem.LINUX, architecture=Architecture.X86_64)


class Available:
    """The versions with a wheel for this machine, by package and Python; oldest first."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.versions = functools.cache(self._versions)
        self._files = functools.cache(self._read)

    def _versions(self, package: str, python: str) -> tuple[str, ...]:
        if package in releases.packages():
            return tuple(sorted(_recorded(package, python), key=Version))
        return installable(self._files(package), python)

    def ends(self, package: str, python: str) -> Optional[tuple[str, str]]:
        """Give the oldest and the newest version."""
        versions = self.versions(package, python)
        return (versions[0], versions[-1]) if versions else None

    def requires(self, package: str, version: str) -> tuple[str, ...]:
        """Give what a wheel of a version declares."""
        if package in releases.packages():
            release = releases.release(package, version)
            return releases.requirements(release, LINUX) if release else ()
        for file in self._files(package):
            if file.version == version and file.package_type == "wheel":
                return self._index.requirements(file).requires
        return ()

    def compiled_for_numpy(self, package: str, python: str) -> bool:
        """Whether the newest version has compiled code and declares NumPy as a requirement."""
        ends = self.ends(package, python)
        if ends is None or "numpy" not in _names(self.requires(package, ends[1])):
            return False
        if package in releases.packages():
            release = releases.release(package, ends[1])
            wheel = releases.wheel_for(release, LINUX, python) if release else None
            return wheel is not None and not wheel.tags.endswith(_PURE)
        files = (one.filename for one in self._files(package) if one.version == ends[1])
        return not any(name.endswith(f"{_PURE}.whl") for name in files)

    def accepts(self, jax: str, package: str, version: str) -> bool:
        """Whether a jax accepts another package, by what its wheel declares."""
        return jax_pairs.accepts(jax, self.requires("jax", jax), package, version)

    def _read(self, package: str) -> tuple[DistributionPackage, ...]:
        return tuple(self._index.project(package).packages)


def _names(requires: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requires}


def _recorded(package: str, python: str) -> Iterator[str]:
    for version in releases.versions(package):
        release = releases.release(package, version)
        if release is not None and releases.has_wheel(release, LINUX, python):
            yield version


def installable(files: Iterable[DistributionPackage], python: str) -> tuple[str, ...]:
    """List the final versions with a wheel for a Python on this machine, oldest first."""
    tags = _tags(python)
    found: set[Version] = set()
    for file in files:
        if file.is_yanked or file.package_type != "wheel" or not file.filename.endswith(".whl"):
            continue
        try:
            _, version, _, wheel_tags = parse_wheel_filename(file.filename)
        except InvalidWheelFilename:
            continue
        if version.is_prerelease or not _allows(file.requires_python, python):
            continue
        if not tags.isdisjoint(wheel_tags):
            found.add(version)
    return tuple(str(version) for version in sorted(found))


@functools.cache
def _tags(python: str) -> frozenset[Tag]:
    """List the wheel tags of a Python, with the platforms of the interpreter that runs this."""
    major, _, minor = python.partition(".")
    version = (int(major), int(minor))
    return frozenset(
        (*cpython_tags(version), *compatible_tags(version, interpreter=f"cp{major}{minor}"))
    )


def _allows(requires_python: object, python: str) -> bool:
    if not isinstance(requires_python, str):
        return True
    try:
        return SpecifierSet(requires_python).contains(f"{python}.99")
    except InvalidSpecifier:
        print(f"ignored: Requires-Python {requires_python!r}", file=sys.stderr)
        return True
