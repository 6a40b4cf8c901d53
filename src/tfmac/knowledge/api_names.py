"""What a name was in each release of a package: from the files of the API history."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional, TypeVar, Union

import msgspec

from tfmac.knowledge import store
from tfmac.schema.api_history import (
    ApiAdvice,
    ApiClass,
    ApiClasses,
    ApiClassesUnread,
    ApiKind,
    ApiNames,
    ApiNamesUnread,
    ApiRelease,
    ApiReleases,
    ApiSpan,
    ApiText,
)

FOLDER = "api_history"
TITLES = {"tensorflow": "TensorFlow", "keras": "Keras", "tf_keras": "tf-keras"}
PRIVATE = "private"
"""The part with the modules that users are not meant to see, and what they define."""
COMPANION = "_tf_keras.keras"
"""Where Keras 3 keeps the names that are ``tf.keras`` of a TensorFlow."""

T = TypeVar("T")

_KINDS = tuple(ApiKind)
_ALIASES = _KINDS.index(ApiKind.ALIAS)
_SPANS = msgspec.json.Decoder(tuple[ApiSpan, ...])
_CLASS = msgspec.json.Decoder(ApiClass)
_DEPTH = 4  # aliases of aliases
_OUTSIDE = "~"

# Spellings of the same name: short ones, and the places that messages name instead.
_SPELLINGS = (
    ("tensorflow._api.v2.compat.v2", "tensorflow"),
    ("tensorflow._api.v2", "tensorflow"),
    ("tensorflow_core", "tensorflow"),
    ("tensorflow.python.keras.api._v2.keras", "tensorflow.keras"),
    ("tensorflow.python.keras.api._v1.keras", "tensorflow.compat.v1.keras"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tensorflow.compat.v1.compat.v1", "tensorflow.compat.v1"),
    ("tensorflow.compat.v1.compat.v2", "tensorflow"),
    ("keras.api._v2.keras", "tensorflow.keras"),
    ("keras.api._v1.keras", "tensorflow.compat.v1.keras"),
    ("keras._tf_keras.keras", "tensorflow.keras"),
    ("keras.api", "keras"),
    ("tf_keras.api._v2.keras", "tf_keras"),
    ("tf", "tensorflow"),
)


class Thing(NamedTuple):
    """What a name is in one release."""

    kind: ApiKind
    signature: Optional[str]
    definition: Optional[str]


class State(NamedTuple):
    """What is known of a name, by the number of the release."""

    things: dict[int, Thing]
    unknown: frozenset[int]
    """Releases that may have it."""

    def has(self, number: int) -> Optional[bool]:
        """Whether a release has the name; None where that is unknown."""
        if number in self.things:
            return True
        return None if number in self.unknown else False


def full_name(name: str) -> str:
    """Give the full spelling of a name."""
    for _ in range(3):
        for short, full in _SPELLINGS:
            if name == short or name.startswith(f"{short}."):
                name = full + name[len(short) :]
                break
        else:
            break
    return name


def packages() -> tuple[str, ...]:
    """Name the packages with a history."""
    return tuple(TITLES)


def releases(package: str) -> tuple[ApiRelease, ...]:
    """Give the minor releases that were read, oldest first."""
    return _releases(package).releases


def _releases(package: str) -> ApiReleases:
    return store.load(f"{FOLDER}/{package}/releases.json", ApiReleases)


def minors(package: str) -> tuple[str, ...]:
    """Name the minor releases that were read, oldest first."""
    return tuple(release.minor for release in releases(package))


def advice(package: str) -> ApiAdvice:
    """Give what the package's sources say to use instead."""
    return store.load(f"{FOLDER}/{package}/advice.json", ApiAdvice)


def parts(package: str, name: str) -> Iterator[ApiNamesUnread]:
    """Give the parts that may have a name or what lies below it, the likeliest first."""
    yield _own_part(package, name)
    if name.partition(".")[0] in _releases(package).private:
        yield names_of(package, PRIVATE)


def _own_part(package: str, name: str) -> ApiNamesUnread:
    inner = [part for part in _parts(package) if f"{name}.".startswith(f"{part}.")]
    return names_of(package, max(inner, key=len, default="public"))


def names_of(package: str, part: str) -> ApiNamesUnread:
    """Give a part of the names."""
    return store.load(f"{FOLDER}/{package}/names-{part}.json", ApiNamesUnread)


def spans_of(part: ApiNamesUnread, name: str) -> tuple[ApiSpan, ...]:
    """Read in which releases a name was what; none where the part does not have it."""
    unread = part.names.get(name)
    return () if unread is None else _read(_SPANS, unread, name)


def _read(decoder: "msgspec.json.Decoder[T]", unread: msgspec.Raw, name: str) -> T:
    try:
        return decoder.decode(unread)
    except msgspec.DecodeError as error:
        raise store.KnowledgeError(f"the history of {name} is damaged: {error}") from error


def files() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Name every file of the history with the type of its record."""
    for package in packages():
        folder = f"{FOLDER}/{package}"
        yield f"{folder}/releases.json", ApiReleases
        yield f"{folder}/advice.json", ApiAdvice
        for name in store.names(folder):
            if name.startswith("names-"):
                yield f"{folder}/{name}.json", ApiNames
            elif name.startswith("classes"):
                yield f"{folder}/{name}.json", ApiClasses


@store.remembered
def _parts(package: str) -> tuple[str, ...]:
    files = store.names(f"{FOLDER}/{package}")
    return tuple(one[len("names-") :] for one in files if one.startswith("names-"))


def public_parts(package: str) -> tuple[str, ...]:
    """Name the parts with the names that are meant for users."""
    return tuple(part for part in _parts(package) if part not in {PRIVATE, "raw_ops"})


@store.remembered
def state(package: str, name: str, depth: int = _DEPTH) -> State:
    """Tell what a name is in each release; a name below a class is a member of it."""
    things: dict[int, Thing] = {}
    unknown: set[int] = set()
    if not name:
        whole = Thing(ApiKind.MODULE, None, None)
        return State(dict.fromkeys(range(len(releases(package))), whole), frozenset())
    for part in parts(package, name):
        things.update(_direct(part, name))
        unknown |= _unseen(part, name)
        if things:
            break
    if depth:
        for number, thing in _by_alias(package, name, depth):
            things.setdefault(number, thing)
        found, untold = _by_owner(package, name, set(things), depth)
        things.update(found)
        unknown |= untold
    return State(things, frozenset(unknown - set(things)))


def _by_owner(
    package: str, name: str, known: set[int], depth: int
) -> tuple[dict[int, Thing], set[int]]:
    """Look a name up as a member of the class that stands before its last dot."""
    owner, _, member = name.rpartition(".")
    if not owner:
        return {}, set()
    above = state(package, owner, depth)
    things: dict[int, Thing] = {}
    unknown = set(above.unknown)
    for number, thing in above.things.items():
        found = _member(package, thing, member, number) if number not in known else False
        if isinstance(found, Thing):
            things[number] = found
        elif found is None:
            unknown.add(number)
    return things, unknown


def _direct(part: ApiNamesUnread, name: str) -> Iterator[tuple[int, Thing]]:
    for span in spans_of(part, name):
        thing = Thing(
            _KINDS[span.kind],
            None if span.signature < 0 else part.signatures[span.signature],
            None if span.definition < 0 else part.definitions[span.definition],
        )
        for number in range(span.first, span.last + 1):
            yield number, thing


def _unseen(part: ApiNamesUnread, name: str) -> set[int]:
    """Tell in which releases the module above a name may have names that are not recorded.

    Private modules may have taken one from another module; a module of its own they have or not.
    """
    above = name.rpartition(".")[0]
    open_ = _numbers(part.open.get(above, ())) if part.open else set()
    modules = [one for one in spans_of(part, name) if _KINDS[one.kind] is ApiKind.MODULE]
    if part.part == PRIVATE and not modules:
        open_ |= {number for number, _ in _direct(part, above)}
    return open_


def _by_alias(package: str, name: str, depth: int) -> Iterator[tuple[int, Thing]]:
    """Look a name up under the module that a module above it is another name of."""
    above = name
    while above:
        part = _own_part(package, above)  # only exports have other names for modules
        for span in spans_of(part, above):
            if span.kind != _ALIASES:
                continue
            rest = name[len(above) :]
            inner = state(package, part.definitions[span.definition] + rest, depth - 1)
            for number in range(span.first, span.last + 1):
                if number in inner.things:
                    yield number, inner.things[number]
        above = above.rpartition(".")[0]


def _member(package: str, owner: Thing, name: str, number: int) -> Union[Thing, bool, None]:
    """Find a member of a class in a release: False where it has none, None where it is unknown."""
    if owner.kind is ApiKind.OTHER:
        return None
    if owner.kind is not ApiKind.CLASS:
        return False
    if owner.definition is None:
        return None
    unknown = False
    for definition in _line(package, owner.definition, number):
        if definition.startswith(_OUTSIDE):
            found = _outside_member(definition[len(_OUTSIDE) :], name)
            unknown = unknown or found is None
            if isinstance(found, Thing):
                return found
            continue
        known = _class(package, definition)
        if known is None:
            unknown = True
            continue
        group, one = known
        for span in one.members.get(name, ()):
            if span.first <= number <= span.last:
                signature = None if span.signature < 0 else group.signatures[span.signature]
                return Thing(_KINDS[span.kind], signature, f"{definition}.{name}")
    return None if unknown else False


def _outside_member(owner: str, name: str) -> Union[Thing, bool, None]:
    """Ask the newest release with a class of another package for a member of it."""
    package, _, rest = full_name(owner).partition(".")
    if package not in packages() or not rest:
        return None
    things = state(package, rest).things
    if not things:
        return None
    newest = max(things)
    found = state(package, f"{rest}.{name}")
    return found.things.get(newest) or found.has(newest)


def _line(package: str, definition: str, number: int) -> Iterable[str]:
    """Name a class and those it inherits from in a release, nearest first."""
    line: dict[str, None] = {}
    waiting = [definition]
    while waiting:
        one = waiting.pop(0)
        if one in line:
            continue
        line[one] = None
        found = _class(package, one)
        if found is None:
            continue
        bases = [text.text for text in found[1].bases if text.first <= number <= text.last]
        waiting = [base for text in bases for base in text.split()] + waiting
    return line


@store.remembered
def _class(package: str, definition: str) -> Optional[tuple[ApiClassesUnread, ApiClass]]:
    first = definition.partition(".")[0]
    for name in (f"classes-{first}", "classes"):
        group = store.find(f"{FOLDER}/{package}/{name}.json", ApiClassesUnread)
        if group is not None:
            unread = group.classes.get(definition)
            return None if unread is None else (group, _read(_CLASS, unread, definition))
    return None


def _numbers(texts: Iterable[ApiText]) -> set[int]:
    return {number for one in texts for number in range(one.first, one.last + 1)}
