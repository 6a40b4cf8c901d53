"""The objects whose variables a TensorFlow 2 checkpoint holds, and what each variable is for.

Field numbers are those of ``trackable_object_graph.proto`` in tensorflow/tensorflow
(tensorflow/core/protobuf).
"""

import enum
from collections.abc import Iterable, Sequence
from typing import Optional

import msgspec

from tfmac.formats.protobuf import InvalidMessage, Message, signed

_MOST_OBJECTS = 200_000
VARIABLE = "VARIABLE_VALUE"
# Names under which Keras hangs what is not a weight.
_OPTIMIZERS = {"optimizer", "_optimizer"}
_APART = {
    "keras_api",
    "metrics",
    "_metrics",
    "compiled_metrics",
    "_compile_metrics",
    "compiled_loss",
    "_compile_loss",
    "loss_tracker",
    "_loss_tracker",
    "save_counter",
    "seed_generator",
    "_seed_generators",
    "_random_generator",
    "signatures",
    # Keras 3 exports every weight twice; these are the copies.
    "_all_variables",
}


class Role(enum.Enum):
    """What a variable is for."""

    WEIGHT = "weight"
    OPTIMIZER = "optimizer"
    OTHER = "other"


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A value of an object: what it is, its key in the checkpoint, the name it was made with."""

    kind: str
    key: str
    name: str


class TrackedObject(msgspec.Struct, frozen=True):
    """An object: what it holds by name, its values, the slots it keeps if it is an optimizer."""

    children: dict[str, int]
    values: tuple[Stored, ...]
    slots: tuple[int, ...]


def read_objects(graph: Message) -> list[TrackedObject]:
    """Read a ``TrackableObjectGraph``; the place in the list is the object's number."""
    objects: list[TrackedObject] = []
    for node in graph.each(1):  # nodes
        if len(objects) == _MOST_OBJECTS:
            raise InvalidMessage(f"more than {_MOST_OBJECTS:,} objects", offset=node.start)
        objects.append(_read_object(node))
    return objects


def _read_object(node: Message) -> TrackedObject:
    children: dict[str, int] = {}
    values: list[Stored] = []
    slots: list[int] = []
    for number, part in node.messages():
        if number == 1:
            name, child = read_child(part)
            children[name] = child
        elif number == 2:  # attributes
            values.append(_read_value(part))
        elif number == 3:  # slot_variables; slot_variable_node_id
            slots.extend(_numbers(part, 3))
    return TrackedObject(children=children, values=tuple(values), slots=tuple(slots))


def read_child(part: Message) -> tuple[str, int]:
    """Read an ``ObjectReference``: the name and the number of the object."""
    name, node = "", 0
    for number, value in part.fields():
        if isinstance(value, int):
            node = signed(value) if number == 1 else node
        elif number == 2:
            name = value.text()
    return name, node


def _read_value(part: Message) -> Stored:
    texts = {1: "", 2: "", 3: ""}  # name, full_name, checkpoint_key
    for number, value in part.messages():
        if number in texts:
            texts[number] = value.text()
    return Stored(kind=texts[1], key=texts[3], name=texts[2])


def _numbers(part: Message, wanted: int) -> Iterable[int]:
    return [
        signed(value)
        for number, value in part.fields()
        if number == wanted and isinstance(value, int)
    ]


class Roles:
    """Which objects hold weights, and which belong to the optimizer."""

    __slots__ = ("_objects", "_optimizer", "_weights")

    def __init__(self, objects: Sequence[TrackedObject]) -> None:
        self._objects = objects
        optimizers = self._optimizers()
        listed = self._listed()
        weights = self._reach([0], optimizers, _APART) if listed is None else listed
        slots = {slot for item in objects for slot in item.slots}
        self._weights = {
            number: place for place, number in enumerate(weights) if number not in slots
        }
        self._optimizer = slots | set(self._reach(optimizers, set(), set()))

    def of(self, number: int) -> Role:
        """Tell what the variable of an object is for."""
        if number in self._weights:
            seeds = any(
                stored.name.endswith("seed_generator_state")
                for stored in self._objects[number].values
            )
            return Role.OTHER if seeds else Role.WEIGHT
        return Role.OPTIMIZER if number in self._optimizer else Role.OTHER

    def place(self, number: int) -> int:
        """Tell where among the weights the variable of an object stands."""
        return self._weights.get(number, number)

    def _optimizers(self) -> set[int]:
        found = {
            number
            for item in self._objects
            for name, number in item.children.items()
            if name in _OPTIMIZERS
        }
        found |= {number for number, item in enumerate(self._objects) if item.slots}
        return found - {0}

    def _listed(self) -> Optional[list[int]]:
        """Give the weights in the model's own order, where the root lists them."""
        if not self._objects:
            return None
        children = self._objects[0].children
        if "variables" not in children or "trainable_variables" not in children:
            return None
        number = children["variables"]
        if not 0 <= number < len(self._objects):
            return None
        listed = self._objects[number].children
        order = sorted((name for name in listed if name.isdecimal()), key=lambda n: (len(n), n))
        return [listed[name] for name in order]

    def _reach(self, starts: Iterable[int], without: set[int], names: set[str]) -> list[int]:
        """Give the objects that hang below others, in order, each once."""
        waiting = [number for number in starts if 0 <= number < len(self._objects)]
        seen = set(waiting)
        for number in waiting:  # grows while it is walked
            for name, child in self._objects[number].children.items():
                known = child in seen or child in without or name in names
                if not known and 0 <= child < len(self._objects):
                    seen.add(child)
                    waiting.append(child)
        return waiting
