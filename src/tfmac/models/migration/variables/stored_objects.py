"""Files that keep arrays below the objects that own them: ``layers/dense_1/vars/0``.

In a model, an object is called for its class and its place among the layers of that class; in a
layer, for the attribute that it stands under.
"""

import bisect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

from packaging.version import Version

from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.shared_objects import (
    Shared,
    are_whole,
    everywhere,
    identity,
    shared_locations,
)
from tfmac.models.migration.variables.stored import (
    StoredVariable,
    StoredVariables,
    Unowned,
    Variable,
    canonical_key,
    key_within,
    numbered_key,
)
from tfmac.models.ownership import snake_case
from tfmac.schema.layer_variables import LayerVariable
from tfmac.schema.model_content import Content, Tensor, WeightGroup

_TWICE = "_layer_checkpoint_dependencies"
_CONTAINERS = frozenset({"layers", _TWICE})
# Since then a layer that was saved before counts among those of its class.
_COUNTS_ALL = Version("3")
_NUMBERED = re.compile(r"(.+?)_(\d{1,6})")


def read_objects(content: Content, model: Owner, keras: Version) -> StoredVariables:
    """Tell which variable each array of the file is; ``keras`` is the writer."""
    found = _Reading(content, model).read()
    if not found.unowned and are_whole(found.variables, model):
        return found
    way = _Way(counts_all=keras >= _COUNTS_ALL)
    way.visit(model, "")
    if not way.again:
        return found
    shared = _Reading(content, model, way.first).read()
    variables = tuple(everywhere(shared.variables, way.again))
    # That layers are one is believed only where all that is stored then has its place.
    if shared.unowned or not are_whole(variables, model):
        return found
    return StoredVariables(variables=variables, shared=shared_locations(way.again))


class _Way:
    """The way of the saving, as if all layers that look the same were one."""

    def __init__(self, *, counts_all: bool) -> None:
        self._counts_all = counts_all
        self._seen: dict[str, Owner] = {}
        self.first: dict[str, Owner] = {}
        """The place in the file of each object that is saved."""
        self.again: list[Shared] = []

    def visit(self, owner: Owner, path: str) -> None:
        """Note an object and all in it, unless it was there before."""
        known = self._seen.setdefault(identity(owner), owner)
        if known is not owner:
            self.again.append((known, owner))
            return
        self.first[path] = owner
        for name, one in self._below(owner):
            self.visit(one, f"{path}/{name}" if path else name)

    def _below(self, owner: Owner) -> Iterator[tuple[str, Owner]]:
        if not owner.is_model:
            cells = {id(one): f"cells/{name}" for name, one in stored_cells(owner)}
            yield from ((cells.get(id(one), name), one) for name, one in owner.inner)
            return
        counts: dict[str, int] = {}
        for one in owner.layers:
            if one.is_layer and (self._counts_all or identity(one) not in self._seen):
                yield f"layers/{_counted(one, counts)}", one
            elif one.is_layer:
                self.visit(one, "")


def owners_of_members(content: Content, model: Owner, name: str) -> Iterator[tuple[str, Owner]]:
    """Give the members of an archive that are a file of an object, each with that object."""
    reading = _Reading(content, model)
    for member in content.members:
        top, _, rest = member.name.partition("/")
        folder, _, last = rest.rpartition("/")
        if top != "assets" or last != name:
            continue
        owner, inside = reading.owner(folder.split("/") if folder else [])
        if owner is not None and not inside:
            yield member.name, owner


class _Reading:
    def __init__(
        self, content: Content, model: Owner, places: Optional[Mapping[str, Owner]] = None
    ) -> None:
        self._places = places
        self._content = content
        self._model = model
        self._tensors = {one.path: one for one in content.tensors}
        self._numbers = _numbers(
            (
                *(one.layer for one in content.groups),
                *(one.name.partition("/")[2] for one in content.members),
            )
        )

    def read(self) -> StoredVariables:
        variables: list[StoredVariable] = []
        unowned: list[Unowned] = []
        for group in self._content.groups:
            found = list(self._of_group(group)) if group.tensors else []
            if all(variable is not None for _, variable in found):
                variables += (one for _, one in found if one is not None)
                continue
            unowned.append(
                Unowned(
                    location=group.name or group.layer,
                    class_name="",
                    reason="the architecture has no variables for what is stored here",
                    paths=group.tensors,
                )
            )
        return StoredVariables(variables=tuple(variables), unowned=tuple(unowned))

    def _of_group(self, group: WeightGroup) -> Iterator[tuple[Tensor, Optional[StoredVariable]]]:
        owner, rest = self.owner(group.layer.split("/") if group.layer else [])
        own = _own_variables(owner, rest) if owner is not None else {}
        for path in group.tensors:
            tensor = self._tensors[path]
            number = path.rpartition("/")[2]
            if owner is None or not number.isdecimal():
                yield tensor, None
                continue
            key = own.get(int(number))
            if not owner.known and not owner.is_model:
                key = numbered_key(owner, int(number), "/".join(rest))
            elif owner.is_model and not owner.known and not rest:
                key = numbered_key(owner, int(number))
            if key is None:
                yield tensor, None
                continue
            variable = Variable(owner.location, key)
            yield tensor, StoredVariable(tensor=tensor, variable=variable, owner=owner)

    def owner(self, path: list[str]) -> tuple[Optional[Owner], list[str]]:
        """Go down as far as the architecture does; give what is left of the way."""
        if self._places is not None:
            return _longest(self._places, path)
        owner, done = self._model, 0
        while done < len(path):
            if owner.is_model:
                if path[done] not in _CONTAINERS or done + 1 >= len(path):
                    return None, []
                child = self._layer(owner, "/".join(path[: done + 1]), path[done + 1])
                if child is None:
                    return None, []
                owner, done = child, done + 2
                continue
            inner, steps = _inner(owner, path[done:])
            if inner is None:
                break
            owner, done = inner, done + steps
        return owner, path[done:]

    def _layer(self, model: Owner, container: str, name: str) -> Optional[Owner]:
        layers = [one for one in model.layers if one.is_layer]
        if not container.endswith(_TWICE):
            return dict(stored_names(layers)).get(name)
        base, number = _base_and_number(name)
        same = [one for one in layers if snake_case(one.class_name) == base]
        numbers = self._numbers.get((container, base), [])
        if len(numbers) != len(same):
            return None
        return same[bisect.bisect_left(numbers, number)]


def _longest(places: Mapping[str, Owner], path: list[str]) -> tuple[Optional[Owner], list[str]]:
    """Find the innermost object on a way."""
    for length in range(len(path), -1, -1):
        owner = places.get("/".join(path[:length]))
        if owner is not None:
            return owner, path[length:]
    return None, []


def _inner(owner: Owner, path: list[str]) -> tuple[Optional[Owner], int]:
    """Find what a wrapper is around by the attribute, or by the place in a list of cells."""
    inner = dict(owner.inner)
    if path[0] in inner:
        return inner[path[0]], 1
    if path[0] == "cells" and len(path) > 1:
        found = dict(stored_cells(owner)).get(path[1])
        if found is not None:
            return found, 2
    return None, 0


def stored_cells(owner: Owner) -> Iterator[tuple[str, Owner]]:
    """Name the cells of a stack as they are stored: for their class and their place in that."""
    yield from stored_names(one for name, one in owner.inner if name.startswith("cells/"))


def stored_names(owners: Iterable[Owner]) -> Iterator[tuple[str, Owner]]:
    """Name objects of a list as they are stored."""
    counts: dict[str, int] = {}
    for one in owners:
        yield _counted(one, counts), one


def _counted(one: Owner, counts: dict[str, int]) -> str:
    """Name an object by how many of its class came before."""
    base = snake_case(one.class_name)
    number = counts.get(base, 0)
    counts[base] = number + 1
    return f"{base}_{number}" if number else base


def _own_variables(owner: Owner, inside: list[str]) -> dict[int, str]:
    """Give the keys of the variables of an object, by their numbers."""
    place = [one.lstrip("_") for one in inside]
    own: list[LayerVariable] = [
        one
        for one in owner.variables
        if ([part.lstrip("_") for part in one.object.split("/")] if one.object else []) == place
    ]
    ordered = sorted(own, key=lambda one: not one.trainable)
    return {
        number: key_within(owner, canonical_key(owner, one)) for number, one in enumerate(ordered)
    }


def _numbers(groups: Iterable[str]) -> dict[tuple[str, str], list[int]]:
    """Collect the numbers of the objects of each class in each list of layers.

    Keras 2.12 and 2.13 count a layer twice that has arrays: it stands in that list twice.
    """
    found: dict[tuple[str, str], set[int]] = {}
    for group in groups:
        names = group.split("/")
        for depth, name in enumerate(names[:-1]):
            if name == _TWICE:
                base, number = _base_and_number(names[depth + 1])
                found.setdefault(("/".join(names[: depth + 1]), base), set()).add(number)
    return {place: sorted(numbers) for place, numbers in found.items()}


def _base_and_number(key: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(key)
    return (match[1], int(match[2])) if match else (key, 0)
