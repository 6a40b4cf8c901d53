"""The configuration of a model file as a network of layers and calls, whichever Keras wrote it.

A configuration is somebody else's text: what has another type than Keras writes raises
``UnreadableArchitecture``, and how deep and how long it may be is bounded.
"""

from typing import Any, Optional

import msgspec

from tfmac.models.configuration import Json
from tfmac.models.migration import reading_calls
from tfmac.models.migration.network import Layer, Network
from tfmac.models.migration.values import (
    NOTHING,
    UnreadableArchitecture,
    plain,
    text_or_none,
)

__all__ = ["UnreadableArchitecture", "network_of"]

_MAX_DEPTH = 24
_MAX_LAYERS = 50_000
# Keys that hold a layer or layers, by what is around them.
_PART_KEYS = ("layer", "backward_layer", "forward_layer", "cell", "cells", "_layer")
_STRUCTURE = frozenset({"layers", "input_layers", "output_layers"})


def network_of(configuration: object) -> Network:
    """Read a model's configuration. Raises ``UnreadableArchitecture``."""
    entry = plain(configuration)
    if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
        raise UnreadableArchitecture("the configuration is none of a model")
    reader = _Reader()
    config = _config_of(entry)
    if not isinstance(config.get("layers"), list):
        raise UnreadableArchitecture(
            f"{entry['class_name']} is a class of somebody's own: its configuration has no layers"
        )
    return reader.network(entry, config, "", 0)


def _config_of(entry: Json) -> Json:
    """Give a part's configuration; that of an old Sequential is just its list of layers."""
    config = entry.get("config")
    if isinstance(config, list):
        return {"layers": config}
    return config if isinstance(config, dict) else NOTHING


def _is_model(config: Json) -> bool:
    layers = config.get("layers")
    return isinstance(layers, list) and all(isinstance(one, dict) for one in layers)


class _Reader:
    def __init__(self) -> None:
        self._left = _MAX_LAYERS

    def network(self, entry: Json, config: Json, location: str, depth: int) -> Network:
        """Read a model with all in it."""
        if depth > _MAX_DEPTH:
            raise UnreadableArchitecture(f"models are nested deeper than {_MAX_DEPTH}")
        entries = config["layers"]
        if not _is_model(config):
            raise UnreadableArchitecture("not all of its layers are descriptions of layers")
        layers = [self.layer(one, location, depth + 1) for one in entries]
        class_name = str(entry["class_name"])
        name = text_or_none(config.get("name")) or text_or_none(entry.get("name")) or class_name
        wired = reading_calls.wired(entries, layers, config)
        return Network(
            name=name,
            class_name=class_name,
            config={key: value for key, value in config.items() if key not in _STRUCTURE},
            layers=wired.layers,
            inputs=wired.inputs,
            outputs=wired.outputs,
        )

    def layer(self, entry: Json, around: str, depth: int) -> Layer:
        """Read one layer with what is in it."""
        class_name = text_or_none(entry.get("class_name"))
        self._left -= 1
        if class_name is None:
            raise UnreadableArchitecture(f"a layer in {around or 'the model'} has no class")
        if self._left < 0:
            raise UnreadableArchitecture(f"there are more than {_MAX_LAYERS} layers")
        config = _config_of(entry)
        name = text_or_none(entry.get("name")) or text_or_none(config.get("name")) or class_name
        location = f"{around}/{name}" if around else name
        network = self.network(entry, config, location, depth) if _is_model(config) else None
        parts = {} if network is not None else self._parts(config, location, depth)
        left_out = _STRUCTURE if network is not None else frozenset(parts)
        return Layer(
            name=name,
            class_name=class_name,
            module=text_or_none(entry.get("module")),
            registered_name=text_or_none(entry.get("registered_name")),
            config={key: value for key, value in config.items() if key not in left_out},
            parts=parts,
            network=network,
            source=location,
            build_config=_dictionary(entry.get("build_config")),
            shared=_number(entry.get("shared_object_id")),
        )

    def _parts(self, config: Json, location: str, depth: int) -> dict[str, tuple[Layer, ...]]:
        """Read what a wrapper or a recurrent layer is around."""
        found: dict[str, tuple[Layer, ...]] = {}
        if depth > _MAX_DEPTH:
            raise UnreadableArchitecture(f"layers are nested deeper than {_MAX_DEPTH}")
        for key in _PART_KEYS:
            value = config.get(key)
            if isinstance(value, dict) and "class_name" in value:
                found[key] = (self._part(value, location, depth),)
            elif (
                key == "cells"
                and isinstance(value, list)
                and value
                and all(isinstance(one, dict) and "class_name" in one for one in value)
            ):
                found[key] = tuple(self._part(one, location, depth) for one in value)
        return found

    def _part(self, entry: Json, location: str, depth: int) -> Layer:
        """Read an inner layer; only a model in a wrapper has a location of its own."""
        layer = self.layer(entry, location, depth + 1)
        return layer if layer.network is not None else msgspec.structs.replace(layer, source=None)


def _dictionary(value: object) -> Optional[dict[str, Any]]:
    return value if isinstance(value, dict) else None


def _number(value: object) -> Optional[int]:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
