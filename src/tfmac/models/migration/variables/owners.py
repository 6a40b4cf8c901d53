"""A configuration as a tree of objects that own variables: layers, and what is inside of layers.

A variable is known by the location of its layer and by its key there: ``cell/kernel``. The layers
of a model have locations of their own; what a wrapper is around has not, unless that is a model.
"""

from collections.abc import Iterator
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge import keras_names, layer_variables
from tfmac.models.configuration import Json, config_of, layers_of
from tfmac.schema.layer_variables import LayerVariable

_MAX_DEPTH = 24
_NOTHING: Json = {}


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """A layer, a model, or an object inside a layer."""

    name: str
    class_name: str
    location: str
    key: str = ""
    """Where it is inside the layer of that location: ``forward_layer/cell``."""
    config: Json = _NOTHING
    is_model: bool = False
    known: bool = False
    """Whether its class is one of Keras's, so that ``variables`` is all that it has."""
    is_layer: bool = True
    """Not an operation, which Keras 3 keeps among the layers of a model."""
    trainable: bool = True
    """Its own switch alone, not that of what is around it."""
    variables: tuple[LayerVariable, ...] = ()
    layers: "tuple[Owner, ...]" = ()
    """Of a model, in the order of the configuration."""
    inner: "tuple[tuple[str, Owner], ...]" = ()
    """What a wrapper is around, by the attribute: ``layer``, ``cell``, ``cells/1`` ..."""
    calls: Any = None
    """The configuration's ``inbound_nodes``."""

    def walk(self) -> "Iterator[Owner]":
        """Give this one and all in it."""
        yield self
        for one in (*self.layers, *(inner for _, inner in self.inner)):
            yield from one.walk()


def owners_of(configuration: object, keras: Version) -> Optional[Owner]:
    """Read a configuration as the objects that this Keras makes of it; None where it is none."""
    if not isinstance(configuration, dict) or "class_name" not in configuration:
        return None
    return _Builder(keras).model(configuration, "", 0)


class _Builder:
    def __init__(self, keras: Version) -> None:
        self._keras = keras

    def model(self, entry: Json, location: str, depth: int, key: str = "") -> Owner:
        """Read a model. What is in it has locations below its own."""
        config = config_of(entry)
        entries = layers_of(config) or ()
        layers = (self._child(one, location, depth + 1) for one in entries)
        return Owner(
            name=_name_of(entry),
            class_name=str(entry.get("class_name")),
            location=location,
            key=key,
            config=config,
            is_model=True,
            known=_is_keras(entry),
            trainable=config.get("trainable") is not False,
            layers=tuple(one for one in layers if one is not None),
            calls=entry.get("inbound_nodes"),
        )

    def _child(self, entry: object, around: str, depth: int) -> Optional[Owner]:
        if not isinstance(entry, dict) or depth > _MAX_DEPTH:
            return None
        name = _name_of(entry)
        return self.layer(entry, f"{around}/{name}" if around else name, "", depth)

    def layer(self, entry: Json, location: str, key: str, depth: int) -> Owner:
        """Read a layer, or an object inside of one."""
        config = config_of(entry)
        class_name = str(entry.get("class_name"))
        if layers_of(config) is not None and not key:
            return self.model(entry, location, depth)
        known = _is_keras(entry)
        found = layer_variables.variables_of(class_name, self._keras, config) if known else None
        inner = self._inner(class_name, config, location, key, depth)
        return Owner(
            name=_name_of(entry),
            class_name=class_name,
            location=location,
            key=key,
            config=config,
            known=known,
            is_layer=not _is_operation(entry),
            trainable=config.get("trainable") is not False,
            variables=found or (),
            inner=tuple(inner),
            calls=entry.get("inbound_nodes"),
        )

    def _inner(
        self, class_name: str, config: Json, location: str, key: str, depth: int
    ) -> Iterator[tuple[str, Owner]]:
        for attribute, entry in _inner_entries(class_name, config):
            if not isinstance(entry, dict) or depth > _MAX_DEPTH:
                continue
            below = f"{key}/{attribute}" if key else attribute
            if layers_of(config_of(entry)) is not None:
                inside = f"{location}/{_name_of(entry)}"
                yield attribute, self.model(entry, inside, depth + 1)
            else:
                yield attribute, self.layer(entry, location, below, depth + 1)


def _inner_entries(class_name: str, config: Json) -> Iterator[tuple[str, object]]:
    """Name what is inside a layer, in the order in which its variables are listed."""
    layer = config.get("layer")
    if class_name == "Bidirectional":
        yield "forward_layer", layer
        yield "backward_layer", config.get("backward_layer") or layer
    elif isinstance(layer, dict) and "class_name" in layer:
        yield "layer", layer
    cell = config.get("cell")
    if isinstance(cell, dict) and "class_name" in cell:
        yield "cell", cell
    cells = config.get("cells")
    if isinstance(cells, list):
        for number, one in enumerate(cells):
            yield f"cells/{number}", one


def _name_of(entry: Json) -> str:
    for name in (entry.get("name"), config_of(entry).get("name"), entry.get("class_name")):
        if isinstance(name, str):
            return name
    return ""


def _is_operation(entry: Json) -> bool:
    """Whether it is what Keras 3 makes of a function that is called on a tensor."""
    module = entry.get("module")
    return isinstance(module, str) and module.startswith(("keras.src.ops", "keras.ops"))


def _is_keras(entry: Json) -> bool:
    module = entry.get("module")
    if isinstance(module, str) and not keras_names.is_keras_module(module):
        return False
    name = entry.get("class_name")
    return isinstance(name, str) and keras_names.is_keras_name(name)
