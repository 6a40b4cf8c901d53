"""Files that list the arrays of each layer of the model in the order of its ``weights``.

A model inside the model is one entry with all its arrays: first what is trained, then the rest.
Keras 2 and Keras 3 differ in what a layer that is switched off does to that order.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

import msgspec
from packaging.version import Version

from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.stored import (
    StoredVariable,
    StoredVariables,
    Unowned,
    Variable,
    canonical_key,
    key_within,
    last_name,
    numbered_key,
)
from tfmac.schema.model_content import Content, Tensor, WeightGroup

_MAJOR_3 = Version("3")
_OF_THE_MODEL = "top_level_model_weights"
_UNIQUE = re.compile(r"_\d+$")


class _Expected(msgspec.Struct, frozen=True):
    owner: Owner
    key: str
    name: str
    trainable: bool


_Order = tuple[list[_Expected], list[_Expected]]


def read_groups(content: Content, model: Owner, keras: Version) -> StoredVariables:
    """Tell which variable each array of the file is; ``keras`` is the writer."""
    reading = _Reading(content, keras)
    by_name = {one.name: one for one in model.layers}
    for group in content.groups:
        owner = by_name.get(group.layer)
        if group.layer == _OF_THE_MODEL:
            reading.read_custom(group, model)
        elif owner is not None:
            reading.read(group, owner)
        elif group.tensors:
            reading.refuse(group, "", "the architecture has no layer of this name")
    return reading.found()


def written_order(model: Owner, keras: Version) -> Iterator[tuple[Variable, str]]:
    """Give what a writer trained in the order of its ``trainable_weights``, with the names."""
    trained, _ = (_ordered_2 if keras < _MAJOR_3 else _ordered_3)(model)
    for one in _once(trained):
        yield Variable(one.owner.location, one.key), one.name


class _Reading:
    def __init__(self, content: Content, keras: Version) -> None:
        self._tensors = {one.path: one for one in content.tensors}
        self._ordered = _ordered_2 if keras < _MAJOR_3 else _ordered_3
        self._variables: list[StoredVariable] = []
        self._unowned: list[Unowned] = []

    def found(self) -> StoredVariables:
        """Give what was sorted out."""
        return StoredVariables(variables=tuple(self._variables), unowned=tuple(self._unowned))

    def refuse(self, group: WeightGroup, class_name: str, reason: str) -> None:
        """Note that the arrays of a group are not known."""
        self._unowned.append(
            Unowned(location=group.layer, class_name=class_name, reason=reason, paths=group.tensors)
        )

    def read_custom(self, group: WeightGroup, owner: Owner) -> None:
        """Take the arrays of a class that is not known in their stored order."""
        for number, tensor in enumerate(self._of(group)):
            self._add(tensor, owner, numbered_key(owner, number))

    def read(self, group: WeightGroup, owner: Owner) -> None:
        """Take the arrays of one layer of the model."""
        stored = self._of(group)
        strangers = [one for one in owner.walk() if not one.known and not one.is_model]
        for stranger in strangers:
            is_all = stranger is owner and not owner.inner
            own = stored if is_all else _named_for(stranger, stored)
            for number, tensor in enumerate(own):
                self._add(tensor, stranger, numbered_key(stranger, number))
            taken = {tensor.path for tensor in own}
            stored = [tensor for tensor in stored if tensor.path not in taken]
        trained, fixed = self._ordered(owner)
        expected = _once([*trained, *fixed])
        if len(expected) != len(stored):
            self.refuse(
                group,
                owner.class_name,
                f"{len(stored)} arrays are stored, and such a layer has {len(expected)}",
            )
            return
        placed = _by_order(expected, stored)
        if placed is None:
            names = ", ".join(tensor.name for tensor in stored[:6])
            self.refuse(group, owner.class_name, f"the arrays are called otherwise: {names}")
            return
        for tensor, one in placed:
            self._add(tensor, one.owner, one.key)

    def _of(self, group: WeightGroup) -> list[Tensor]:
        return [self._tensors[path] for path in group.tensors if path in self._tensors]

    def _add(self, tensor: Tensor, owner: Owner, key: str) -> None:
        variable = Variable(owner.location, key)
        self._variables.append(StoredVariable(tensor=tensor, variable=variable, owner=owner))


def _named_for(owner: Owner, stored: Iterable[Tensor]) -> list[Tensor]:
    """Give the arrays that bear the name of a layer."""
    return [one for one in stored if owner.name in one.name.split("/")[:-1]]


def _by_order(
    expected: Sequence[_Expected], stored: Sequence[Tensor]
) -> Optional[list[tuple[Tensor, _Expected]]]:
    """Pair arrays and variables by their order, when the names agree with that."""
    for tensor, one in zip(stored, expected):
        name = last_name(tensor)
        if name is not None and one.name not in {name, _UNIQUE.sub("", name)}:
            return None
    return list(zip(stored, expected))


def _once(expected: Iterable[_Expected]) -> list[_Expected]:
    found: dict[tuple[str, str], _Expected] = {}
    for one in expected:
        found.setdefault((one.owner.location, one.key), one)
    return list(found.values())


# -- the order of ``weights``


def _own(owner: Owner) -> Iterator[_Expected]:
    for one in owner.variables:
        key = key_within(owner, canonical_key(owner, one))
        yield _Expected(owner, key, one.name, one.trainable)


def _ordered_2(owner: Owner) -> _Order:
    """Give what is trained and what is not, as Keras 2 lists it.

    A layer that is switched off lists all of one object before all of the next; a model so too,
    but first what its layers train by themselves.
    """
    own = list(_own(owner))
    trained = [one for one in own if one.trainable]
    fixed = [one for one in own if not one.trainable]
    inner = [_ordered_2(one) for one in _below(owner)]
    if owner.trainable or owner.is_model:
        for first, second in inner:
            trained += first
            fixed += second
        return (trained, fixed) if owner.trainable else ([], [*trained, *fixed])
    return [], [*trained, *fixed, *(one for pair in inner for part in pair for one in part)]


def _ordered_3(owner: Owner) -> _Order:
    """Give what is trained and what is not, as Keras 3 lists it: the order of the objects stays."""
    weights = list(_weights_3(owner, trainable=True))
    if not owner.trainable:
        return [], weights
    return [one for one in weights if one.trainable], [one for one in weights if not one.trainable]


def _weights_3(owner: Owner, *, trainable: bool) -> Iterator[_Expected]:
    trainable = trainable and owner.trainable
    for one in _own(owner):
        yield one if trainable else msgspec.structs.replace(one, trainable=False)
    for inner in _below(owner):
        yield from _weights_3(inner, trainable=trainable)


def _below(owner: Owner) -> list[Owner]:
    return [*owner.layers, *(one for _, one in owner.inner)]
