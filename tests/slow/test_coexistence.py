"""tfmac installs beside every TensorFlow without moving one of its pins."""

import importlib.metadata

import pytest

from tfmac.environments.resolver import UvResolver
from tfmac.environments.uv import Uv
from tfmac.knowledge import releases, tensorflow
from tfmac.planner.undeclared import constraints_for
from tfmac.schema.plans import Pin
from tfmac.schema.platform import Target

pytestmark = pytest.mark.slow

LINUX = Target.parse("linux-x86_64")
MINORS = [f"2.{minor}" for minor in range(5, 22)]


def newest_of(minor: str) -> tensorflow.Offer:
    """The newest patch release of a minor, with its Pythons."""
    offers = tensorflow.offers(LINUX)
    return next(one for one in offers if one.version.startswith(f"{minor}."))


def resolved(uv: Uv, offer: tensorflow.Offer, python: str, *beside: str) -> dict[str, str]:
    """The full set for a TensorFlow release, alone or beside other requirements."""
    pins: tuple[Pin, ...] = UvResolver(uv).resolve(
        [f"tensorflow=={offer.version}", *beside],
        python=python,
        target=LINUX,
        constraints=constraints_for(offer.version),
        # 2.5 requires a keras-nightly that was never released otherwise.
        prereleases=offer.version.startswith("2.5."),
    )
    return {pin.name: pin.version for pin in pins}


@pytest.mark.parametrize("minor", MINORS)
def test_tfmac_moves_no_pin_of_tensorflow(uv: Uv, minor: str) -> None:
    """Each package of TensorFlow's own set has the same version with tfmac's requirements."""
    offer = newest_of(minor)
    python = next(one for one in reversed(offer.pythons) if one not in {"3.6", "3.7", "3.8"})
    own = [text for text in importlib.metadata.requires("tfmac") or () if "extra ==" not in text]

    alone = resolved(uv, offer, python)
    together = resolved(uv, offer, python, *own)
    moved = {
        name: (version, together[name])
        for name, version in alone.items()
        if together[name] != version
    }
    assert moved == {}


def test_every_minor_is_recorded() -> None:
    """The list above ends with the newest stable minor that is recorded."""
    newest = releases.versions("tensorflow")[0]
    assert newest.startswith(f"{MINORS[-1]}.")
