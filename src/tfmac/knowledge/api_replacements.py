"""What stands in for a name that is gone or going: only what the sources themselves tell."""

from collections.abc import Iterator
from typing import Optional

from tfmac.knowledge import api_names
from tfmac.knowledge.api_names import State
from tfmac.schema.api_history import ApiKind, ApiReplacement

_MOST = 24  # members of a module that are named one by one
_NEAR = 5


def of(package: str, name: str) -> Iterator[ApiReplacement]:
    """Give what is known, the surest first."""
    if not name:
        return
    state = api_names.state(package, name)
    known: set[str] = set()
    for replacement in _all(package, name, state):
        if replacement.replacement not in known or replacement.name != f"{package}.{name}":
            known.add(replacement.replacement)
            yield replacement


def _all(package: str, name: str, state: State) -> Iterator[ApiReplacement]:
    yield from _same_object(package, name, state)
    yield from _said(package, name, state)
    target = api_names.advice(package).renames.get(name)
    if target is not None and not state.things:
        source = api_names.advice(package).renames_source
        yield ApiReplacement(
            name=f"{package}.{name}",
            replacement=target,
            known_from=f"{source} of {_title(package, _last(package))}",
        )
    if any(thing.kind is ApiKind.MODULE for thing in state.things.values()):
        yield from _children(package, name, state)


def _children(package: str, name: str, state: State) -> Iterator[ApiReplacement]:
    """Follow the names of a module that is gone."""
    last = max(state.things)
    if _in_newest(package, name) is not False:
        return
    given = 0
    for part in api_names.parts(package, name):
        for inner in part.names:
            if not inner.startswith(f"{name}.") or "." in inner[len(name) + 1 :]:
                continue
            spans = api_names.spans_of(part, inner)
            if any(span.first <= last <= span.last for span in spans):
                for one in _same_object(package, inner, api_names.state(package, inner)):
                    yield one
                    given += 1
            if given == _MOST:
                return


def _same_object(package: str, name: str, state: State) -> Iterator[ApiReplacement]:
    """Find another name of the same object that outlived this one."""
    last = max(state.things, default=None)
    if last is None or _in_newest(package, name) is not False:
        return
    thing = state.things[last]
    if thing.definition is None or thing.kind not in {ApiKind.CLASS, ApiKind.FUNCTION}:
        return
    living = [
        other
        for other in _other_names(package, thing.definition, last)
        if other != name and _in_newest(package, other)
    ]
    if living:
        best = min(living, key=lambda other: (_distance(name, other), other))
        yield ApiReplacement(
            name=f"{package}.{name}",
            replacement=_written(package, best),
            known_from=f"the same object in {_title(package, last)}",
        )


def _other_names(package: str, definition: str, number: int) -> Iterator[str]:
    for part_name in api_names.public_parts(package):
        part = api_names.names_of(package, part_name)
        if definition not in part.definitions:
            continue
        place = part.definitions.index(definition)
        written = b",%d]" % place  # the end of a run that has it; few names are read in full
        for other, unread in part.names.items():
            if written not in bytes(unread):
                continue
            for span in api_names.spans_of(part, other):
                if span.definition == place and span.first <= number <= span.last:
                    yield other


def _distance(name: str, other: str) -> tuple[bool, bool, int]:
    """Order names by how alike they are to one: same ending, same first part, short."""
    same_root = name.partition(".")[0] == other.partition(".")[0]
    return (name.rpartition(".")[2] != other.rpartition(".")[2], not same_root, other.count("."))


def _in_newest(package: str, name: str) -> Optional[bool]:
    """Whether the newest release has a name; where another package has it, that one's newest."""
    newest = _last(package)
    if api_names.releases(package)[newest].keras and f"{name}.".startswith("keras."):
        inner = api_names.state("keras", api_names.COMPANION + name[len("keras") :])
        return inner.has(_last("keras"))
    return api_names.state(package, name).has(newest)


def _said(package: str, name: str, state: State) -> Iterator[ApiReplacement]:
    """Give what the source says in the last release that said anything."""
    said = api_names.advice(package).said
    definitions = {thing.definition for thing in state.things.values() if thing.definition}
    for key in (name, *sorted(definitions)):
        for text in reversed(said.get(key, ())):
            if text.last in state.things:
                yield ApiReplacement(
                    name=f"{package}.{name}",
                    replacement=_completed(package, name, text.text),
                    known_from=f"said by the source of {_title(package, text.last)}",
                )
                break


def _completed(package: str, name: str, text: str) -> str:
    """Write ``Model.fit``, said in ``keras.Model.fit_generator``, in full."""
    owner, _, _ = name.rpartition(".")
    first, _, member = text.partition(".")
    if owner and member and owner.rpartition(".")[2] == first:
        return _written(package, f"{owner}.{member}")
    return text


def _written(package: str, name: str) -> str:
    return f"tf.{name}" if package == "tensorflow" else f"{package}.{name}"


def _last(package: str) -> int:
    return len(api_names.releases(package)) - 1


def _title(package: str, number: int) -> str:
    return f"{api_names.TITLES[package]} {api_names.releases(package)[number].version}"


def near(name: str) -> list[str]:
    """Name what is spelled alike: close spellings, and the same last part elsewhere."""
    last = name.rpartition(".")[2]
    same = [
        _written(package, other)
        for package in api_names.packages()
        for part_name in api_names.public_parts(package)
        for other in api_names.names_of(package, part_name).names
        if f".{other}".endswith(f".{last}")
    ]
    same.sort(key=lambda other: (_spread(name, other), other))
    close = _close(name)
    return list(dict.fromkeys([*close[:2], *same[:_NEAR], *close]))[:_NEAR]


def _spread(name: str, other: str) -> tuple[bool, int]:
    mine, theirs = set(name.split(".")), set(other.split("."))
    return ("compat" in theirs or "_tf_keras" in theirs, len(theirs - mine))


def _close(name: str) -> list[str]:
    import difflib  # noqa: PLC0415 - only a mistyped name pays for it

    package, _, rest = name.partition(".")
    if package not in api_names.packages():
        package, rest = "tensorflow", name
    known: list[str] = []
    for part_name in api_names.public_parts(package):
        known += api_names.names_of(package, part_name).names
    owner, _, last = rest.rpartition(".")
    beside = [one for one in known if one.rpartition(".")[0] == owner]
    close = difflib.get_close_matches(rest, beside, n=_NEAR, cutoff=0.7)
    if not close and last:
        alike = [one for one in known if one.rpartition(".")[2][:2].lower() == last[:2].lower()]
        close = difflib.get_close_matches(rest, alike, n=_NEAR, cutoff=0.7)
    return [_written(package, one) for one in close]
