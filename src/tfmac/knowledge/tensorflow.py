"""Which TensorFlow there is for a machine, whatever the distribution is called there."""

from typing import Optional

import msgspec

from tfmac.knowledge import markers, releases, store
from tfmac.schema.platform import Target

TENSORFLOW_NAMES = (
    "tensorflow",
    "tensorflow-aarch64",
    "tensorflow-cpu",
    "tensorflow-cpu-aws",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-rocm",
    "intel-tensorflow",
    "tf-nightly",
    "tf-nightly-cpu",
)
"""The distributions that can own the importable package ``tensorflow``."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A TensorFlow release that can be installed on a machine.

    ``name`` is the distribution to ask for: ``tensorflow``, or ``tensorflow-macos`` for the
    releases that exist for Apple silicon under that name only.
    """

    name: str
    version: str
    pythons: tuple[str, ...]


@store.remembered
def offers(target: Target, *, prereleases: bool = False) -> tuple[Offer, ...]:
    """List the releases with a wheel for this machine and its macOS, newest first.

    A release is listed once: under ``tensorflow`` where that has a wheel, be it a shell that
    requires the distribution with the code, else under ``tensorflow-macos``. A release whose
    wheel requires itself brings nothing and is left out.
    """
    from packaging.version import Version  # noqa: PLC0415

    found: dict[str, Offer] = {}
    for name in ("tensorflow", "tensorflow-macos"):
        for version in releases.versions(name, prereleases=prereleases):
            offer = _offer(name, version, target)
            if offer is not None:
                found.setdefault(version, offer)
    return tuple(sorted(found.values(), key=lambda one: Version(one.version), reverse=True))


@store.remembered
def offers_under(name: str, target: Target, *, prereleases: bool = False) -> tuple[Offer, ...]:
    """List the releases of one distribution that bring a TensorFlow, as ``offers`` does."""
    found = (_offer(name, one, target) for one in releases.versions(name, prereleases=prereleases))
    return tuple(
        offer for offer in found if offer is not None and not _is_only_a_name(offer, target)
    )


def _is_only_a_name(offer: Offer, target: Target) -> bool:
    """Whether a release requires another TensorFlow of its version, which has the code."""
    from packaging.requirements import Requirement  # noqa: PLC0415

    release = releases.release(offer.name, offer.version)
    return any(
        requirement.name in TENSORFLOW_NAMES
        and markers.holds(requirement, target, offer.pythons[0])
        for requirement in map(
            Requirement, releases.requirements(release, target) if release else ()
        )
    )


def _offer(name: str, version: str, target: Target) -> Optional[Offer]:
    release = releases.release(name, version)
    if release is None:
        return None
    required = releases.requirements(release, target)
    if any(text.partition("=")[0].strip() == name for text in required):
        return None
    pythons = releases.supported_pythons(release, target)
    return Offer(name=name, version=version, pythons=pythons) if pythons else None


def supported_pythons(target: Target) -> tuple[str, ...]:
    """List the Pythons that some stable TensorFlow has a wheel for on this machine."""
    minors = {python for offer in offers(target) for python in offer.pythons}
    return tuple(sorted(minors, key=lambda text: tuple(map(int, text.split(".")))))


def newest(target: Target) -> Optional[str]:
    """Give the newest stable release for this machine, None when there is none."""
    found = offers(target)
    return found[0].version if found else None
