"""Which Keras a model is migrated to: the one that was asked for, else the newest that fits."""

import re
from collections.abc import Iterable
from typing import Optional

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from tfmac.knowledge import releases
from tfmac.schema.platform import Target

OLDEST = Version("3.0")
_NAMED = re.compile(r"\s*keras\s*(?=[<>=!~])")


class NoSuchKeras(ValueError):
    """A ``--keras`` that is no version, or that no release of Keras 3 fulfils."""


def wanted_keras(specification: Optional[str], target: Target, pythons: Iterable[str]) -> Version:
    """Choose the newest release of Keras 3 that is asked for and that one of the Pythons can have.

    ``specification`` is a version (``3.8``, which means its newest patch), or a specifier
    (``>=3.5,<3.9``), with or without ``keras`` before it. ``pythons`` are minor versions. Raises
    ``NoSuchKeras``.
    """
    specifier = _specifier(specification or f">={OLDEST}")
    known = [one for one in map(Version, releases.versions("keras")) if one >= OLDEST]
    asked = [one for one in known if one in specifier]
    if not asked:
        raise NoSuchKeras(
            f"no release of Keras 3 that is known here is {specification}: they go "
            f"from {min(known)} to {max(known)}"
        )
    minors = tuple(pythons)
    for one in sorted(asked, reverse=True):
        release = releases.release("keras", str(one))
        if release is not None and any(
            releases.has_wheel(release, target, python) for python in minors
        ):
            return one
    if specification is not None:
        # A file can be made for a Keras that this machine does not have.
        return max(asked)
    raise NoSuchKeras(f"no Keras 3 is for Python {', '.join(minors) or 'unknown'}")


def _specifier(text: str) -> SpecifierSet:
    text = _NAMED.sub("", text).strip()
    try:
        version = Version(text)
    except InvalidVersion:
        try:
            return SpecifierSet(text)
        except InvalidSpecifier as error:
            raise NoSuchKeras(
                f"{text!r} is no version of Keras: write it as 3.8.0 or '>=3.5,<3.9'"
            ) from error
    exact = len(version.release) > 2
    return SpecifierSet(f"=={text}" if exact else f"=={text}.*")
