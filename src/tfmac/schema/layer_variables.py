"""Record of the variables that each layer of Keras has, as its releases write them."""

from typing import Optional, Union

import msgspec

Scalar = Union[bool, int, float, str, None]
GIVEN = "<given>"
"""Stands for any list or the like: of such an argument it only counts that it is there."""


class Size(msgspec.Struct, frozen=True, array_like=True):
    """A length of a variable that an argument tells: so many times its value."""

    argument: str
    times: int = 1


class LayerVariable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One variable of a layer."""

    key: str
    """What it is called here, the same in every release: ``query_dense/kernel``."""
    object: str = ""
    """The object inside the layer that has it, as the release stores it."""
    name: str
    """The last part of the name that the release gives it."""
    attributes: tuple[str, ...] = ()
    """The ways to it in the graph of objects, where the release has one."""
    trainable: bool = True
    absent: tuple[dict[str, Scalar], ...] = ()
    """Arguments with which there is none: all those of one entry together."""
    sizes: tuple[Optional[Size], ...] = ()
    """Its lengths, as far as an argument tells them; empty where the number of them varies."""


class ClassVariables(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The variables of a class from a release on, in the order of ``weights``."""

    since: str
    """The oldest release measured that has them so."""
    variables: tuple[LayerVariable, ...] = ()
    defaults: dict[str, Scalar] = {}
    """Of the arguments that ``absent`` names."""


class LayerVariables(msgspec.Struct, frozen=True, kw_only=True):
    """What each release was seen to write."""

    schema_version: int
    releases: tuple[str, ...]
    """The releases of Keras that were asked."""
    classes: dict[str, tuple[ClassVariables, ...]]
    """Oldest first."""
