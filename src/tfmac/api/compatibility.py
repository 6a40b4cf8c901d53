"""Which native extension loads into which framework, as the knowledge has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfmac.schema.abi import AbiAnswer, AbiMatrix, StackMatrix, StackRow
from tfmac.schema.codec import SCHEMA_VERSION

if TYPE_CHECKING:
    from typing import Optional

    from tfmac.knowledge.tensorflow import Offer
    from tfmac.schema.abi import AbiPair
    from tfmac.schema.platform import Target

# Whose versions people ask for beside TensorFlow's.
_SHOWN_REQUIREMENTS = ("keras", "numpy", "protobuf")


class UnreadablePair(ValueError):
    """A release that is not written as NAME==VERSION."""


class UnknownExtension(LookupError):
    """An extension that there is no table of."""


def abi(extension: str, framework: str) -> AbiAnswer:
    """Tell whether an extension loads into a framework, both written as NAME==VERSION.

    The answer covers all Pythons of the releases; a pair that was not judged is unknown, with the
    reason. Raises ``UnreadablePair``.
    """
    from tfmac.knowledge import extension_abi

    return _answer(extension_abi.verdict(*_release(extension), *_release(framework)))


def abi_matrix(extension: str) -> AbiMatrix:
    """Give all judged pairs of an extension, oldest first. Raises ``UnknownExtension``."""
    from tfmac.formats.distinfo import normalise
    from tfmac.knowledge import extension_abi

    name = normalise(extension)
    if name not in extension_abi.extensions():
        known = ", ".join(extension_abi.extensions())
        raise UnknownExtension(f"there is no table of {extension}; there are {known}")
    return AbiMatrix(
        schema_version=SCHEMA_VERSION,
        extension=name,
        pairs=tuple(map(_answer, extension_abi.pairs(name))),
    )


def stack_matrix(target: Optional[Target] = None) -> StackMatrix:
    """Give what goes with each TensorFlow release on a machine, Apple silicon by default.

    A release candidate counts as long as its final release is not there.
    """
    from packaging.version import Version

    from tfmac.knowledge import tensorflow
    from tfmac.schema.platform import APPLE_SILICON

    target = target or APPLE_SILICON
    final = {offer.version for offer in tensorflow.offers(target)}
    offers = [
        offer
        for offer in tensorflow.offers(target, prereleases=True)
        if offer.version in final or Version(offer.version).base_version not in final
    ]
    return StackMatrix(
        schema_version=SCHEMA_VERSION,
        target=str(target),
        rows=tuple(_stack_row(offer, target) for offer in offers),
    )


def _stack_row(offer: Offer, target: Target) -> StackRow:
    from tfmac.knowledge import extension_abi, releases
    from tfmac.planner.declared import declared

    release = releases.release(offer.name, offer.version)
    pairs = extension_abi.pairs_that_load(
        "tensorflow-metal", framework=offer.name, framework_version=offer.version
    )
    best = pairs[0] if pairs and target.apple_silicon else None
    found = {
        name: declared((f"{offer.name}=={offer.version}",), name, target)
        for name in _SHOWN_REQUIREMENTS
    }
    return StackRow(
        tensorflow=f"{offer.name}=={offer.version}",
        pythons=offer.pythons,
        minimum_macos=releases.minimum_macos(release, target, offer.pythons[-1])
        if release
        else None,
        requires={name: str(one.specifier) for name, one in found.items() if one is not None},
        plugin=best.extension if best else None,
        plugin_verdict=best.verdict if best else None,
        plugin_pythons=best.common_python if best else (),
    )


def _release(text: str) -> tuple[str, str]:
    name, separator, version = (part.strip() for part in text.partition("=="))
    if not name or not separator or not version:
        raise UnreadablePair(f"{text!r} is not a release: write it as tensorflow==2.18.0")
    return name, version


def _answer(pair: AbiPair) -> AbiAnswer:
    return AbiAnswer(
        schema_version=SCHEMA_VERSION,
        extension=pair.extension,
        framework=pair.framework,
        carrier=pair.carrier,
        verdict=pair.verdict,
        strength=pair.strength,
        message=pair.message,
        missing_symbols=pair.missing_symbols,
        unresolved_libraries=pair.unresolved_libraries,
        reasons=pair.reasons,
        common_python=pair.common_python,
        minimum_macos=pair.minimum_macos,
        sources=pair.sources,
    )
