"""The graph of objects inside a SavedModel, with what Keras 2 says of each.

Field numbers are those of ``saved_object_graph.proto`` in tensorflow/tensorflow
(tensorflow/core/protobuf) and of ``saved_metadata.proto`` in keras-team/keras (keras/protobuf).
"""

from collections.abc import Mapping
from typing import Any, Optional

from tfmac.formats.model_reading import read_json
from tfmac.formats.object_graph import read_child
from tfmac.formats.protobuf import InvalidMessage, Message, signed
from tfmac.formats.tensorflow_types import Shape, read_shape, type_name
from tfmac.schema.model_content import Node

_MOST_NODES = 200_000
_KINDS = {
    4: "user_object",
    5: "asset",
    6: "function",
    7: "variable",
    8: "bare_concrete_function",
    9: "constant",
    10: "resource",
    12: "captured_tensor",
}
KERAS = "_tf_keras_"


class SavedObjects:
    """The objects that were read, as far as it came; the place in the list is the number.

    A variable's metadata is its name, type, shape, and whether it is trained.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def read(self, graph: Message) -> None:
        """Read a ``SavedObjectGraph``; of several, the first counts."""
        if self.nodes:
            return
        for node in graph.each(1):  # nodes
            if len(self.nodes) == _MOST_NODES:
                raise InvalidMessage(f"more than {_MOST_NODES:,} objects", offset=node.start)
            self.nodes.append(_read_node(len(self.nodes), node))

    def read_metadata(self, metadata: Message) -> None:
        """Read a ``SavedMetadata``, which Keras writes beside the graph since TensorFlow 2.5."""
        for item in metadata.each(1):  # nodes
            number, identifier, value = _read_item(item)
            if not 0 <= number < len(self.nodes):
                raise InvalidMessage(f"metadata of an unknown object {number}", offset=item.start)
            node = self.nodes[number]
            self.nodes[number] = Node(
                number=number,
                kind=node.kind,
                identifier=identifier or node.identifier,
                metadata=value,
                children=node.children,
            )

    def root(self) -> Mapping[str, Any]:
        """Give what Keras says of the model as a whole."""
        value = self.nodes[0].metadata if self.nodes else None
        return value if isinstance(value, dict) else {}


def _read_node(number: int, node: Message) -> Node:
    """Read a ``SavedObject``."""
    children: dict[str, int] = {}
    kind, identifier, metadata = "unknown", "", None
    for field, part in node.messages():
        if field == 1:
            name, child = read_child(part)
            children[name] = child
        elif field in _KINDS:
            kind = _KINDS[field]
            if field == 4:
                identifier, metadata = _read_user_object(part)
            elif field == 7:
                metadata = _read_variable(part)
    return Node(
        number=number, kind=kind, identifier=identifier, metadata=metadata, children=children
    )


def _read_user_object(part: Message) -> tuple[str, Optional[Any]]:
    name, text = part.last(1), part.last(3)  # identifier, metadata
    identifier = name.text() if name else ""
    if text is None or not identifier.startswith(KERAS):
        return identifier, None
    return identifier, _parsed(text)


def _parsed(text: Message) -> Any:  # noqa: ANN401 - JSON is anything
    return read_json(text) if text.size else None


def _read_variable(part: Message) -> dict[str, Any]:
    """Read a ``SavedVariable``."""
    kind, trainable, name = 0, False, ""
    shape: Shape = ()
    for number, value in part.fields():
        if isinstance(value, int):
            if number == 1:
                kind = signed(value)
            elif number == 3:
                trainable = bool(value)
        elif number == 2:
            shape = read_shape(value)
        elif number == 6:
            name = value.text()
    return {
        "name": name,
        "dtype": type_name(kind),
        "shape": None if shape is None else list(shape),
        "trainable": trainable,
    }


def _read_item(item: Message) -> tuple[int, str, Optional[Any]]:
    """Read a ``SavedObject`` of Keras: number, identifier, metadata."""
    number, identifier, metadata = 0, "", None
    for field, value in item.fields():
        if isinstance(value, int):
            number = signed(value) if field == 2 else number
        elif field == 4:
            identifier = value.text()
        elif field == 5:
            metadata = _parsed(value)
    return number, identifier, metadata
