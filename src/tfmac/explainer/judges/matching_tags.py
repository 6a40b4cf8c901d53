"""uv's reasons: it names the tag that no wheel has, and so the machine that it looks for."""

from collections.abc import Sequence

from packaging.version import Version

from tfmac.explainer.expressions import expression
from tfmac.explainer.judges.case import Case, Judgement
from tfmac.explainer.judges.offers import Machine, offers
from tfmac.schema.findings import Confidence

# In squeezed text.
_NO_PLATFORM = expression(r"(?:nowheelswith|no)amatchingplatformtag\(e\.g\.,'?([\w.]{1,60})'?\)")
_OTHER_PLATFORMS = expression(
    r"You'reon\w{1,20}\('?([\w.]{1,60})'?\),but'?[\w.-]{1,60}'?(?:\([^()]{1,40}\))?only"
    r"haswheelsforthefollowingplatform"
)
_NO_PYTHON = expression(
    r"nowheelswithamatchingPython(?:ABI|version|implementation)tag\(e\.g\.,'?(\w{1,20})'?\)"
    r"|You'reusing[\w.]{1,40}\('?\w{1,20}'?\),but'?[\w.-]{1,60}'?(?:\([^()]{1,40}\))?only"
    r"haswheelswiththefollowingPython"
)
_MACOS = expression(r"macosx_(\d+)_(\d+)_(arm64|x86_64)")


def judge_tags(case: Case, package: str, wanted: Sequence[Version]) -> Judgement:
    """Tell the causes by the tags that uv names; none where it names none."""
    platforms = _NO_PLATFORM.findall(case.text) or _OTHER_PLATFORMS.findall(case.text)
    if platforms:
        return _of_platform(case, package, wanted, platforms[-1])
    if _NO_PYTHON.search(case.text):
        return {"no-wheel-for-python": Confidence.CERTAIN}
    return {}


def _of_platform(case: Case, package: str, wanted: Sequence[Version], tag: str) -> Judgement:
    mac = _MACOS.fullmatch(tag)
    if mac is None:
        return {"requirement-for-other-platform": Confidence.CERTAIN}
    chip = mac.group(3)
    missing = set(wanted)
    known = offers(package)
    newer = any(
        missing & set(versions)
        for machine, versions in known.items()
        if machine.platform == f"macos-{chip}" and machine.macos is None
    )
    if newer:
        return {"macos-too-old-for-wheel": Confidence.CERTAIN}
    return _of_chip(case, package, wanted, chip, known)


def _of_chip(
    case: Case,
    package: str,
    wanted: Sequence[Version],
    chip: str,
    known: "dict[Machine, tuple[Version, ...]]",
) -> Judgement:
    own = [
        one
        for machine, versions in known.items()
        if machine.platform == f"macos-{chip}"
        for one in versions
    ]
    if chip == "x86_64" and own and wanted and min(wanted) > max(own):
        if case.known.platform == "macos-arm64":
            return {"x86-python-on-apple-silicon": Confidence.CERTAIN}
        return {"intel-mac-dropped": Confidence.CERTAIN}
    if chip == "arm64" and package == "tensorflow" and own and wanted and max(wanted) < max(own):
        return {"no-arm64-wheel-before-2-13": Confidence.CERTAIN}
    return {"requirement-for-other-platform": Confidence.LIKELY}
