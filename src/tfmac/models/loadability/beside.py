"""The architecture that lies beside weights under their name, where it is that of the weights."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Optional

from tfmac.models.loadability.stored import is_object, model_layers
from tfmac.models.loadability.weight_owners import (
    LAYOUT,
    OLD_LAYOUT,
    base_of,
    is_by_objects,
    snake,
)
from tfmac.schema.model_content import Architecture, Content

_SIZES = ("units", "filters")
_INPUT = "InputLayer"
Layer = Mapping[str, Any]
Shape = tuple[int, ...]


def architecture_of(content: Content) -> Optional[Architecture]:
    """Give the architecture beside weights; None where there is none, or that of another model.

    The layers have to be the same: their names where the weights have names, else how many there
    are of each class; and the sizes that an architecture states.
    """
    found = content.beside
    if found is None or not is_object(found.configuration):
        return None
    layers = [one for one in model_layers(found.configuration) if is_object(one)]
    if not layers:
        return None
    fits = _objects_fit if is_by_objects(content) else _layers_fit
    return found if fits(content, layers) else None


def _layers_fit(content: Content, layers: list[Layer]) -> bool:
    """Whether the names of the layers are the same, in the same order, inputs left out."""
    inputs = {_name(one) for one in layers if one["class_name"] == _INPUT}
    wanted = [_name(one) for one in layers if one["class_name"] != _INPUT]
    own = {group.layer: group.tensors for group in content.groups}
    shapes = {one.path: one.shape for one in content.tensors}
    if [name for name in own if name not in inputs] != wanted:
        return False
    return all(
        _size_fits(one, [shapes[path] for path in own.get(_name(one), ()) if path in shapes])
        for one in layers
    )


def _objects_fit(content: Content, layers: list[Layer]) -> bool:
    """Whether there are as many layers of each class that has weights."""
    own: dict[str, list[Shape]] = {}
    for tensor in content.tensors:
        first, _, rest = tensor.path.partition("/")
        if first in {LAYOUT, OLD_LAYOUT} and "/" in rest:
            own.setdefault(rest.partition("/")[0], []).append(tensor.shape)
        elif first != "vars":
            return False
    counted = Counter(base_of(name) for name in own)
    classes = Counter(_object(one) for one in layers)
    if any(classes[name] != count for name, count in counted.items()):
        return False
    if any(_size(one) and _object(one) not in counted for one in layers):
        return False
    return all(_sizes_fit(name, own, layers) for name in counted)


def _sizes_fit(name: str, own: Mapping[str, list[Shape]], layers: list[Layer]) -> bool:
    """Whether the layers of one class have their sizes, in their order."""
    stored = [own[one] for one in sorted(own, key=_number) if base_of(one) == name]
    stated = [one for one in layers if _object(one) == name]
    return all(_size_fits(layer, shapes) for layer, shapes in zip(stated, stored))


def _number(name: str) -> int:
    number = name[len(base_of(name)) + 1 :]
    return int(number) if number.isdecimal() and len(number) < 9 else 0


def _size_fits(layer: Layer, shapes: list[Shape]) -> bool:
    size = _size(layer)
    if not size or not shapes:
        return not size or bool(shapes)
    return any(length % size == 0 for shape in shapes for length in shape)


def _size(layer: Layer) -> int:
    """Give how many units or filters a layer states; 0 where it states none."""
    config = layer["config"]
    stated = (config.get(key) for key in _SIZES) if isinstance(config, dict) else ()
    return next((one for one in stated if isinstance(one, int) and one > 0), 0)


def _name(layer: Layer) -> str:
    config = layer["config"]
    name = config.get("name") if isinstance(config, dict) else None
    return str(name if name is not None else layer.get("name", ""))


def _object(layer: Layer) -> str:
    """Name a layer as an object: a model is called Functional, whatever it was called before.

    A class that was registered for a package is called without it.
    """
    name = layer["class_name"].rpartition(">")[2]
    return snake("Functional" if name == "Model" else name)
