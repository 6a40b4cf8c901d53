"""Questions to the API history: where a public name lived, and what stands in for it.

A name is written as in a program: ``tf.keras.layers.Dense``, ``keras.utils.np_utils``,
``tf_keras.Model.fit``, ``tensorflow.python.framework.ops``. Parameters are those of calls.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from tfmac.knowledge import api_names, api_replacements
from tfmac.knowledge.api_names import State, Thing
from tfmac.schema.api_history import ApiKind, ApiLife, ApiLived, ApiPage
from tfmac.schema.codec import SCHEMA_VERSION

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
# Where each package keeps its Keras.
_KERAS_ROOTS = (
    ("tensorflow", "keras"),
    ("keras", ""),
    ("tf_keras", ""),
    ("tensorflow", "compat.v1.keras"),
    ("tensorflow", "python.keras"),
)


class InvalidApiName(ValueError):
    """A text that cannot be a name of a Python program."""


class _Place(NamedTuple):
    """A package, and a name within it."""

    package: str
    name: str

    @property
    def written(self) -> str:
        return f"{self.package}.{self.name}" if self.name else self.package


def look_up(text: str) -> ApiPage:
    """Tell where a name lived, and what stands in for it. Raises ``InvalidApiName``."""
    name = spelled(text)
    place = _place(name)
    lives = tuple(_lives(place)) if place is not None else ()
    elsewhere = tuple(_elsewhere(place))
    found = any(life.lived for life in lives)
    replacements = api_replacements.of(place.package, place.name) if place is not None else ()
    return ApiPage(
        schema_version=SCHEMA_VERSION,
        asked=text,
        found=found,
        lives=lives,
        replacements=tuple(replacements),
        elsewhere=elsewhere,
        near=() if found or elsewhere else tuple(api_replacements.near(name)),
    )


def exists(text: str, package: str, version: str, *, keras: Optional[str] = None) -> Optional[bool]:
    """Whether a release has a name; None where that is unknown.

    ``package`` is ``tensorflow``, ``keras`` or ``tf-keras``, or a distribution that carries
    TensorFlow. ``keras`` is the version beside a TensorFlow from 2.16 on, whose ``tf.keras`` it is;
    without it the answer is given only where all that fit agree. Raises ``InvalidApiName``.
    """
    state = _state_in(text, package, version, keras)
    return None if state is None else _agreed([one.has(number) for one, number in state])


def parameter_exists(
    text: str, parameter: str, package: str, version: str, *, keras: Optional[str] = None
) -> Optional[bool]:
    """Whether a function or class of a release accepts a keyword; None where that is unknown."""
    state = _state_in(text, package, version, keras)
    if state is None:
        return None
    return _agreed([_accepts(one.things.get(number), parameter) for one, number in state])


def spelled(text: str) -> str:
    """Give the full spelling of a name. Raises ``InvalidApiName``."""
    name = text.strip().replace("tf-keras", "tf_keras")
    if not _NAME.fullmatch(name) or len(name) > 300:
        raise InvalidApiName(f"{text!r} is not a name such as tf.keras.layers.Dense")
    return api_names.full_name(name)


def parameters(signature: Optional[str]) -> tuple[Optional[tuple[str, ...]], tuple[str, ...], bool]:
    """Take a recorded signature apart: parameters, known keywords, whether others are accepted."""
    if signature is None:
        return None, (), True
    parts = signature.split(",") if signature else []
    plain = tuple(one for one in parts if not one.startswith("+") and one != "**")
    keywords = tuple(one[1:] for one in parts if one.startswith("+"))
    return plain, keywords, "**" in parts


def _place(name: str) -> Optional[_Place]:
    package, _, rest = name.partition(".")
    return _Place(package, rest) if package in api_names.packages() else None


def _lives(place: _Place) -> Iterator[ApiLife]:
    """Give the life in the name's own package, and where another takes it over, that one."""
    yield _life(place)
    if place.package == "tensorflow" and f"{place.name}.".startswith("keras."):
        users = [one.minor for one in api_names.releases("tensorflow") if one.keras]
        if users:
            inner = _Place("keras", api_names.COMPANION + place.name[len("keras") :])
            note = f"tf.keras is Keras 3 from TensorFlow {users[0]} on"
            yield _life(inner, note=note, only=_companions(), written=place.written)


def _companions() -> tuple[str, ...]:
    """Name the releases of Keras that are ``tf.keras`` of some TensorFlow."""
    return tuple(
        dict.fromkeys(minor for one in api_names.releases("tensorflow") for minor in one.keras)
    )


def _life(
    place: _Place,
    *,
    note: Optional[str] = None,
    only: Optional[Sequence[str]] = None,
    written: Optional[str] = None,
) -> ApiLife:
    all_minors = api_names.minors(place.package)
    state = api_names.state(place.package, place.name)
    taken_over = _taken_over(place)
    counted = [
        number
        for number, minor in enumerate(all_minors)
        if (only is None or minor in only) and minor not in taken_over
    ]
    return ApiLife(
        package=api_names.TITLES[place.package],
        name=written or place.written,
        note=note,
        read=tuple(all_minors[number] for number in counted),
        lived=tuple(_runs(state, all_minors, counted)),
        unknown=tuple(all_minors[number] for number in counted if number in state.unknown),
    )


def _taken_over(place: _Place) -> frozenset[str]:
    """Name the TensorFlow releases whose ``tf.keras`` is another package's to tell."""
    if place.package != "tensorflow" or not f"{place.name}.".startswith("keras."):
        return frozenset()
    return frozenset(one.minor for one in api_names.releases("tensorflow") if one.keras)


def _runs(state: State, minors: Sequence[str], counted: Sequence[int]) -> Iterator[ApiLived]:
    """Join neighbouring releases in which a name was the same for its users."""
    before: Optional[tuple[int, int, Thing]] = None
    for position, number in enumerate(counted):
        thing = state.things.get(number)
        if before is not None:
            if thing is not None and position == before[1] + 1 and thing[:2] == before[2][:2]:
                before = (before[0], position, thing)
                continue
            yield _lived(minors[counted[before[0]]], minors[counted[before[1]]], before[2])
        before = None if thing is None else (position, position, thing)
    if before is not None:
        yield _lived(minors[counted[before[0]]], minors[counted[before[1]]], before[2])


def _lived(first: str, last: str, thing: Thing) -> ApiLived:
    callable_ = thing.kind in {ApiKind.CLASS, ApiKind.FUNCTION, ApiKind.METHOD}
    plain, keywords, others = parameters(thing.signature if callable_ else None)
    return ApiLived(
        first=first, last=last, kind=thing.kind, parameters=plain, keywords=keywords, open=others
    )


def _elsewhere(place: Optional[_Place]) -> Iterator[ApiLife]:
    """Give the lives of the same path under the other roots that have it."""
    for other in () if place is None else _relatives(place):
        if other != place:
            yield from (life for life in _lives(other) if life.lived)


def _relatives(place: _Place) -> Iterator[_Place]:
    tail = _below_keras(place)
    if tail:
        for package, root in _KERAS_ROOTS:
            yield _Place(package, f"{root}.{tail}".lstrip("."))
    elif tail is None and place.package == "tensorflow":
        old = "compat.v1."
        is_old = place.name.startswith(old)
        yield _Place("tensorflow", place.name[len(old) :] if is_old else old + place.name)


def _below_keras(place: _Place) -> Optional[str]:
    """Give the path of a name below its Keras; None for one that is not below any."""
    for package, root in _KERAS_ROOTS:
        if place.package == package and f"{place.name}.".startswith(f"{root}." if root else ""):
            return place.name[len(root) :].lstrip(".")
    return None


def _state_in(
    text: str, package: str, version: str, keras: Optional[str]
) -> Optional[list[tuple[State, int]]]:
    """Find the histories that decide about a name in a release, with the release's number."""
    place = _place(spelled(text))
    own = _package(package)
    if place is None or own is None:
        return None
    if own == "keras" and place.package == "tensorflow" and f"{place.name}.".startswith("keras."):
        place = _Place("keras", api_names.COMPANION + place.name[len("keras") :])
    if place.package != own:
        return None
    number = _number(own, version)
    if number is None:
        return None
    release = api_names.releases(own)[number]
    if not (release.keras and f"{place.name}.".startswith("keras.")):
        return [(api_names.state(own, place.name), number)]
    inner = api_names.state("keras", api_names.COMPANION + place.name[len("keras") :])
    minors = release.keras if keras is None else (_minor(keras),)
    numbers = [_number("keras", minor) for minor in minors]
    return [(inner, one) for one in numbers if one is not None] or None


def _package(name: str) -> Optional[str]:
    plain = name.replace("-", "_").lower()
    if plain in {"keras", "tf_keras"}:
        return plain
    return "tensorflow" if plain.partition("_")[0] == "tensorflow" else None


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _number(package: str, version: str) -> Optional[int]:
    known = api_names.minors(package)
    minor = _minor(version)
    return known.index(minor) if minor in known else None


def _agreed(answers: Sequence[Optional[bool]]) -> Optional[bool]:
    return answers[0] if len(set(answers)) == 1 else None


def _accepts(thing: Optional[Thing], parameter: str) -> Optional[bool]:
    if thing is None or thing.signature is None:
        return None
    plain, keywords, others = parameters(thing.signature)
    given = plain or ()
    by_name = given[given.index("/") + 1 :] if "/" in given else given
    names = {one.rstrip("=") for one in by_name}
    if parameter in names or parameter in keywords:
        return True
    return None if others else False
