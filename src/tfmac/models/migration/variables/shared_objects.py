"""Layers that stand at several places of a model: what is stored is stored once for all of them.

A file keeps the arrays of such a layer at the first place that the saving comes to. Where the
writer does not say that two layers are one, the file does: nothing is stored for the second.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.stored import (
    StoredVariable,
    Variable,
    canonical_key,
    key_within,
)

_NUMBER = "shared_object_id"
_SIDES = frozenset({"forward_layer", "backward_layer"})
Shared = tuple[Owner, Owner]
"""The first place of a layer, and another one."""


def may_be_one(first: Owner, other: Owner) -> bool:
    """Whether two descriptions can be of one layer: nothing tells them apart."""
    return first is not other and identity(first) == identity(other)


def identity(owner: Owner) -> str:
    """Give all that describes an object, without its place and its number."""
    # A Bidirectional makes both of its layers of one description.
    sides = [one for one in owner.key.split("/") if one in _SIDES]
    described = [owner.name, owner.class_name, sides, _bare(owner.config)]
    return json.dumps(described, sort_keys=True, default=str)


def _bare(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _bare(one) for key, one in value.items() if key != _NUMBER}
    return [_bare(one) for one in value] if isinstance(value, (list, tuple)) else value


def everywhere(
    variables: Iterable[StoredVariable], shared: Iterable[Shared]
) -> Iterator[StoredVariable]:
    """Give the stored variables for all the places of their layers."""
    found = {one.variable: one for one in variables}
    yield from found.values()
    for first, other in shared:
        for (_, source), (owner, target) in zip(_variables(first), _variables(other)):
            if source in found and target not in found:
                made = msgspec.structs.replace(found[source], variable=target, owner=owner)
                found[target] = made
                yield made


def shared_locations(shared: Iterable[Shared]) -> tuple[tuple[str, str], ...]:
    """Give the locations of layers that are one; what is inside of layers has none."""
    return tuple(
        (first.location, other.location)
        for first, other in shared
        if first.class_name != "InputLayer" and not first.key and not other.key
    )


def are_whole(variables: Sequence[StoredVariable], model: Owner) -> bool:
    """Whether there is something for every variable of the model."""
    found = {one.variable for one in variables}
    return all(variable in found for _, variable in _variables(model))


def _variables(owner: Owner) -> Iterator[tuple[Owner, Variable]]:
    for one in owner.walk():
        for variable in one.variables:
            key = key_within(one, canonical_key(one, variable))
            yield one, Variable(one.location, key)
