"""Questions to the tables of which native extension loads into which framework on ARM Macs.

The verdicts were computed from the published wheels by the loader's own rules; what people reported
of a pair, and what the headers say against it, can make a pair unsafe that loads, and never one
that does not load. A pair that is not in the tables is unknown, never good.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases, store
from tfmac.schema.abi import (
    AbiPair,
    AbiVerdict,
    Build,
    Difference,
    ExtensionTable,
    Framework,
    Opened,
    Outcome,
    Report,
    ReportTable,
    Strength,
)
from tfmac.schema.knowledge import Source
from tfmac.schema.platform import Architecture, OperatingSystem, Target

FOLDER = "extension_abi"
"""Where the tables lie: ``NAME.json`` for each extension."""
REPORTS = "extension_reports.json"
"""What people reported of single pairs."""

_MAC = Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64)
# Where the wheels of one release differ, the worst of them speaks for it.
_WORST_FIRST = (
    AbiVerdict.CANNOT_LOAD,
    AbiVerdict.LOADS_BUT_UNSAFE,
    AbiVerdict.UNKNOWN,
    AbiVerdict.LOADS,
)
_SHOWN = {"tensorflow": "TensorFlow", "tensorflow-macos": "TensorFlow"}
_ASKED_LATER = (
    "loading alone was judged: what a newer jaxlib asks of the plug-in and it does not have shows "
    "when it is used"
)
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


class _Key(NamedTuple):
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def extensions() -> tuple[str, ...]:
    """Name the extensions that there is a table of."""
    return store.names(FOLDER)


def frameworks(extension: str) -> tuple[str, ...]:
    """Name the distributions that an extension was judged beside."""
    table = _table(extension)
    return tuple(dict.fromkeys(one.name for one in table.frameworks)) if table else ()


def verdict(
    extension: str,
    extension_version: str,
    framework: str,
    framework_version: str,
    *,
    python: Optional[str] = None,
) -> AbiPair:
    """Judge one extension release beside one framework release, named as they are installed.

    An empty shell (``tensorflow`` 2.13.0 on ARM Macs) is judged by the distribution that it pulls
    in; that one is the pair's ``carrier``. The answer is for all Pythons of the release; ``python``
    asks for the wheel of one minor, where the wheels of a release differ.
    """
    asked = _Key(normalise(extension), extension_version)
    beside = _Key(normalise(framework), framework_version)
    table = _table(asked.name)
    if table is not None:
        builds, column = _builds(table, asked.version), _column(table, beside)
        if not builds or column is None:
            # Other spellings of a version (2.19 for 2.19.0) are rare: installed ones are exact.
            asked, beside = _recorded(asked), _recorded(beside)
            builds, column = _builds(table, asked.version), _column(table, beside)
        if builds and column is not None:
            found = [_pair(table, build, column) for build in builds]
            return _of_release(found, builds, python)
    return AbiPair(
        extension=str(asked),
        framework=str(beside),
        verdict=AbiVerdict.UNKNOWN,
        strength=Strength.STATIC,
        reasons=(_why_unknown(asked, beside),),
    )


def pairs(extension: str) -> tuple[AbiPair, ...]:
    """List all judged pairs, oldest extension release first; one for all Pythons of a release."""
    table = _table(normalise(extension))
    if table is None:
        return ()
    return tuple(
        _of_release([_pair(table, build, place) for build in builds], builds, None)
        for builds in _releases(table)
        for place in range(len(table.frameworks))
    )


def pairs_that_load(
    extension: str,
    *,
    extension_version: Optional[str] = None,
    framework: Optional[str] = None,
    framework_version: Optional[str] = None,
    python: Optional[str] = None,
) -> tuple[AbiPair, ...]:
    """List the pairs that load, safe or not: newest framework, then safe ones, then newest first.

    Each argument narrows the list; ``python`` is a minor such as ``3.11`` that has to have wheels
    of both. Where the wheels of a release differ, each build is a pair of its own.
    """
    from packaging.version import Version  # noqa: PLC0415

    def age(pair: AbiPair) -> tuple[Version, bool, Version, str]:
        name, _, version = pair.framework.partition("==")
        own = Version(pair.extension.partition("==")[2])
        return (Version(version), pair.verdict is AbiVerdict.LOADS, own, name)

    table = _table(normalise(extension))
    fitting = [
        pair
        for build in (table.builds if table else ())
        if table is not None and extension_version in {None, build.version}
        for place, beside in enumerate(table.frameworks)
        if framework in {None, beside.name} and framework_version in {None, beside.version}
        if _decided(_outcome(table, build, place), ()) is AbiVerdict.LOADS
        for pair in (_pair(table, build, place),)
        if python is None or python in pair.common_python
    ]
    return tuple(sorted(fitting, key=age, reverse=True))


def _table(extension: str) -> Optional[ExtensionTable]:
    return store.find(f"{FOLDER}/{extension}.json", ExtensionTable)


@store.remembered
def _reports(extension: str) -> tuple[Report, ...]:
    table = store.find(REPORTS, ReportTable)
    found = table.reports if table else ()
    return tuple(one for one in found if one.extension == extension)


def _recorded(key: _Key) -> _Key:
    """Spell a version as the release lists do."""
    known = releases.release(key.name, key.version)
    return _Key(key.name, known.version) if known is not None else key


def _builds(table: ExtensionTable, version: str) -> tuple[Build, ...]:
    return tuple(build for build in table.builds if build.version == version)


def _releases(table: ExtensionTable) -> Iterator[tuple[Build, ...]]:
    for version in dict.fromkeys(build.version for build in table.builds):
        yield _builds(table, version)


def _column(table: ExtensionTable, beside: _Key) -> Optional[int]:
    for place, one in enumerate(table.frameworks):
        if (one.name, one.version) == beside:
            return place
    return None


def _of_release(found: list[AbiPair], builds: tuple[Build, ...], python: Optional[str]) -> AbiPair:
    """Speak for all wheels of a release that can stand beside a framework, or for that of one."""
    from msgspec.structs import replace  # noqa: PLC0415

    together = [(pair, build) for pair, build in zip(found, builds) if pair.common_python]
    together = together or list(zip(found, builds))
    if python is not None:
        together = [one for one in together if python in one[1].pythons] or together
    worst = min((pair for pair, _ in together), key=lambda pair: _WORST_FIRST.index(pair.verdict))
    if len(together) == 1:
        return worst
    common = dict.fromkeys(minor for pair, _ in together for minor in pair.common_python)
    others = tuple(
        f"the wheels for Python {', '.join(build.pythons)} differ from the others: "
        f"{pair.verdict.value}"
        for pair, build in together
        if pair.verdict is not worst.verdict
    )
    ordered = sorted(common, key=lambda minor: tuple(map(int, minor.split("."))))
    return replace(worst, common_python=tuple(ordered), reasons=(*worst.reasons, *others))


def _outcome(table: ExtensionTable, build: Build, place: int) -> Optional[Outcome]:
    index = build.outcomes[place]
    return table.outcomes[index] if index is not None else None


def _pair(table: ExtensionTable, build: Build, place: int) -> AbiPair:
    """Put together what is known of a build beside the framework at a place of the table."""
    framework = table.frameworks[place]
    code = framework.carrier or str(framework)
    outcome = _outcome(table, build, place)
    extension = f"{table.extension}=={build.version}"
    reports = [one for one in _reports(extension) if _code(table, one.framework) == code]
    unsafe = tuple(_against(table.differences, build, code, outcome, reports))
    decided = _decided(outcome, unsafe)
    vendor = _vendor_says(table, build, framework, decided)
    return AbiPair(
        extension=extension,
        framework=str(framework),
        verdict=decided,
        strength=Strength.STATIC,
        carrier=framework.carrier,
        message=outcome.message if outcome else None,
        unresolved_libraries=outcome.unresolved_libraries if outcome else (),
        missing_symbols=tuple(table.symbols[one] for one in outcome.missing_symbols)
        if outcome
        else (),
        reasons=(
            _reason(build, framework, outcome, table.skipped),
            *_about_shell(framework),
            *_left_open(build, framework, outcome),
            *unsafe,
            *(f"reported: {one.statement}" for one in reports if not one.loads),
            *vendor,
        ),
        unsafe=unsafe if decided is AbiVerdict.LOADS_BUT_UNSAFE else (),
        common_python=tuple(one for one in build.pythons if one in framework.pythons),
        minimum_macos=_newer(build.minimum_macos, framework.minimum_macos),
        sources=(
            *build.sources[:1],
            *framework.sources,
            *(Source(name=one.address) for one in reports),
            *((table.vendor_source,) if vendor and table.vendor_source else ()),
        ),
    )


def _code(table: ExtensionTable, framework: str) -> str:
    """Name the distribution with the code, for the one that somebody named."""
    found = next((one for one in table.frameworks if str(one) == framework), None)
    return (found.carrier if found else None) or framework


def _decided(outcome: Optional[Outcome], unsafe: tuple[str, ...]) -> AbiVerdict:
    if outcome is None:
        return AbiVerdict.UNKNOWN
    if outcome.library is not None and outcome.library.opened is Opened.IMPORT:
        return AbiVerdict.CANNOT_LOAD
    return AbiVerdict.LOADS_BUT_UNSAFE if unsafe else AbiVerdict.LOADS


def _against(
    differences: Iterable[Difference],
    build: Build,
    code: str,
    outcome: Optional[Outcome],
    reports: Iterable[Report],
) -> Iterator[str]:
    """Say what makes a pair unsafe that loads."""
    if outcome is None or (outcome.library and outcome.library.opened is Opened.IMPORT):
        return
    if outcome.library is not None:
        when = (
            "when it is first used"
            if outcome.library.opened is Opened.FIRST_USE
            else "and the import goes on without it"
        )
        yield (
            f"{outcome.failed} of its {len(build.libraries)} libraries cannot be loaded; "
            f"{outcome.library.path} fails {when}"
        )
    for path in outcome.copies:
        yield f"it loads a copy of its own, {path}, of a library that the framework has loaded"
    for one in differences:
        if (one.version, one.pythons) == (build.version, build.pythons) and code in one.frameworks:
            yield one.reason
    for report in reports:
        if report.loads:
            yield f"reported: {report.statement}"


def _reason(
    build: Build, framework: Framework, outcome: Optional[Outcome], skipped: dict[str, str]
) -> str:
    """Say what the loader's rules gave."""
    shown = f"{framework.name} {framework.version}"
    loader = _SHOWN.get(framework.name, framework.name)
    if framework.without_code:
        return f"{shown} brings no library to load into, nor does what it requires"
    if outcome is None:
        code = framework.carrier or str(framework)
        why = skipped.get(code, "it was not read")
        return f"it was not judged beside {shown}: {why}"
    if outcome.library is None:
        if not build.libraries:
            return "it has no native library"
        return (
            f"all {outcome.examined} names that it needs are found: in the {outcome.images} "
            f"libraries that {loader} loads, in its own, or in macOS"
        )
    subject = "it needs"
    if len(build.libraries) > 1:
        subject = f"{outcome.library.path} needs"
    lost = f"{len(outcome.missing_symbols)}"
    if len(build.libraries) == 1:
        lost += f" of the {outcome.examined}"
    if outcome.unresolved_libraries:
        return (
            f"no library that {loader} loads has the install name "
            f"{', '.join(outcome.unresolved_libraries)}; {lost} names that {subject} stay "
            "unresolved"
        )
    return f"{lost} names that {subject} are not exported where the loader looks"


def _about_shell(framework: Framework) -> Iterator[str]:
    if framework.carrier is not None:
        yield (
            f"{framework.name} {framework.version} is an empty shell for ARM Macs; the code is "
            f"that of {framework.carrier.replace('==', ' ')}, which it requires"
        )


def _left_open(build: Build, framework: Framework, outcome: Optional[Outcome]) -> Iterator[str]:
    """Say what a verdict that an extension loads does not cover."""
    if outcome is None or outcome.library is not None or not build.libraries:
        return
    if framework.name not in _SHOWN:
        yield _ASKED_LATER
        return
    name, _, version = (build.built_for or "").partition("==")
    another = _numbers(version)[:2] != _numbers(framework.version)[:2]
    if version and another and not build.hands_over:
        yield (
            f"it was built for {name} {version}; TensorFlow keeps its C++ classes the same within "
            "a minor only, and loading does not show whether they changed"
        )


def _vendor_says(
    table: ExtensionTable, build: Build, framework: Framework, decided: AbiVerdict
) -> tuple[str, ...]:
    """Say where the vendor's own table pairs the two; it never changes a verdict."""
    release = _numbers(framework.version)
    for one in table.vendor:
        if one.version != build.version:
            continue
        first, last = _numbers(one.first), _numbers(one.last)
        paired = first <= release[: len(first)] and release[: len(last)] <= last
        if paired:
            if decided is AbiVerdict.CANNOT_LOAD:
                return ("the vendor's table pairs them; by the loader's rules it is wrong",)
            return ("the vendor's table pairs them",)
    return ()


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    return tuple(map(int, found.group().split("."))) if found else ()


def _newer(one: Optional[str], other: Optional[str]) -> Optional[str]:
    known = [version for version in (one, other) if version is not None]
    return max(known, key=_numbers, default=None)


def _why_unknown(asked: _Key, beside: _Key) -> str:
    if _table(asked.name) is not None:
        return (
            f"{asked.name} {asked.version} beside {beside} is not among the pairs that were judged"
        )
    release = releases.release(asked.name, asked.version)
    if release is None:
        return f"nothing is known of {asked.name} {asked.version}"
    pins = ", ".join(releases.requirements(release, _MAC)) or "nothing"
    if not release.wheels:
        why = "is built when it is installed, so there is no library to judge"
    elif not releases.supported_pythons(release, _MAC):
        why = "has no wheel for ARM Macs, so there is no library to judge"
    else:
        why = "was not judged"
    return f"{asked.name} {asked.version} {why}; it declares that it needs {pins}"
