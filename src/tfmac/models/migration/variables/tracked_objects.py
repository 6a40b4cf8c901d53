"""Checkpoints and SavedModels: keys that are ways through the graph of objects of the model.

``layer-2/kernel``: the layers of a model are numbered as the configuration has them. Keras 2 has
a second number for those with variables; Keras 3 a list of them, with the operations between.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Optional

from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.shared_objects import (
    Shared,
    everywhere,
    may_be_one,
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
from tfmac.schema.model_content import Content, Node, Tensor

_ATTRIBUTES = "/.ATTRIBUTES/"
_KEYS = "table-keys"
_PLACE = re.compile(r"layer-(\d{1,6})")
_LISTS = frozenset({"_operations", "_layers"})
# What Keras adds to an object of a SavedModel.
_NOT_ATTRIBUTES = frozenset(
    {
        "variables",
        "trainable_variables",
        "non_trainable_variables",
        "keras_api",
        "regularization_losses",
        "_all_variables",
        "_trainable_variables",
        "_non_trainable_variables",
    }
)
# What ``tf.random.Generator`` is at; Keras 3 has generators of its own, which begin anew.
_STATE_OF_GENERATOR = "_state_var"
_DEEPEST = 8
_UNIQUE = re.compile(r"_\d+$")


def read_tracked(content: Content, model: Owner) -> StoredVariables:
    """Tell which variable each array of the file is."""
    return _Reading(content, model).read()


def owners_of_tables(content: Content, model: Owner) -> Iterator[tuple[str, Owner]]:
    """Give the arrays that are the keys of a table of words, each with the layer that has it."""
    reading = _Reading(content, model)
    reading.enter()
    for tensor in content.others:
        way, mark, kind = tensor.path.partition(_ATTRIBUTES)
        names = [_unescaped(one) for one in way.split("/")]
        # How often a word was met is in a table of its own, which is empty after the learning.
        if not mark or kind != _KEYS or names[-1] == "token_counts":
            continue
        owner = reading.owner_on(names)
        if owner is not None and tensor.shape != (0,):
            yield tensor.path, owner


class _Reading:
    def __init__(self, content: Content, model: Owner) -> None:
        self._content = content
        self._model = model
        self._nodes: Sequence[Node] = content.graph.nodes if content.graph is not None else ()
        self._owners: dict[int, Owner] = {}
        self._variables: dict[int, tuple[Owner, str]] = {}
        self._shared: list[Shared] = []

    def read(self) -> StoredVariables:
        self.enter()
        variables: list[StoredVariable] = []
        unowned: list[Unowned] = []
        for tensor in self._content.tensors:
            if _is_state_of_generator(tensor):
                continue
            found = self._variable(tensor)
            if found is not None:
                owner, key = found
                variable = Variable(owner.location, key)
                variables.append(StoredVariable(tensor=tensor, variable=variable, owner=owner))
                continue
            unowned.append(
                Unowned(
                    location=tensor.name or tensor.path.partition(_ATTRIBUTES)[0],
                    class_name="",
                    reason="the architecture has no variable for what is stored here",
                    paths=(tensor.path,),
                )
            )
        return StoredVariables(
            variables=tuple(everywhere(variables, self._shared)),
            unowned=tuple(unowned),
            shared=shared_locations(self._shared),
        )

    def enter(self) -> None:
        """Go through the graph of objects beside the architecture."""
        root = _root(self._nodes)
        if root is not None:
            self._enter(self._model, root)

    def owner_on(self, way: Sequence[str]) -> Optional[Owner]:
        """Give the last object on a way that is one of the architecture's."""
        found: Optional[Owner] = None
        number: Optional[int] = 0
        for name in way:
            number = None if number is None else _followed(self._nodes, number, [name])
            found = found if number is None else self._owners.get(number, found)
        return found

    def _variable(self, tensor: Tensor) -> Optional[tuple[Owner, str]]:
        way, mark, _ = tensor.path.partition(_ATTRIBUTES)
        if not mark:
            return self._by_name(tensor.path)
        number = _followed(self._nodes, 0, [_unescaped(one) for one in way.split("/")])
        found = None if number is None else self._variables.get(number)
        return found or self._by_name(tensor.name)

    # -- the graph and the architecture, side by side

    def _enter(self, owner: Owner, number: int) -> None:
        """Note what an object of the graph has, when it is that of an owner."""
        known = self._owners.get(number)
        if known is not None:
            if may_be_one(known, owner):
                self._shared.append((known, owner))
            return
        self._owners[number] = owner
        if owner.is_model:
            for place, layer in self._layers(owner, number):
                self._enter(layer, place)
            return
        for attribute, inner in owner.inner:
            child = _followed(self._nodes, number, attribute.split("/"))
            if child is not None:
                self._enter(inner, child)
        self._note(owner, number)

    def _note(self, owner: Owner, number: int) -> None:
        own = _variables_below(self._nodes, number)
        count = 0
        for way, child in own:
            if child in self._variables:
                continue
            key = _key_of(owner, way)
            if key is None and not owner.known:
                key, count = numbered_key(owner, count), count + 1
            if key is not None:
                self._variables[child] = (owner, key)

    def _layers(self, model: Owner, number: int) -> Iterator[tuple[int, Owner]]:
        """Pair the objects of the layers of a model with the layers of its configuration."""
        layers = [one for one in model.layers if one.is_layer]
        children = self._nodes[number].children
        places = {
            int(match[1]): child
            for name, child in children.items()
            if (match := _PLACE.fullmatch(name)) is not None
        }
        skipped = _skipped(layers, len(places))
        for place, child in places.items():
            if skipped is not None and 0 <= place + skipped < len(layers):
                yield child, layers[place + skipped]
        yield from ((children[one.name], one) for one in layers if one.name in children)
        yield from self._listed(model, number)

    def _listed(self, model: Owner, number: int) -> Iterator[tuple[int, Owner]]:
        """Pair what Keras 3 has in lists: one of operations, one of layers."""
        for way, owners in (
            (["_operations"], model.layers),
            (["_functional", "_operations"], model.layers),
            (["_layers"], [one for one in model.layers if one.is_layer]),
        ):
            found = _followed(self._nodes, number, way)
            if found is None:
                continue
            children = self._nodes[found].children
            if len([one for one in children if one.isdecimal()]) != len(owners):
                continue
            for place, child in children.items():
                if place.isdecimal() and int(place) < len(owners):
                    yield child, owners[int(place)]

    # -- names alone, as TensorFlow 1 saves them

    def _by_name(self, name: str) -> Optional[tuple[Owner, str]]:
        *names, last = name.partition(":")[0].split("/")
        owners = [one for one in self._model.walk() if one.name in names and not one.is_model]
        found = [
            (owner, key)
            for owner, key, variable in _all_variables(owners)
            if variable in {last, _UNIQUE.sub("", last)}
        ]
        return found[0] if len(found) == 1 else None


def _skipped(layers: Sequence[Owner], count: int) -> Optional[int]:
    """Tell how many layers of the configuration come before the first one that is numbered.

    A Sequential numbers no InputLayer, in TensorFlow 1 and 2.0 one that its configuration has not.
    """
    if count == len(layers):
        return 0
    if count == len(layers) - 1 and layers[0].class_name == "InputLayer":
        return 1
    return -1 if count == len(layers) + 1 else None


def _root(nodes: Sequence[Node]) -> Optional[int]:
    """Find the object of the model: the first, or what that has (``Checkpoint(model=model)``)."""
    if not nodes:
        return None
    waiting = [0, *nodes[0].children.values()]
    for number in waiting:
        if 0 <= number < len(nodes) and any(
            _PLACE.fullmatch(one) or one in _LISTS for one in nodes[number].children
        ):
            return number
    return 0


def _followed(nodes: Sequence[Node], number: int, way: Sequence[str]) -> Optional[int]:
    for name in way:
        children = nodes[number].children if 0 <= number < len(nodes) else {}
        if name not in children:
            return None
        number = children[name]
    return number if 0 <= number < len(nodes) else None


def _variables_below(nodes: Sequence[Node], number: int) -> Iterator[tuple[list[str], int]]:
    """Give the variables of an object and of those in it, the nearest first."""
    waiting: list[tuple[list[str], int]] = [([], number)]
    seen: set[int] = set()
    while waiting:
        way, one = waiting.pop(0)
        if one in seen or not 0 <= one < len(nodes) or len(way) > _DEEPEST:
            continue
        seen.add(one)
        if nodes[one].kind == "variable" and way:
            yield way, one
            continue
        waiting += (
            ([*way, name], child)
            for name, child in nodes[one].children.items()
            if name not in _NOT_ATTRIBUTES
        )


def _is_state_of_generator(tensor: Tensor) -> bool:
    way, mark, _ = tensor.path.partition(_ATTRIBUTES)
    return bool(mark) and way.endswith(f"/{_STATE_OF_GENERATOR}") and tensor.dtype == "int64"


def _all_variables(owners: Sequence[Owner]) -> Iterator[tuple[Owner, str, str]]:
    seen: set[tuple[str, str]] = set()
    for owner in owners:
        for one in owner.walk():
            for variable in one.variables:
                key = key_within(one, canonical_key(one, variable))
                if (one.location, key) not in seen:
                    seen.add((one.location, key))
                    yield one, key, variable.name


def _key_of(owner: Owner, rest: Sequence[str]) -> Optional[str]:
    """Find the variable of an object by the way that is left to it, else by its name."""
    way = "/".join(rest)
    for one in owner.variables:
        if way in one.attributes:
            return key_within(owner, canonical_key(owner, one))
    plain = "/".join(one.lstrip("_") for one in rest)
    for one in owner.variables:
        place = f"{one.object}/{one.name}" if one.object else one.name
        if plain in {one.key, "/".join(part.lstrip("_") for part in place.split("/"))}:
            return key_within(owner, canonical_key(owner, one))
    return None


def _unescaped(name: str) -> str:
    """Undo what TensorFlow does to names in a key (``checkpoint/util.py``)."""
    return name.replace(".S", "/").replace("..", ".")
