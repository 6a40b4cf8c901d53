"""A model as layers and calls, whichever Keras wrote it: what the rules of a migration work on.

Configurations are the writer's JSON until a rule changes them. A reference to the output of
another layer is a ``Reference``, at any depth of the arguments of a call.
"""

from typing import Any, Optional

import msgspec

from tfmac.models.configuration import Json


class Reference(msgspec.Struct, frozen=True):
    """One output of one call of a layer of the same network."""

    layer: str
    call: int = 0
    output: int = 0


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a layer: JSON values with references in them."""

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer, or an operation that stands between layers."""

    name: str
    class_name: str
    module: Optional[str] = None
    registered_name: Optional[str] = None
    config: Json = {}
    """Without what stands in ``parts`` and ``network``."""
    parts: "dict[str, tuple[Layer, ...]]" = {}
    """What a wrapper or a recurrent layer is around, by the key of the configuration: ``layer``,
    ``backward_layer``, ``cell``, ``cells`` ..."""
    network: "Optional[Network]" = None
    """What it consists of, where it is a model itself."""
    calls: tuple[Call, ...] = ()
    """Empty in a Sequential, where each takes what the one before gives."""
    source: Optional[str] = None
    """The location in the writer's model of the layer whose weights it takes
    (``configuration.Part.location``); None for what a rule has added."""
    build_config: Optional[Json] = None
    """What the writer keeps for building it before its weights come."""
    shared: Optional[int] = None
    """The same number stands at every place of a layer that several models have in common."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A model of layers."""

    name: str
    class_name: str
    """``Sequential``, ``Functional``, or the name of a class of somebody's own."""
    config: Json = {}
    """Without layers, inputs and outputs."""
    layers: tuple[Layer, ...] = ()
    inputs: Any = ()
    """References, in the structure that the model takes them in; empty in a Sequential."""
    outputs: Any = ()
