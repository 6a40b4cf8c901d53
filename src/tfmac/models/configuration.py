"""The architecture in a model file as a tree of parts, whichever Keras wrote it.

Everything in a configuration is somebody else's text: what has another type than Keras writes is
passed over, and how deep and how long it may be is bounded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import msgspec

_MAX_DEPTH = 24
_MAX_PARTS = 50_000
_MAX_VALUES = 2_000_000

Json = Mapping[str, Any]
_NOTHING: Json = {}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A layer or a model of a configuration."""

    name: str
    class_name: str
    location: str
    """The names from the model on, joined by slashes."""
    module: Optional[str] = None
    registered_name: Optional[str] = None
    entry: Json = {}
    """Everything that stands beside ``class_name``."""
    config: Json = {}
    is_model: bool = False
    children: "tuple[Part, ...]" = ()
    """The layers of a model, or the model in a wrapper."""

    @property
    def inner(self) -> Json:
        """The entry of the layer that a wrapper is around; empty for other layers."""
        found = self.config.get("layer")
        return found if isinstance(found, dict) and "class_name" in found else _NOTHING

    def walk(self) -> "Iterator[Part]":
        """Give this part and all below it, in the order of the configuration."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Anything in a configuration that names a class or a function."""

    class_name: str
    location: str
    key: str
    """Under which it stands: ``kernel_initializer``, ``loss``."""
    entry: Json

    @property
    def module(self) -> Optional[str]:
        """Where it says that it comes from."""
        return _text(self.entry.get("module"))

    @property
    def registered_name(self) -> Optional[str]:
        """The name under which it was registered, with its package."""
        return _text(self.entry.get("registered_name"))


def model_of(configuration: object) -> Optional[Part]:
    """Read a configuration; None where it is none of a model."""
    if not isinstance(configuration, dict):
        return None
    return _Reader().part(configuration, "", 0)


def _text(value: object) -> Optional[str]:
    return value if isinstance(value, str) else None


class _Reader:
    def __init__(self) -> None:
        self._left = _MAX_PARTS

    def part(self, entry: Json, around: str, depth: int) -> Optional[Part]:
        """Read one entry with all in it."""
        class_name = _text(entry.get("class_name"))
        self._left -= 1
        if class_name is None or depth > _MAX_DEPTH or self._left < 0:
            return None
        config = config_of(entry)
        name = _text(entry.get("name")) or _text(config.get("name")) or class_name
        # The model itself is what all is in: it stands in no location.
        location = (f"{around}/{name}" if around else name) if depth else ""
        layers = layers_of(config)
        inner = config.get("layer")
        if layers is None and isinstance(inner, dict) and layers_of(config_of(inner)) is not None:
            children: Sequence[object] = [inner]
        else:
            children = layers or []
        read = (self.part(one, location, depth + 1) for one in children if isinstance(one, dict))
        return Part(
            name=name,
            class_name=class_name,
            location=location,
            module=_text(entry.get("module")),
            registered_name=_text(entry.get("registered_name")),
            entry=entry,
            config=config,
            is_model=layers is not None or not depth,
            children=tuple(one for one in read if one is not None),
        )


def config_of(entry: Json) -> Json:
    """Give a part's configuration; that of an old Sequential is just its list of layers."""
    config = entry.get("config")
    if isinstance(config, list):
        return {"layers": config}
    return config if isinstance(config, dict) else _NOTHING


def layers_of(config: Json) -> Optional[list[Any]]:
    """Give the entries of a model's layers; None where a configuration is of no model."""
    layers = config.get("layers")
    if isinstance(layers, list) and all(isinstance(one, dict) for one in layers):
        return layers
    return None


def named_in(value: object, location: str = "") -> Iterator[Named]:
    """Find everything in a configuration that names a class or a function, at any depth."""
    left = _MAX_VALUES
    waiting: list[tuple[object, str, str]] = [(value, location, "")]
    while waiting and left > 0:
        left -= 1
        one, place, key = waiting.pop()
        if isinstance(one, dict):
            class_name = one.get("class_name")
            if isinstance(class_name, str):
                # The model itself is what all is in: it stands in no location.
                place = place if one is value else _place_of(one, place)
                yield Named(class_name=class_name, location=place, key=key, entry=one)
            waiting.extend((part, place, name) for name, part in reversed(list(one.items())))
        elif isinstance(one, list):
            waiting.extend((part, place, key) for part in reversed(one))


def _place_of(entry: Json, around: str) -> str:
    """Add the name of a layer to where it is."""
    if "inbound_nodes" not in entry and not _is_layer(entry):
        return around
    name = _text(entry.get("name")) or _text(config_of(entry).get("name"))
    if name is None or name == around.rpartition("/")[2]:
        return around
    return f"{around}/{name}" if around else name


def _is_layer(entry: Json) -> bool:
    config = config_of(entry)
    return "name" in config and ("trainable" in config or "batch_input_shape" in config)


def texts_in(value: object) -> Iterator[tuple[str, str]]:
    """Give every text in a configuration with the key that it stands under."""
    left = _MAX_VALUES
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting and left > 0:
        left -= 1
        key, one = waiting.pop()
        if isinstance(one, str):
            yield key, one
        elif isinstance(one, dict):
            waiting.extend((str(name), part) for name, part in reversed(list(one.items())))
        elif isinstance(one, list):
            waiting.extend((key, part) for part in reversed(one))
