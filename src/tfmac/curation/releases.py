"""Makes the list of a distribution's releases from the package index.

A list has every version with its wheels, and what it requires as read from the METADATA of its
wheels. A release whose files did not change is not read again. One that cannot be read keeps its
old record, with the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Optional

import msgspec
from packaging.version import InvalidVersion, Version
from pypi_simple import DistributionPackage

from tfmac.curation.failures import PackageIndexError, UndeclaredError
from tfmac.curation.index import Index
from tfmac.curation.metadata import Requirements
from tfmac.curation.writing import lines, normal
from tfmac.knowledge import releases
from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.knowledge import (
    PackageReleases,
    Release,
    Source,
    Variant,
    Wheel,
)
from tfmac.schema.platform import Architecture, OperatingSystem, Target

WORKERS = 8
"""Threads that read the artifacts of one distribution."""

# The first platform that has a wheel speaks for the release; the others where they differ.
PLATFORMS = (
    Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64),
    Target(system=OperatingSystem.LINUX, architecture=Architecture.X86_64),
    Target(system=OperatingSystem.LINUX, architecture=Architecture.ARM64),
    Target(system=OperatingSystem.MACOS, architecture=Architecture.X86_64),
)
_WINDOWS = Target(system=OperatingSystem.WINDOWS, architecture=Architecture.X86_64)
_WINDOWS_ARM = Target(system=OperatingSystem.WINDOWS, architecture=Architecture.ARM64)
_OLDEST_PYTHON = 6  # 3.6, that of TensorFlow 2.5


class _Plan(NamedTuple):
    """The record of a release as far as the listing tells it, and whom to ask for the rest."""

    record: Release
    chosen: tuple[tuple[str, DistributionPackage], ...]
    """For each platform the artifact whose METADATA is read; ``any`` for all."""


def build(
    index: Index, name: str, previous: Optional[PackageReleases], *, full: bool = False
) -> PackageReleases:
    """Make the list of one distribution.

    ``previous`` is its list so far; what did not change since is taken from it, unless ``full``.
    Raises ``PackageIndexError`` when the listing cannot be read.
    """
    before = {release.version: release for release in (previous.releases if previous else ())}
    skipped = previous.skipped if previous else {}
    page = index.project(name)
    by_version: dict[Version, list[DistributionPackage]] = defaultdict(list)
    for package in page.packages:
        if package.package_type in {"wheel", "sdist"} and package.version:
            try:
                by_version[Version(package.version)].append(package)
            except InvalidVersion:
                continue  # names from before PEP 440; nothing could ask for them
    if not by_version:
        raise PackageIndexError(f"the listing of {name} has no release")

    def read(version: Version) -> tuple[Optional[Release], Optional[str]]:
        old = before.get(str(version))
        plan = _plan(version, by_version[version])
        if old is not None and not full and _unchanged(plan, old):
            undeclared = skipped.get(str(version)) if not old.wheels else None
            return _completed(plan.record, old), undeclared
        try:
            return _read(index, plan), None
        except UndeclaredError as reason:
            return plan.record, str(reason)
        except PackageIndexError as problem:
            return old, str(problem)

    ordered = sorted(by_version)
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(read, ordered))
    return PackageReleases(
        schema_version=SCHEMA_VERSION,
        name=name,
        releases=tuple(release for release, _ in answers if release is not None),
        skipped={
            str(version): reason
            for version, (_, reason) in zip(ordered, answers)
            if reason is not None
        },
    )


def encoded(record: PackageReleases) -> bytes:
    """Write a list with one release a line, so that a change shows as the lines that changed."""
    record, encode = normal(record), msgspec.json.encode
    return b"".join(
        (
            b'{"schema_version":%d,\n"name":%s,\n"releases":'
            % (record.schema_version, encode(record.name)),
            lines(encode(release) for release in record.releases),
            b',\n"skipped":',
            b"{\n" if record.skipped else b"{",
            b",\n".join(encode(k) + b":" + encode(v) for k, v in record.skipped.items()),
            b"\n}}\n" if record.skipped else b"}}\n",
        )
    )


def _plan(version: Version, packages: Iterable[DistributionPackage]) -> _Plan:
    """Record what the listing tells; a yanked file counts only where all of them are yanked."""
    packages = sorted(packages, key=lambda package: package.filename)
    standing = [package for package in packages if not package.is_yanked]
    wheels = [package for package in standing or packages if package.package_type == "wheel"]
    archives = [package for package in standing or packages if package.package_type == "sdist"]
    chosen = _chosen(wheels, archives)
    days = [package.upload_time for package in packages if package.upload_time is not None]
    speaker = chosen[0][1]
    record = Release(
        version=str(version),
        date=min(days).date().isoformat() if days else "",
        source=_source(speaker),
        requires_python=_specifier(speaker.requires_python),
        wheels=tuple(
            Wheel(tags=_tags(wheel), size=wheel.size) for wheel in wheels if _kept(_tags(wheel))
        ),
        sdist=bool(archives),
        yanked=None if standing else (packages[0].yanked_reason or ""),
    )
    return _Plan(record, chosen)


def _chosen(
    wheels: Sequence[DistributionPackage], archives: Sequence[DistributionPackage]
) -> tuple[tuple[str, DistributionPackage], ...]:
    """Choose for each platform one artifact to read, of the same Python where there is one."""
    chosen: list[tuple[str, DistributionPackage]] = []
    python = ""
    for target in PLATFORMS:
        fitting = [wheel for wheel in wheels if releases.runs_on(_tags(wheel), target)]
        if fitting:
            best = max(fitting, key=lambda wheel: (_python(wheel) == python, _age(wheel)))
            python = python or _python(best)
            chosen.append((str(target), best))
    if not chosen and wheels:
        chosen.append(("any", max(wheels, key=_age)))
    if not chosen:
        chosen.append(("any", max(archives, key=lambda package: package.filename)))
    return tuple(chosen)


def _read(index: Index, plan: _Plan) -> Release:
    """Complete a record by what its artifacts declare."""
    answers: dict[str, Requirements] = {}
    for _, package in plan.chosen:
        if package.filename not in answers:
            answers[package.filename] = index.requirements(package)
    own = answers[plan.chosen[0][1].filename]
    differing: list[tuple[Requirements, DistributionPackage, list[str]]] = []
    for platform, package in plan.chosen[1:]:
        answer = answers[package.filename]
        if _same(answer, own):
            continue
        for other, _, platforms in differing:
            if _same(answer, other):
                platforms.append(platform)
                break
        else:
            differing.append((answer, package, [platform]))
    variants = tuple(
        Variant(
            platforms=tuple(platforms),
            source=_source(package),
            requires_python=_specifier(answer.requires_python),
            requires=answer.requires,
        )
        for answer, package, platforms in differing
    )
    return msgspec.structs.replace(
        plan.record,
        requires_python=_specifier(own.requires_python),
        requires=own.requires,
        variants=variants,
    )


def _same(one: Requirements, other: Requirements) -> bool:
    """Whether two artifacts declare the same; their order is the builder's chance."""
    return _specifier(one.requires_python) == _specifier(other.requires_python) and sorted(
        one.requires
    ) == sorted(other.requires)


def _unchanged(plan: _Plan, old: Release) -> bool:
    new = plan.record
    return (new.source, new.wheels, new.sdist) == (old.source, old.wheels, old.sdist)


def _completed(record: Release, old: Release) -> Release:
    """Take what was read from the artifacts earlier; the listing may have changed since."""
    return msgspec.structs.replace(
        record,
        requires_python=old.requires_python,
        requires=old.requires,
        variants=old.variants,
    )


def _source(package: DistributionPackage) -> Source:
    return Source(name=package.filename, sha256=package.digests.get("sha256"))


def _specifier(text: Optional[str]) -> Optional[str]:
    return text.strip() or None if text else None


def _tags(wheel: DistributionPackage) -> str:
    return "-".join(wheel.filename[: -len(".whl")].rsplit("-", 3)[1:])


def _python(wheel: DistributionPackage) -> str:
    return _tags(wheel).partition("-")[0]


def _age(wheel: DistributionPackage) -> tuple[int, int, str]:
    """Order wheels by their Python; the newest one is asked."""
    interpreter = _python(wheel).split(".")[-1]
    digits = interpreter.lstrip("abcdefghijklmnopqrstuvwxyz")
    if not digits.isdecimal():
        return (0, 0, wheel.filename)
    return (int(digits[0]), int(digits[1:] or 0), wheel.filename)


def _kept(tags: str) -> bool:
    """Whether a wheel is for a machine and Python that this program serves."""
    interpreters, abi, _ = tags.split("-")
    if not any(releases.runs_on(tags, each) for each in (*PLATFORMS, _WINDOWS, _WINDOWS_ARM)):
        return False
    if abi in {"abi3", "abi3t"}:
        return True
    for interpreter in interpreters.split("."):
        if interpreter.startswith(("cp3", "py3")):
            minor = interpreter[len("cp3") :]
            if interpreter.startswith("py") or (minor.isdecimal() and int(minor) >= _OLDEST_PYTHON):
                return True
    return False
