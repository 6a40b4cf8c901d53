"""What every machine and Python would be offered of a package, by its recorded releases."""

from typing import NamedTuple, Optional

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from tfmac.knowledge import releases, store
from tfmac.schema.platform import Architecture, OperatingSystem, Target

_MAC, _ARM, _INTEL = OperatingSystem.MACOS, Architecture.ARM64, Architecture.X86_64
TARGETS = {
    "macos-arm64": Target(system=_MAC, architecture=_ARM),
    "macos-x86_64": Target(system=_MAC, architecture=_INTEL),
    "linux-x86_64": Target(system=OperatingSystem.LINUX, architecture=_INTEL),
    "linux-aarch64": Target(system=OperatingSystem.LINUX, architecture=_ARM),
    "windows": Target(system=OperatingSystem.WINDOWS, architecture=_INTEL),
}
"""The machines, by the names of ``Circumstances.platforms``."""

_OLD_MACS = {
    (platform, version): Target(system=_MAC, architecture=architecture, version=version)
    for platform, architecture in (("macos-arm64", _ARM), ("macos-x86_64", _INTEL))
    for version in ("10.15", "11", "12")
    if (architecture, version) != (_ARM, "10.15")
}


class Machine(NamedTuple):
    """A machine and Python that a list may have been made for."""

    platform: str
    python: str
    macos: Optional[str] = None
    """An old release of macOS; None for one that is new enough for all."""

    @property
    def system(self) -> str:
        """The operating system alone."""
        return self.platform.partition("-")[0]


Offers = dict[Machine, tuple[Version, ...]]


@store.remembered
def offers(package: str) -> Offers:
    """List for every machine and Python what it would be offered, in ascending order."""
    found: dict[Machine, list[Version]] = {}
    for version in releases.versions(package, prereleases=True, yanked=True):
        release = releases.release(package, version)
        if release is None:
            continue
        number = Version(version)
        for platform, target in TARGETS.items():
            for python in releases.supported_pythons(release, target):
                found.setdefault(Machine(platform, python), []).append(number)
        for (platform, macos), target in _OLD_MACS.items():
            for python in releases.supported_pythons(release, target):
                found.setdefault(Machine(platform, python, macos), []).append(number)
    return {machine: tuple(sorted(versions)) for machine, versions in found.items()}


def published(package: str, specifier: str) -> tuple[Version, ...]:
    """List the releases that a specifier asks for; none where it cannot be read."""
    try:
        specifiers = SpecifierSet(specifier)
    except InvalidSpecifier:
        return ()
    known = releases.versions(package, prereleases=True, yanked=True)
    return tuple(Version(one) for one in known if specifiers.contains(one, prereleases=True))


def versions_of(text: str) -> tuple[Version, ...]:
    """Read a list of versions, in ascending order; what is none is left out."""
    return tuple(sorted(filter(None, map(_version, text.split(",")))))


def _version(text: str) -> Optional[Version]:
    try:
        return Version(text.strip())
    except InvalidVersion:
        return None
