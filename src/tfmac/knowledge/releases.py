"""Questions to the releases of the packages around TensorFlow: which wheels, for which machine.

A Python is written ``3.12``, ``3.12.4`` or, for a free-threaded one, ``3.13t``.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional, Union

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import store
from tfmac.schema.knowledge import PackageReleases, Release, Source, Variant, Wheel
from tfmac.schema.platform import Architecture, OperatingSystem, Target

FOLDER = "releases"
"""Where the lists lie: ``NAME.json`` for each distribution."""

PYTHONS = tuple(f"3.{minor}" for minor in range(6, 16))
"""The Pythons that an open-ended wheel (``abi3``, ``py3``) is said to support."""

_MACOS = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")
_INTERPRETER = re.compile(r"(cp|py)(\d)(\d*)")
_PRERELEASE = re.compile(r"(?:a|b|rc|\.dev)\d")  # the lists have versions in normal form
_CLAUSE = re.compile(r"(>=|<=|<|>|!=)\s*(\d+(?:\.\d+){0,2})(\.\*)?")
_PYTHON = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?\w*?(t?)")

_MAC_MACHINES = {
    Architecture.ARM64: frozenset({"arm64", "universal2"}),
    Architecture.X86_64: frozenset({"x86_64", "universal2", "intel", "fat64", "fat3", "universal"}),
}
_LINUX_MACHINES = {Architecture.ARM64: "_aarch64", Architecture.X86_64: "_x86_64"}
_WINDOWS_MACHINES = {Architecture.ARM64: "win_arm64", Architecture.X86_64: "win_amd64"}

_EXACT, _STABLE_ABI, _PURE = 3, 2, 1


class _Tags(NamedTuple):
    interpreters: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]


class _Python(NamedTuple):
    major: int
    minor: int
    micro: Optional[int]
    free_threaded: bool


class _Fit(NamedTuple):
    """How well a wheel fits; the greatest is what an installer takes."""

    abi: int
    minor: int
    macos: tuple[int, int]


def package(name: str) -> Optional[PackageReleases]:
    """Give all releases of a distribution, or None when nothing is recorded of it."""
    return store.find(f"{FOLDER}/{normalise(name)}.json", PackageReleases)


def packages() -> tuple[str, ...]:
    """Name the distributions whose releases are recorded."""
    return store.names(FOLDER)


def newer_than_shipped(name: str) -> tuple[str, ...]:
    """List the versions that are in use and not in the shipped list: those of a refresh."""
    shipped = store.find_shipped(f"{FOLDER}/{normalise(name)}.json", PackageReleases)
    known = {found.version for found in shipped.releases} if shipped else set[str]()
    return tuple(version for version in _by_version(normalise(name)) if version not in known)


def release(name: str, version: str) -> Optional[Release]:
    """Give one release; ``2.19`` and ``2.19.0`` are the same."""
    by_version = _by_version(normalise(name))
    if version in by_version:
        return by_version[version]
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        wanted = Version(version)
    except InvalidVersion:
        return None
    return next((found for text, found in by_version.items() if Version(text) == wanted), None)


def versions(name: str, *, prereleases: bool = False, yanked: bool = False) -> tuple[str, ...]:
    """List the versions of a distribution, newest first."""
    return tuple(
        found.version
        for found in reversed(tuple(_by_version(normalise(name)).values()))
        if (yanked or found.yanked is None)
        and (prereleases or _PRERELEASE.search(found.version) is None)
    )


def requirements(release: Release, target: Target) -> tuple[str, ...]:
    """Give what the wheel for a target requires, markers included."""
    return _declared(release, target).requires


def requires_python(release: Release, target: Target) -> Optional[str]:
    """Give the Pythons that the wheel for a target allows, as a version specifier."""
    return _declared(release, target).requires_python


def source(release: Release, target: Target) -> Source:
    """Name the artifact that the requirements for a target were read from."""
    return _declared(release, target).source


def supported_pythons(release: Release, target: Target) -> tuple[str, ...]:
    """List the Python minors that a release has a wheel for on a target, oldest first.

    Wheels for the stable ABI and wheels without native code count for every later Python that is
    known to this program (``PYTHONS``), as far as Requires-Python allows it.
    """
    wheels = [wheel for wheel in release.wheels if _macos_versions(wheel.tags, target)]
    if not wheels:
        return ()
    minors = set(PYTHONS)
    for wheel in wheels:
        minors.update(_exact_minors(wheel.tags))
    allowed = requires_python(release, target)
    fitting = (minor for minor in minors if _taken(wheels, allowed, target, _python(minor)))
    return tuple(sorted(fitting, key=_python))


def has_wheel(release: Release, target: Target, python: str) -> bool:
    """Whether an installer would find a wheel of a release for this machine and Python."""
    return wheel_for(release, target, python) is not None


def wheel_for(release: Release, target: Target, python: str) -> Optional[Wheel]:
    """Give the wheel that an installer would take for this machine and Python, if any."""
    return _taken(release.wheels, requires_python(release, target), target, _python(python))


def _taken(
    wheels: Iterable[Wheel], allowed: Optional[str], target: Target, python: _Python
) -> Optional[Wheel]:
    if not _allows(allowed, python):
        return None
    best: Optional[tuple[_Fit, Wheel]] = None
    for wheel in wheels:
        fit = _fit(wheel.tags, target, python)
        if fit is not None and (best is None or fit > best[0]):
            best = (fit, wheel)
    return best[1] if best else None


def wheel_size(release: Release, target: Target, python: str) -> Optional[int]:
    """Tell the size in bytes of the wheel for this machine and Python, when it is known."""
    wheel = wheel_for(release, target, python)
    return wheel.size if wheel else None


def minimum_macos(release: Release, target: Target, python: str) -> Optional[str]:
    """Tell the oldest macOS that some wheel of a release is tagged for, whatever the target's own.

    None means that no wheel fits this architecture and Python at all, or that the fitting wheel
    runs on any system.
    """
    if target.system is not OperatingSystem.MACOS:
        return None
    wanted = _python(python)
    anywhere = Target(system=target.system, architecture=target.architecture)
    if not _allows(requires_python(release, target), wanted):
        return None
    oldest = [
        min(_macos_versions(wheel.tags, anywhere))
        for wheel in release.wheels
        if _fit(wheel.tags, anywhere, wanted) is not None
    ]
    if not oldest or min(oldest) == (0, 0):
        return None
    return ".".join(str(part) for part in min(oldest))


def runs_on(tags: str, target: Target) -> bool:
    """Whether a wheel's platform tag is for this machine, whatever the Python."""
    return bool(_macos_versions(tags, target))


@store.remembered
def _by_version(name: str) -> dict[str, Release]:
    record = package(name)
    return {found.version: found for found in record.releases} if record else {}


def _declared(release: Release, target: Target) -> Union[Release, Variant]:
    if release.variants:
        platform = str(Target(system=target.system, architecture=target.architecture))
        for variant in release.variants:
            if platform in variant.platforms:
                return variant
    return release


@functools.cache
def _tags(tags: str) -> _Tags:
    interpreters, abis, platforms = tags.split("-")
    return _Tags(
        tuple(interpreters.split(".")), tuple(abis.split(".")), tuple(platforms.split("."))
    )


@functools.cache
def _python(text: str) -> _Python:
    match = _PYTHON.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a Python version: write it as 3.12 or 3.12.4")
    major, minor, micro, free_threaded = match.groups()
    return _Python(int(major), int(minor), int(micro) if micro else None, bool(free_threaded))


def _fit(tags: str, target: Target, python: _Python) -> Optional[_Fit]:
    """Tell how well a wheel fits, or None."""
    systems = _macos_versions(tags, target)
    if not systems:
        return None
    parsed = _tags(tags)
    ranks = []
    for interpreter in parsed.interpreters:
        match = _INTERPRETER.fullmatch(interpreter)
        if match is None or int(match.group(2)) != python.major:
            continue
        minor = int(match.group(3) or 0)
        ranks += [(_rank(match.group(1), minor, abi, python), minor) for abi in parsed.abis]
    rank, minor = max(ranks, default=(0, 0))
    return _Fit(rank, minor, max(systems)) if rank else None


def _rank(kind: str, minor: int, abi: str, python: _Python) -> int:
    """Rank one pair of interpreter and ABI tag for a Python; 0 when it does not fit."""
    if minor > python.minor:
        return 0
    if abi == "none":
        # Pure Python, or native code without the interpreter's ABI: ``cp312-none`` is exact.
        return _PURE if kind == "py" or minor == python.minor else 0
    if kind != "cp":
        return 0
    if abi in {"abi3", "abi3t"}:
        return _STABLE_ABI if (abi == "abi3t") == python.free_threaded else 0
    own = f"cp{python.major}{python.minor}"
    spellings = {f"{own}t"} if python.free_threaded else {own, f"{own}m"}
    return _EXACT if minor == python.minor and abi in spellings else 0


def _exact_minors(tags: str) -> Iterator[str]:
    for interpreter in _tags(tags).interpreters:
        match = _INTERPRETER.fullmatch(interpreter)
        if match and match.group(2) == "3" and match.group(3):
            yield f"3.{match.group(3)}"


@functools.cache
def _macos_versions(tags: str, target: Target) -> tuple[tuple[int, int], ...]:
    """List the macOS versions of the platform tags that fit; (0, 0) is any system.

    On other systems the list has one (0, 0) for each tag that fits.
    """
    found = []
    for platform in _tags(tags).platforms:
        if platform == "any":
            found.append((0, 0))
        elif target.system is OperatingSystem.LINUX:
            suffix = _LINUX_MACHINES.get(target.architecture, "-")
            if platform.startswith(("manylinux", "linux_")) and platform.endswith(suffix):
                found.append((0, 0))
        elif target.system is OperatingSystem.WINDOWS:
            if platform == _WINDOWS_MACHINES.get(target.architecture):
                found.append((0, 0))
        else:
            match = _MACOS.fullmatch(platform)
            if match and match.group(3) in _MAC_MACHINES.get(target.architecture, ()):
                version = (int(match.group(1)), int(match.group(2)))
                if version <= _system_version(target):
                    found.append(version)
    return tuple(found)


def _system_version(target: Target) -> tuple[int, int]:
    """Read the macOS version of a target; a tag 12_0 fits 12, and 12_3 fits 12.3 but not 12."""
    if target.version is None:
        return (1000, 0)
    numbers = [int(number) for number in target.version.split(".")]
    return (numbers[0], numbers[1] if len(numbers) > 1 else 0)


def _allows(specifier: Optional[str], python: _Python) -> bool:
    """Whether Requires-Python allows a Python; a minor is allowed when one of its releases is."""
    if specifier is None:
        return True
    return _contains(specifier, python)


@functools.cache
def _contains(text: str, python: _Python) -> bool:
    micros = (python.micro,) if python.micro is not None else (0, 99)
    candidates = [(python.major, python.minor, micro) for micro in micros]
    clauses = [_CLAUSE.fullmatch(clause.strip()) for clause in text.split(",")]
    if not all(clause and (not clause.group(3) or clause.group(1) == "!=") for clause in clauses):
        return _contains_in_full(text, candidates)
    return any(
        all(_holds(candidate, *clause.groups()) for clause in clauses if clause)
        for candidate in candidates
    )


def _holds(
    candidate: tuple[int, int, int], operator: str, text: str, any_of: Optional[str]
) -> bool:
    """Compare by the usual clauses of Requires-Python, without loading a library for it."""
    version = tuple(int(part) for part in text.split("."))
    if any_of:
        return candidate[: len(version)] != version
    version += (0,) * (3 - len(version))
    if operator == ">=":
        return candidate >= version
    if operator == "<=":
        return candidate <= version
    if operator == "!=":
        return candidate != version
    return candidate < version if operator == "<" else candidate > version


def _contains_in_full(text: str, candidates: Iterable[tuple[int, int, int]]) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        return True  # installers ignore one that cannot be read
    return any(
        specifier.contains(".".join(map(str, candidate)), prereleases=True)
        for candidate in candidates
    )
