"""What the wanted Keras has: its classes, their arguments, and how it writes a model's ends."""

from functools import lru_cache
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge import api_history, api_names

Release = tuple[int, int]
_FIRST: Release = (3, 0)
# Where the history shows a class under another name than its own, which files have.
_SHOWN_AS = {"GroupedQueryAttention": "GroupQueryAttention"}
# What the reading of a class takes beside what its constructor names.
_TAKEN_OUT = {"Bidirectional": frozenset({"forward_layer"})}


class Target(msgspec.Struct, frozen=True):
    """A release of Keras 3 that a model is written for."""

    release: Release

    @property
    def version(self) -> Version:
        """The newest patch that there may be of it."""
        return Version(f"{self.release[0]}.{self.release[1]}.99")

    def has(self, place: str, name: str) -> bool:
        """Whether it has a class or a function of this name in a module, such as ``layers``."""
        return _has(self.release, place, name)

    def accepts(self, place: str, name: str, argument: str) -> bool:
        """Whether a constructor takes an argument; what is not known is taken for accepted."""
        if argument in _TAKEN_OUT.get(name, ()):
            return True
        return _accepts(self.release, place, name, argument)


def target_of(keras: Version) -> Target:
    """Find the recorded release that stands for a version: the newest that is not newer."""
    release = (keras.major, keras.minor)
    known = [
        (int(major), int(minor))
        for major, minor in (one.split(".")[:2] for one in api_names.minors("keras"))
        if (int(major), int(minor)) >= _FIRST
    ]
    fitting = [one for one in known if one <= release]
    return Target(max(fitting or known))


@lru_cache(maxsize=8192)
def _has(release: Release, place: str, name: str) -> bool:
    text = _text(place, name)
    return text is not None and api_history.exists(text, "keras", _version(release)) is True


@lru_cache(maxsize=32768)
def _accepts(release: Release, place: str, name: str, argument: str) -> bool:
    text = _text(place, name)
    if text is None:
        return True
    found = api_history.parameter_exists(text, argument, "keras", _version(release))
    return found is not False


def _text(place: str, name: str) -> Optional[str]:
    """Spell a place in the history; what a hostile file calls a name may have none."""
    name = _SHOWN_AS.get(name, name)
    if not name.isidentifier() or not name.isascii() or len(name) > 100:
        return None
    return f"keras.{place}.{name}"


def _version(release: Release) -> str:
    return f"{release[0]}.{release[1]}"
