"""Whether a jax accepts another package beside it: it refuses some when it is imported."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_MINIMUM = "minimum-jaxlib"
"""The extra by which some releases of jax tell the oldest jaxlib that they accept."""


def accepts(jax: str, requires: Iterable[str], package: str, version: str) -> bool:
    """Tell by what a jax declares about a package.

    Releases before 0.4.30 declare no upper bound for jaxlib but have the same one as later ones,
    the version of jax itself: pairs that go against it were seen to fail.
    """
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        if package == "jaxlib" and Version(version) > Version(jax):
            return False
        return all(
            Version(version) >= Version(next(iter(one.specifier)).version)
            if one.marker is not None
            else one.specifier.contains(version, prereleases=True)
            for one in _requirements(requires, package)
        )
    except InvalidVersion:
        return True


def _requirements(requires: Iterable[str], package: str) -> "Iterator[Requirement]":
    """Read what is declared without a condition, and the minimum that hides behind an extra."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    for text in requires:
        try:
            one = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(one.name) != package:
            continue
        if one.marker is None or (_MINIMUM in str(one.marker) and one.specifier):
            yield one
