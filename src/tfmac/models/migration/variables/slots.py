"""The places of a model's variables in the ``model.weights.h5`` that Keras 3 reads and writes.

The way is that of the saving: the layers of a model below ``layers``, by their class; what is in a
layer below its attribute. It was the same in every release measured, from 3.0 on.
"""

from collections.abc import Iterator
from typing import Optional

import msgspec

from tfmac.models.migration.variables.functional_order import ordered_layers
from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.stored import Variable, canonical_key, key_within
from tfmac.models.migration.variables.stored_objects import stored_cells, stored_names
from tfmac.schema.layer_variables import Size


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the new model."""

    path: str
    variable: Variable
    owner: Owner
    trainable: bool
    sizes: tuple[Optional[int], ...] = ()
    """Its lengths as far as the configuration tells them; empty where it does not."""


class Place(msgspec.Struct, frozen=True):
    """An object of the new model, and where its variables are."""

    path: str
    owner: Owner


def places_of(model: Owner, path: str = "") -> Iterator[Place]:
    """Give every object of a model with its place in the file, in the order of the saving."""
    yield Place(path, model)
    if model.is_model:
        for name, one in stored_names(ordered_layers(model)):
            yield from places_of(one, _below(path, f"layers/{name}"))
        return
    cells = {id(one): name for name, one in stored_cells(model)}
    for attribute, one in model.inner:
        name = f"cells/{cells[id(one)]}" if id(one) in cells else attribute
        yield from places_of(one, _below(path, name))


def slots_of(place: Place) -> Iterator[Slot]:
    """Give the variables of an object of a class that is known."""
    owner = place.owner
    counts: dict[str, int] = {}
    for one in sorted(owner.variables, key=lambda one: not one.trainable):
        number = counts.get(one.object, 0)
        counts[one.object] = number + 1
        inside = f"{one.object}/vars/{number}" if one.object else f"vars/{number}"
        yield Slot(
            path=_below(place.path, inside),
            variable=Variable(owner.location, key_within(owner, canonical_key(owner, one))),
            owner=owner,
            trainable=one.trainable and owner.trainable,
            sizes=tuple(_length(owner, size) for size in one.sizes),
        )


def trained_variables(owner: Owner) -> Iterator[Variable]:
    """Give what a new model trains, in the order of its ``trainable_variables``.

    A variable that two objects list is given twice.
    """
    if not owner.trainable:
        return
    for one in owner.variables:
        if one.trainable:
            yield Variable(owner.location, key_within(owner, canonical_key(owner, one)))
    layers = ordered_layers(owner) if owner.is_model else ()
    for inner in (*layers, *(one for _, one in owner.inner)):
        yield from trained_variables(inner)


def numbered_path(place: Place, key: str) -> str:
    """Give the place of a variable of a class that is not known, by the number in its key."""
    inside = key[len(place.owner.key) :].lstrip("/") if place.owner.key else key
    above, _, number = inside.rpartition("#")
    return _below(place.path, f"{above}vars/{number}")


def _length(owner: Owner, size: Optional[Size]) -> Optional[int]:
    value = owner.config.get(size.argument) if size is not None else None
    if size is None or isinstance(value, bool) or not isinstance(value, int):
        return None
    return value * size.times


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
