"""What an installer's list of versions says: which Python and machine it was made for.

``from versions: 2.16.0rc0, …`` begins where the wheels for that Python begin and ends where those
for that machine end. The list is compared with what every machine and Python would be offered.
"""

from collections.abc import Iterator, Mapping
from typing import Optional

from packaging.version import Version

from tfmac.explainer.circumstances import Known
from tfmac.explainer.judges.case import Case, Judgement
from tfmac.explainer.judges.matching_tags import judge_tags
from tfmac.explainer.judges.offers import TARGETS, Machine, offers, published, versions_of
from tfmac.knowledge import releases
from tfmac.schema.findings import Confidence

PYTHON = "no-wheel-for-python"
ARM64 = "no-arm64-wheel-before-2-13"
INTEL = "intel-mac-dropped"
ROSETTA = "x86-python-on-apple-silicon"
MACOS = "macos-too-old-for-wheel"
OLD_PIP = "pip-too-old-for-macos"
OTHER_PLATFORM = "requirement-for-other-platform"
TENSORFLOW_1 = "tensorflow-1-not-installable"
# Packages whose lack of wheels is a cause of its own.
_OWN = {
    "tensorflow-addons": "tensorflow-addons-no-wheel",
    "tensorflow-io-gcs-filesystem": "tensorflow-io-gcs-no-wheel",
    "tensorflow-metal": "tensorflow-metal-no-wheel",
    "tensorflow-text": "tensorflow-text-no-wheel",
}

CAUSES = frozenset(
    {PYTHON, ARM64, INTEL, ROSETTA, MACOS, OLD_PIP, OTHER_PLATFORM, TENSORFLOW_1}
    | set(_OWN.values())
)

_FAMILY = ("tensorflow", "keras", "tf-", "jax-metal")
_MOST_AGREEING = 0.8
_FIRST_ALONE = Version("2.13.0rc0")
_PIP_FOR_BIG_SUR = Version("20.3")
# What pip says where it could not ask: a list of none then says nothing.
_NOT_ASKED = (
    *("Retrying(Retry(", "Maxretriesexceeded", "NewConnectionError", "ConnectTimeout"),
    *("Temporaryfailureinnameresolution", "SSLError", "CERTIFICATE_VERIFY_FAILED", "ProxyError"),
    *("CouldnotfetchURL", "ReadTimeoutError", "Therewasaproblemconfirmingthesslcertificate"),
)


def judge(case: Case) -> Judgement:
    """Tell the causes of a search for ``package`` and ``wanted`` that was ``offered`` versions."""
    package, wanted = case.captures.get("package", ""), case.captures.get("wanted", "")
    if not package.startswith(_FAMILY) or releases.package(package) is None:
        return {}
    if any(words in case.whole for words in _NOT_ASKED):
        return {}
    if package in _TENSORFLOWS and _only_tensorflow_1(wanted):
        return {TENSORFLOW_1: Confidence.CERTAIN}
    found = _judged(case, package, published(package, wanted))
    own = _OWN.get(package)
    elsewhere = found.get(OTHER_PLATFORM) is Confidence.CERTAIN
    if own is None or (found and (elsewhere or set(found) <= {OLD_PIP, MACOS})):
        return found
    return {own: Confidence.CERTAIN} if found or "offered" in case.captures else {}


_TENSORFLOWS = frozenset({"tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tensorflow-macos"})


def _only_tensorflow_1(wanted: str) -> bool:
    """Whether a specifier asks for TensorFlow 1 and no other."""
    found = published("tensorflow", wanted)
    if found:
        return max(found) < Version("2.0.0a0")
    return wanted.startswith(("==1.", "~=1.", "==0."))


def _judged(case: Case, package: str, wanted: tuple[Version, ...]) -> Judgement:
    tags = judge_tags(case, package, wanted)
    if tags:
        return tags
    if "offered" not in case.captures:
        return _of_no_list(package, wanted, case)
    offered = versions_of(case.captures["offered"])
    if not wanted:
        return _name_given_up(package, case.captures.get("wanted", ""), offered)
    if offered:
        cut = "..." in case.captures["offered"]
        return _of_list(package, wanted, offered, case.known, cut=cut)
    return _of_none(package, wanted, case)


def _of_no_list(package: str, wanted: tuple[Version, ...], case: Case) -> Judgement:
    """Judge where pip says that there is nothing, and its list was not quoted or never printed."""
    if not wanted or not any(words in case.text for words in _NOTHING_FOUND):
        return {}
    found = _of_none(package, wanted, case)
    return {cause: max(sure, Confidence.LIKELY, key=_SURE.index) for cause, sure in found.items()}


_SURE = list(Confidence)
_NOTHING_FOUND = ("Couldnotfindaversionthatsatisfies", "Nomatchingdistributionfoundfor")


def _name_given_up(package: str, wanted: str, offered: tuple[Version, ...]) -> Judgement:
    """A release that only TensorFlow's other name has."""
    if package != "tensorflow-macos" or not offered:
        return {}
    known = published("tensorflow", wanted)
    ended = bool(known) and min(known) > offered[-1]
    return {OTHER_PLATFORM: Confidence.LIKELY} if ended else {}


def _machines(package: str, known: Known) -> Iterator[tuple[Machine, tuple[Version, ...]]]:
    """Give what each machine that the log allows would be offered."""
    minor = ".".join(known.python.split(".")[:2]) if known.python else None
    for machine, versions in offers(package).items():
        if minor in {None, machine.python} and known.system in {None, machine.system}:
            yield machine, versions


def _of_list(
    package: str,
    wanted: tuple[Version, ...],
    offered: tuple[Version, ...],
    known: Known,
    *,
    cut: bool,
) -> Judgement:
    """Explain a list that the wanted release is not in."""
    missing = frozenset(wanted)
    if missing & set(offered):
        return {}
    without_it = [one for one in _machines(package, known) if not missing & set(one[1])]
    fitting = [
        machine for machine, versions in without_it if _agree(offered, versions, cut=cut)
    ] or [machine for machine, versions in without_it if _of_its_minors(offered, versions)]
    current = [machine for machine in fitting if machine.macos is None]
    if not current:
        return {MACOS: Confidence.CERTAIN} if fitting else _unread(package, wanted, offered)
    platforms = {machine.platform for machine in current}
    with_it = {
        machine.platform
        for machine, versions in offers(package).items()
        if missing & set(versions) and machine.macos is None
    }
    if not _arm64_first(package, missing, offered, platforms):
        python = _other_python(package, platforms, with_it)
        if python:
            return python
    return _of_machine(package, missing, offered, platforms, known)


def _other_python(package: str, platforms: set[str], with_it: set[str]) -> Judgement:
    """Judge by the machines that a list may be of, and those with the wanted release at all."""
    both = platforms & with_it
    if not both:
        return {}
    macs = {one for one in platforms if one.startswith("macos-")}
    if package != "tensorflow" and macs and not macs & both:
        return {OTHER_PLATFORM: Confidence.LIKELY, PYTHON: Confidence.POSSIBLE}
    # Another machine's list that is the same leaves a doubt.
    return {PYTHON: Confidence.CERTAIN if platforms <= with_it else Confidence.LIKELY}


def _arm64_first(
    package: str, missing: frozenset[Version], offered: tuple[Version, ...], platforms: set[str]
) -> bool:
    return (
        package == "tensorflow"
        and "macos-arm64" in platforms
        and max(missing) < _FIRST_ALONE
        and offered[0] == _FIRST_ALONE
    )


def _of_machine(
    package: str,
    missing: frozenset[Version],
    offered: tuple[Version, ...],
    platforms: set[str],
    known: Known,
) -> Judgement:
    """Explain a list of a machine for which the wanted release has no wheel at all."""
    if platforms == {"macos-x86_64"} and min(missing) > offered[-1]:
        if known.platform == "macos-arm64":
            return {ROSETTA: Confidence.CERTAIN}
        return {INTEL: Confidence.LIKELY, ROSETTA: Confidence.POSSIBLE}
    if package == "tensorflow" and "macos-arm64" in platforms and max(missing) < _FIRST_ALONE:
        sure = platforms == {"macos-arm64"} or offered[0] == _FIRST_ALONE
        return {ARM64: Confidence.CERTAIN if sure else Confidence.LIKELY}
    return {OTHER_PLATFORM: Confidence.LIKELY}


def _unread(package: str, wanted: tuple[Version, ...], offered: tuple[Version, ...]) -> Judgement:
    """Judge a list that was cut off, or that is of no machine that is known."""
    begins = {versions[0] for versions in offers(package).values()}
    if offered[0] not in begins or max(wanted) >= offered[0]:
        return {}
    arm64 = package == "tensorflow" and offered[0] == _FIRST_ALONE
    return {ARM64 if arm64 else PYTHON: Confidence.LIKELY}


def _agree(offered: tuple[Version, ...], versions: tuple[Version, ...], *, cut: bool) -> bool:
    """Whether a list is one of these, made on some day: nothing else, and nothing left out.

    Of a list that somebody has ``cut`` down with dots, what is left has to be of these.
    """
    if offered[0] != versions[0]:
        return False
    until = {one for one in versions if one <= offered[-1]}
    recorded = {one for one in offered if one <= versions[-1]}
    most = len(offered) if cut else max(len(until), len(offered))
    return len(until & recorded) / most >= _MOST_AGREEING


def _of_its_minors(offered: tuple[Version, ...], versions: tuple[Version, ...]) -> bool:
    """Whether a list that somebody has written down has all minors up to the machine's last."""
    minors = {(one.major, one.minor) for one in versions}
    return (
        len(offered) >= _FEWEST_TOLD
        and set(offered) <= set(versions)
        and {(one.major, one.minor) for one in offered} == minors
    )


_FEWEST_TOLD = 5
"""A shorter list is of any machine."""


def _of_none(package: str, wanted: tuple[Version, ...], case: Case) -> Judgement:
    """Explain that nothing at all was offered."""
    known = case.known
    everywhere = offers(package)
    if not everywhere:
        return {}
    if _elsewhere(everywhere, known):
        return {OTHER_PLATFORM: Confidence.CERTAIN}
    minor = ".".join(known.python.split(".")[:2]) if known.python else None
    pythons = {one.python for one in everywhere if known.system in {None, one.system}}
    if minor is not None and minor not in pythons:
        return {PYTHON: Confidence.CERTAIN}
    if _old_pip(case):
        return {OLD_PIP: Confidence.LIKELY}
    if _old_macos(package, everywhere, wanted, known):
        return {MACOS: Confidence.LIKELY}
    its_day = _of_its_day(package, minor, pythons, known) if minor else None
    return _of_nothing(package, everywhere, wanted, case) if its_day is None else its_day


_NEWEST = 3
"""So many Pythons are new enough for a log to be older than their first wheels."""


def _of_its_day(package: str, minor: str, pythons: set[str], known: Known) -> Judgement:
    """Explain by the index of the log's day: what there is now was not offered then."""
    if minor in sorted(pythons, key=Version)[-_NEWEST:]:
        return {PYTHON: Confidence.LIKELY}
    if package == "tensorflow" and known.platform == "macos-arm64":
        return {ARM64: Confidence.LIKELY}
    return {}


def _of_nothing(
    package: str,
    everywhere: Mapping[Machine, tuple[Version, ...]],
    wanted: tuple[Version, ...],
    case: Case,
) -> Judgement:
    """Guess where a log shows nothing of its machine: an unsuitable Python is the commonest."""
    if "Ignoredthefollowingversionsthatrequireadifferentpython" in case.text:
        return {PYTHON: Confidence.LIKELY}
    missing = set(wanted)
    having = {one.system for one, versions in everywhere.items() if missing & set(versions)}
    in_container = any(words in case.whole for words in _OF_CONTAINERS)
    if in_container and case.known.system is None and having == {"macos"}:
        return {OTHER_PLATFORM: Confidence.LIKELY}
    if case.known.system in {None, "macos"} and "macos" not in having:
        return {OTHER_PLATFORM: Confidence.POSSIBLE}
    arm64 = package == "tensorflow" and case.known.platform == "macos-arm64"
    if arm64 and missing and max(missing) < _FIRST_ALONE:
        # Another Python alone would not help.
        return {ARM64: Confidence.LIKELY, PYTHON: Confidence.POSSIBLE}
    return {PYTHON: Confidence.POSSIBLE}


# Images are built for Linux, on whatever machine.
_OF_CONTAINERS = (
    *("/bin/sh-c", "]RUNpip", ":RUNpip", "]RUNpython", ":RUNpython", "appdetected"),
    "failedtocompilePythonapp",
)


def _elsewhere(everywhere: Mapping[Machine, object], known: Known) -> bool:
    """Whether a package is for other machines than the log's."""
    if known.system is not None and known.system not in {one.system for one in everywhere}:
        return True
    return known.platform is not None and known.platform not in {one.platform for one in everywhere}


def _old_pip(case: Case) -> bool:
    """Whether pip is older than the numbering of macOS 11, and on a Mac."""
    version = case.known.packages.get("pip")
    return (
        case.known.system == "macos" and version is not None and Version(version) < _PIP_FOR_BIG_SUR
    )


def _old_macos(
    package: str,
    everywhere: Mapping[Machine, tuple[Version, ...]],
    wanted: tuple[Version, ...],
    known: Known,
) -> bool:
    """Whether the wanted releases are there for newer releases of macOS than the log's."""
    if known.macos is None:
        return False
    shown = Version(known.macos)
    platforms = {one.platform for one in everywhere if one.system == "macos"}
    if known.platform is not None:
        platforms &= {known.platform}
    least = [_minimum(package, wanted, platform) for platform in sorted(platforms)]
    return any(one is not None and one > shown for one in least)


def _minimum(package: str, wanted: tuple[Version, ...], platform: str) -> Optional[Version]:
    """Give the oldest macOS that one of some releases has a wheel for on a machine."""
    found = []
    for version in wanted:
        release = releases.release(package, str(version))
        for python in releases.supported_pythons(release, TARGETS[platform]) if release else ():
            least = releases.minimum_macos(release, TARGETS[platform], python) if release else None
            found.append(Version(least or "0"))
    return min(found, default=None)
