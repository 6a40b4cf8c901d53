"""What the stored arrays of a file are: for each, the variable of which layer of the old model."""

from typing import Optional

import msgspec

from tfmac.models.migration.variables.owners import Owner
from tfmac.schema.layer_variables import LayerVariable
from tfmac.schema.model_content import Tensor


class Variable(msgspec.Struct, frozen=True):
    """A variable of a model: the location of its layer, and its key there."""

    location: str
    key: str


class StoredVariable(msgspec.Struct, frozen=True, kw_only=True):
    """A stored array with the variable that it is."""

    tensor: Tensor
    variable: Variable
    owner: Owner


class Unowned(msgspec.Struct, frozen=True, kw_only=True):
    """Arrays of which it is not known what they are."""

    location: str
    class_name: str
    reason: str
    paths: tuple[str, ...] = ()


class StoredVariables(msgspec.Struct, frozen=True, kw_only=True):
    """All arrays of a model, sorted out."""

    variables: tuple[StoredVariable, ...] = ()
    unowned: tuple[Unowned, ...] = ()
    shared: tuple[tuple[str, str], ...] = ()
    """The locations of a layer that stands at two places: the first, and another."""


def key_within(owner: Owner, key: str) -> str:
    """Give the key of a variable in its layer, from its key in an object inside of that."""
    return f"{owner.key}/{key}" if owner.key else key


def canonical_key(owner: Owner, variable: LayerVariable) -> str:
    """Give the key of a variable of an object: that of the object whose it really is.

    SpectralNormalization lists the kernel of the layer that it is around among its own.
    """
    if owner.class_name == "SpectralNormalization" and any(
        one.startswith("layer/") for one in variable.attributes
    ):
        return f"layer/{variable.key}"
    return variable.key


def numbered_key(owner: Owner, number: int, inside: str = "") -> str:
    """Name a variable of a class that is not known: by its place among those."""
    key = f"{inside}/#{number}" if inside else f"#{number}"
    return key_within(owner, key)


def last_name(tensor: Tensor) -> Optional[str]:
    """Give what the writer called a variable: ``kernel`` of ``dense/kernel:0``."""
    if not tensor.name:
        return None
    return tensor.name.rpartition("/")[2].partition(":")[0]
