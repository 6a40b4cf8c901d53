"""The readers that a user may have: the newest patch of each minor release, with its companions."""

from collections.abc import Iterator
from typing import Optional

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from tfmac.knowledge import releases, store

_FIRST_TENSORFLOW = Version("2.3")
_FIRST_WITH_KERAS_3 = Version("2.16")


@store.remembered
def readers_that_matter() -> tuple[str, ...]:
    """Name them as ``--reader`` takes them: the oldest first, legacy Keras before Keras 3."""
    tensorflow = _newest_of_each_minor("tensorflow")
    return (
        *(f"tensorflow=={one}" for one in tensorflow if one < _FIRST_WITH_KERAS_3),
        *_legacy(tensorflow),
        *_of_keras_3([one for one in tensorflow if one >= _FIRST_WITH_KERAS_3]),
    )


def _newest_of_each_minor(name: str) -> list[Version]:
    newest: dict[tuple[int, ...], Version] = {}
    for version in map(Version, releases.versions(name)):
        minor = version.release[:2]
        if version >= _FIRST_TENSORFLOW and (minor not in newest or newest[minor] < version):
            newest[minor] = version
    return sorted(newest.values())


def _of_keras_3(tensorflow: list[Version]) -> Iterator[str]:
    """Give each Keras 3 with the newest TensorFlow that takes it."""
    for keras in _newest_of_each_minor("keras"):
        if keras.major < 3:
            continue
        fitting = [one for one in tensorflow if _takes(one, "keras", keras)]
        if fitting:
            yield f"tensorflow=={fitting[-1]},keras=={keras}"


def _takes(tensorflow: Version, name: str, version: Version) -> bool:
    release = releases.release("tensorflow", str(tensorflow))
    for text in release.requires if release else ():
        requirement = _requirement(text)
        if requirement is not None and requirement.name == name:
            return version in requirement.specifier
    return True


def _requirement(text: str) -> Optional[Requirement]:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _legacy(tensorflow: list[Version]) -> Iterator[str]:
    """Give the newest tf-keras with the TensorFlow of its number."""
    for legacy in reversed(_newest_of_each_minor("tf-keras")):
        for one in tensorflow:
            if one.release[:2] == legacy.release[:2]:
                yield f"tensorflow=={one},tf-keras=={legacy}"
                return
