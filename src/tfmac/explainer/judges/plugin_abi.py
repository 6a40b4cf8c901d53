"""What a message of macOS's loader about Apple's plug-in says, by the tables of the pairs."""

from tfmac.explainer.circumstances import Known
from tfmac.explainer.judges.case import Case, Judgement
from tfmac.knowledge import extension_abi
from tfmac.schema.findings import Confidence

_NEWER = "metal-plugin-newer-than-tensorflow"
_OLDER = "metal-plugin-older-than-tensorflow"
_NO_FRAMEWORK = "tensorflow-too-new-for-metal"
_OTHER_BUILD = "metal-with-other-tensorflow-build"

CAUSES = frozenset({_NEWER, _OLDER, _NO_FRAMEWORK, _OTHER_BUILD})

_METAL = "tensorflow-metal"
# From here on TensorFlow has its code in a library that no plug-in of Apple's is linked to.
_SPLIT = (2, 20)


def judge(case: Case) -> Judgement:
    """Tell the causes by the missing ``symbol`` or ``library`` that a signature has captured."""
    library = case.captures.get("library", "").rpartition("/")[2]
    if library:
        return _by_library(library)
    symbol = case.captures.get("symbol", "").lstrip("_")
    return _by_symbol(symbol, case.known) if symbol else {}


def _by_library(library: str) -> Judgement:
    for pair in extension_abi.pairs(_METAL):
        if any(one.endswith(f"/{library}") for one in pair.unresolved_libraries):
            return {_NO_FRAMEWORK: Confidence.CERTAIN}
    return {}


def _by_symbol(symbol: str, known: Known) -> Judgement:
    tensorflow = known.packages.get("tensorflow") or known.packages.get("tensorflow-macos")
    plugin = known.packages.get(_METAL)
    wanted = {
        _cause(pair.extension, pair.framework)
        for pair in extension_abi.pairs(_METAL)
        if not pair.unresolved_libraries
        and symbol in (one.lstrip("_") for one in pair.missing_symbols)
        and tensorflow in {None, pair.framework.partition("==")[2]}
        and plugin in {None, pair.extension.partition("==")[2]}
    }
    if symbol.startswith("Z"):
        wanted &= {_NEWER, _OLDER}
        first = _firsts(symbol)
        wanted = first or wanted
    elif not symbol.startswith("TF_GetInput") and wanted != {_NEWER}:
        # A plain C name that these TensorFlows have in Apple's build and not in the other.
        return {_OTHER_BUILD: Confidence.LIKELY if wanted else Confidence.CERTAIN}
    sure = Confidence.CERTAIN if len(wanted) == 1 else Confidence.LIKELY
    return dict.fromkeys(wanted, sure)


def _firsts(symbol: str) -> set[str]:
    """Judge by the pairs of released TensorFlows in which it is the first name that is missing."""
    return {
        _cause(pair.extension, pair.framework)
        for pair in extension_abi.pairs(_METAL)
        if pair.missing_symbols
        and pair.missing_symbols[0].lstrip("_") == symbol
        and not pair.unresolved_libraries
        and "rc" not in pair.framework
    }


def _cause(extension: str, framework: str) -> str:
    """Say which of the two is the older one, by what the plug-in was built for."""
    version = extension.partition("==")[2]
    beside = _minor(framework.partition("==")[2])
    loading = extension_abi.pairs_that_load(_METAL, extension_version=version)
    built_for = max((_minor(pair.framework.partition("==")[2]) for pair in loading), default=_SPLIT)
    return _OLDER if beside > built_for else _NEWER


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
