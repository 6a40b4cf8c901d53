"""The releases of a distribution that have wheels for ARM Macs, as the index lists them now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage

from tfmac.curation.index import Index
from tfmac.knowledge import releases
from tfmac.schema.knowledge import Release, Source, Wheel
from tfmac.schema.platform import Architecture, OperatingSystem, Target

MAC = Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64)

_SHELL_SIZE = 1_000_000  # a wheel with a framework's code is a hundred times larger
_MARKERS = {
    "platform_system": "Darwin",
    "platform_machine": "arm64",
    "sys_platform": "darwin",
    "os_name": "posix",
    "extra": "",
}


class Published(NamedTuple):
    """One release, as a user names it, with its wheels for ARM Macs, newest Python first."""

    name: str
    release: Release
    wheels: tuple[DistributionPackage, ...]

    def __str__(self) -> str:
        """Write it as a requirement."""
        return f"{self.name}=={self.release.version}"

    @property
    def version(self) -> Version:
        """The version, to be compared."""
        return Version(self.release.version)

    @property
    def pythons(self) -> tuple[str, ...]:
        """The Pythons that have a wheel of it for ARM Macs, oldest first."""
        return releases.supported_pythons(self.release, MAC)

    @property
    def is_shell(self) -> bool:
        """Whether its wheel is too small to carry code."""
        size = self.wheels[0].size
        return size is not None and size < _SHELL_SIZE

    @property
    def tagged_macos(self) -> Optional[str]:
        """The oldest macOS that its wheel for the newest Python is tagged for."""
        return releases.minimum_macos(self.release, MAC, self.pythons[-1])

    def day_of(self, sources: Iterable[Source]) -> str:
        """Give the day on which the first of these wheels was published; empty when unknown."""
        names = {one.name for one in sources}
        times = [wheel.upload_time for wheel in self.wheels if wheel.filename in names]
        days = [time.date().isoformat() for time in times if time is not None]
        return min(days, default="")


def source(package: DistributionPackage) -> Source:
    """Name an artifact with its digest."""
    return Source(name=package.filename, sha256=package.digests.get("sha256"))


def tags(package: DistributionPackage) -> str:
    """Give the tags in a wheel's file name."""
    return "-".join(package.filename[: -len(".whl")].rsplit("-", 3)[1:])


def pythons_of(release: Release, packages: Iterable[DistributionPackage]) -> tuple[str, ...]:
    """List the Pythons that install one of these wheels of a release, oldest first."""
    names = {tags(package) for package in packages}
    found = []
    for python in releases.supported_pythons(release, MAC):
        wheel = releases.wheel_for(release, MAC, python)
        if wheel is not None and wheel.tags in names:
            found.append(python)
    return tuple(found)


def published(index: Index, name: str) -> tuple[Published, ...]:
    """List the releases with a wheel for ARM Macs, oldest first.

    Yanked files count only where all of a release are. Pre-releases count while no final release
    is newer. Raises ``PackageIndexError``.
    """
    found = tuple(_all(index, name))
    newest = max((each.version for each in found if not each.version.is_prerelease), default=None)
    return tuple(
        each
        for each in found
        if not each.version.is_prerelease or newest is None or each.version > newest
    )


def _all(index: Index, name: str) -> Iterator[Published]:
    by_version: dict[Version, list[DistributionPackage]] = defaultdict(list)
    for package in index.project(name).packages:
        if package.package_type == "wheel" and package.version:
            try:
                by_version[Version(package.version)].append(package)
            except InvalidVersion:
                continue
    for version in sorted(by_version):
        packages = by_version[version]
        standing = [package for package in packages if not package.is_yanked] or packages
        wheels = [package for package in standing if releases.runs_on(tags(package), MAC)]
        if not wheels:
            continue
        days = [package.upload_time for package in packages if package.upload_time is not None]
        release = Release(
            version=str(version),
            date=min(days).date().isoformat() if days else "",
            source=source(wheels[0]),
            requires_python=wheels[0].requires_python,
            wheels=tuple(Wheel(tags=tags(wheel), size=wheel.size) for wheel in wheels),
        )
        ordered = sorted(wheels, key=lambda wheel: _newest_python(release, wheel), reverse=True)
        each = Published(name, release, tuple(ordered))
        if each.pythons:
            yield each


def _newest_python(release: Release, wheel: DistributionPackage) -> tuple[Version, str]:
    pythons = pythons_of(release, (wheel,))
    return (Version(pythons[-1]) if pythons else Version("0"), wheel.filename)


def carrier_of(
    index: Index, shell: Published, everything: dict[str, Published]
) -> Optional[Published]:
    """Follow shells to the release that has code; None when they lead to none."""
    seen: set[str] = set()
    current: Optional[Published] = shell
    while current is not None and current.is_shell:
        if str(current) in seen:
            return None
        seen.add(str(current))
        required = index.requirements(current.wheels[0]).requires
        current = next(_pinned(required, everything), None)
    return current


def _pinned(required: Iterable[str], everything: dict[str, Published]) -> Iterator[Published]:
    for text in required:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker and not requirement.marker.evaluate(_MARKERS):
            continue
        for pin in requirement.specifier:
            found = everything.get(f"{requirement.name}=={pin.version}")
            if pin.operator == "==" and found is not None:
                yield found
