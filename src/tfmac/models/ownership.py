"""Which layer each stored array belongs to, and whether training changes it."""

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Optional

import msgspec

from tfmac.knowledge import keras_names
from tfmac.models.configuration import Part
from tfmac.schema.model_content import Content, ModelFormat, Node, Tensor, WeightGroup

_CONTAINERS = frozenset({"layers", "_layer_checkpoint_dependencies"})
_NUMBERED = re.compile(r"(.+?)_(\d{1,6})")
_ATTRIBUTES = "/.ATTRIBUTES/"
# The last of a BatchNormalization's arrays are its statistics.
_STATISTICS = 2
# What these keep is learned without training: by ``adapt``, or by looking at the data.
_ADAPTED = frozenset(
    {
        "Normalization",
        "Discretization",
        "TextVectorization",
        "StringLookup",
        "IntegerLookup",
        "Hashing",
        "CategoryEncoding",
    }
)
# What their arrays are called in the files that have names; ``count`` and the like only there.
_STATISTIC_NAMES = frozenset(
    {
        "moving_mean",
        "moving_variance",
        "moving_stddev",
        "renorm_mean",
        "renorm_stddev",
        "vector_u",
        "sn_u",
        "seed_generator_state",
    }
)
_RECURRENT = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}
)


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """One array with its owner."""

    tensor: Tensor
    owner: Optional[Part]
    """None where nothing in the file tells."""
    trainable: Optional[bool]
    """None where the class is not one of Keras's: by default its arrays are trained."""


def owned_weights(content: Content, model: Optional[Part]) -> tuple[Owned, ...]:
    """Give the arrays of the model in the order of the file, each once."""
    finder = _Finder(model, content.groups)
    tensors = {one.path: one for one in content.tensors}
    found: dict[str, Owned] = {}
    for group in content.groups:
        for number, path in enumerate(group.tensors):
            tensor = tensors.get(path)
            if tensor is not None and path not in found:
                owner, owner_class = finder.owner(content, group, tensor)
                found[path] = Owned(
                    tensor=tensor,
                    owner=owner,
                    trainable=_trainable(
                        finder, owner, owner_class, tensor, (number, len(group.tensors))
                    ),
                )
    for tensor in content.tensors:
        if tensor.path not in found:
            found[tensor.path] = _by_objects(content, finder, tensor)
    return tuple(found.values())


class _Finder:
    """Finds parts by name and by their place among the objects of their class."""

    def __init__(self, model: Optional[Part], groups: Iterable[WeightGroup]) -> None:
        self.model = model
        self._places = _places([one.layer for one in groups])
        self._around: dict[int, Part] = {}
        self._indices: dict[int, _Index] = {}
        if model is not None:
            for part in model.walk():
                self._around.update((id(child), part) for child in part.children)

    def is_frozen(self, part: Optional[Part]) -> bool:
        """Whether it or something around it is not trained."""
        while part is not None:
            if part.config.get("trainable") is False:
                return True
            part = self._around.get(id(part))
        return False

    def owner(
        self, content: Content, group: WeightGroup, tensor: Tensor
    ) -> tuple[Optional[Part], str]:
        """Give the part that an array of a group belongs to, and the class that has it."""
        if self.model is None:
            return None, ""
        if content.format in {ModelFormat.KERAS_ARCHIVE, ModelFormat.KERAS_WEIGHTS}:
            return self._by_path(self.model, group.layer.split("/"))
        top = self.index(self.model).by_name.get(group.layer)
        if top is None:
            return None, ""
        return self._deepest(top, tensor.name or tensor.path)

    def index(self, part: Part) -> "_Index":
        """Give the children of a part by their names and classes: there may be thousands."""
        found = self._indices.get(id(part))
        if found is None:
            found = self._indices[id(part)] = _Index(part)
        return found

    def _deepest(self, top: Part, name: str) -> tuple[Part, str]:
        """Find the layer inside a model that a weight is named for."""
        part = top
        names = name.split("/")[:-1]
        while part.children:
            by_name = self.index(part).by_name
            inner = next((by_name[one] for one in names if one in by_name), None)
            if inner is None and len(part.children) == 1 and part.children[0].children:
                inner = part.children[0]
            if inner is None:
                break
            part = inner
        wrapped = part.inner.get("class_name")
        return part, str(wrapped) if isinstance(wrapped, str) else part.class_name

    def _by_path(self, model: Part, path: Sequence[str]) -> tuple[Optional[Part], str]:
        part: Part = model
        rest = list(path)
        while len(rest) > 1 and rest[0] in _CONTAINERS:
            above = "/".join(path[: len(path) - len(rest) + 1])
            child = self._child(part, above, rest[1])
            if child is None:
                return part, ""
            part, rest = child, rest[2:]
            if rest[:1] == ["layer"] and part.children:
                part, rest = part.children[0], rest[1:]
        return part, _class_within(part, rest)

    def _child(self, part: Part, above: str, key: str) -> Optional[Part]:
        """Find the layer that is called for its class and its place among those: ``dense_1``."""
        base, number = _base_and_number(key)
        same = self.index(part).by_class.get(base, [])
        numbers = self._places.get((above, base), [])
        if len(numbers) == len(same):
            place = bisect.bisect_left(numbers, number)
            if place < len(numbers) and numbers[place] == number:
                return same[place]
        return same[number] if number < len(same) else None


class _Index:
    """The children of a part, found by name and by what their objects are called for."""

    def __init__(self, part: Part) -> None:
        self.by_name: dict[str, Part] = {}
        self.by_class: dict[str, list[Part]] = {}
        for one in part.children:
            self.by_name.setdefault(one.name, one)
            self.by_class.setdefault(snake_case(one.class_name), []).append(one)


def _places(groups: Iterable[str]) -> dict[tuple[str, str], list[int]]:
    """Collect the numbers of the objects of each class in each container, in their order.

    ``dense``, ``dense_1``; Keras 2.12 and 2.13 count in twos.
    """
    found: dict[tuple[str, str], set[int]] = {}
    for group in groups:
        names = group.split("/")
        for depth, name in enumerate(names[:-1]):
            if name in _CONTAINERS:
                base, number = _base_and_number(names[depth + 1])
                found.setdefault(("/".join(names[: depth + 1]), base), set()).add(number)
    return {place: sorted(numbers) for place, numbers in found.items()}


def _base_and_number(key: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(key)
    return (match[1], int(match[2])) if match else (key, 0)


def snake_case(name: str) -> str:
    """Write a class's name as Keras names its objects: ``Conv2D`` is ``conv2d``."""
    name = re.sub(r"\W+", "", name.rpartition(">")[2])
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _class_within(part: Part, attributes: Sequence[str]) -> str:
    """Name the class of an object inside a layer, as far as the configuration tells."""
    class_name, rest = part.class_name, list(attributes)
    if rest[:1] in _WRAPPED and part.inner:
        class_name, rest = str(part.inner.get("class_name")), rest[1:]
    if not rest:
        return _STATE if class_name in _RECURRENT else class_name
    return f"{class_name}Cell" if rest[0] in {"cell", "cells"} else ""


_WRAPPED = (["layer"], ["forward_layer"], ["backward_layer"], ["_layer"])
# What a recurrent layer itself has besides its cell's weights, when it is stateful.
_STATE = "state"


def _trainable(
    finder: _Finder,
    owner: Optional[Part],
    owner_class: str,
    tensor: Tensor,
    place: tuple[int, int],
) -> Optional[bool]:
    """Tell whether training changes an array; ``place`` is its number and how many there are."""
    if finder.is_frozen(owner) or _last_name(tensor) in _STATISTIC_NAMES:
        return False
    named = "/" in tensor.name
    if owner is None:
        return True if named else None
    if owner_class == _STATE or owner_class in _ADAPTED or _is_quantized(tensor):
        return False
    if owner_class.startswith(("BatchNormalization", "SyncBatchNormalization")) and not named:
        return place[0] < place[1] - _STATISTICS
    known = not owner_class or keras_names.is_keras_name(owner_class) or owner_class[-4:] == "Cell"
    return True if known and not is_custom(owner) else None


def is_custom(part: Part) -> bool:
    """Whether the class of a part is not one of Keras's."""
    if part.module is not None and not keras_names.is_keras_module(part.module):
        return True
    return not keras_names.is_keras_name(part.class_name)


def _is_quantized(tensor: Tensor) -> bool:
    return tensor.dtype in {"int8", "uint8", "int4"}


def _last_name(tensor: Tensor) -> str:
    last = (tensor.name or tensor.path.partition(_ATTRIBUTES)[0]).rpartition("/")[2]
    return last.partition(":")[0]


# -- the graph of objects of TensorFlow


def _by_objects(content: Content, finder: _Finder, tensor: Tensor) -> Owned:
    nodes: Sequence[Node] = content.graph.nodes if content.graph is not None else ()
    found = _node_of(nodes, tensor.path) if nodes else None
    trainable: Optional[bool] = None
    owner: Optional[Part] = None
    if found is not None:
        variable, holders = found
        metadata: Any = variable.metadata
        if isinstance(metadata, dict) and isinstance(metadata.get("trainable"), bool):
            trainable = metadata["trainable"]
        owner = _part_named(finder, (_name_of(one) for one in holders))
        trainable = False if finder.is_frozen(owner) or _is_held_back(holders) else trainable
    if _last_name(tensor) in _STATISTIC_NAMES:
        trainable = False
    return Owned(tensor=tensor, owner=owner, trainable=trainable)


def _node_of(nodes: Sequence[Node], path: str) -> Optional[tuple[Node, list[Node]]]:
    """Follow a checkpoint's key from the root; give the variable and what is on the way."""
    place, _, _ = path.partition(_ATTRIBUTES)
    node, holders = nodes[0], []
    for name in place.split("/"):
        number = node.children.get(_unescaped(name))
        if number is None or not 0 <= number < len(nodes):
            return None
        holders.append(node)
        node = nodes[number]
    return node, holders


def _unescaped(name: str) -> str:
    """Undo what TensorFlow does to names in a key (``checkpoint/util.py``)."""
    return name.replace(".S", "/").replace("..", ".")


def _name_of(node: Node) -> Optional[str]:
    metadata: Any = node.metadata
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def _is_held_back(holders: Iterable[Node]) -> bool:
    metadata: Iterator[Any] = (one.metadata for one in holders)
    return any(isinstance(one, dict) and one.get("trainable") is False for one in metadata)


def _part_named(finder: _Finder, names: Iterable[Optional[str]]) -> Optional[Part]:
    """Go down the parts by the names of the objects on the way."""
    part = finder.model
    last: Optional[Part] = None
    for name in names:
        inner = None if part is None or name is None else finder.index(part).by_name.get(name)
        if inner is not None:
            part = last = inner
    return last
