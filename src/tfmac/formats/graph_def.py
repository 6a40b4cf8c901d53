"""Graphs of TensorFlow: their operations are counted, the contents of constants stepped over.

Field numbers are those of ``graph.proto``, ``node_def.proto``, ``function.proto``,
``attr_value.proto``, ``tensor.proto`` and ``versions.proto`` in tensorflow/tensorflow
(tensorflow/core/framework).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Optional

from tfmac.formats.protobuf import InvalidMessage, Message, signed
from tfmac.formats.tensorflow_types import (
    Shape,
    describe,
    read_shape,
    tensor_bytes,
    type_name,
)
from tfmac.schema.model_content import Tensor

# TensorFlow itself has about 1,500 kinds.
_MOST_KINDS = 20_000
_LONGEST_KIND = 1 << 10
_MOST_CONSTANTS = 200_000
_MOST_INPUTS = 10_000


class GraphReading:
    """What was read of graphs, as far as it came.

    ``constants`` asks for the constants of the graphs themselves, not of their functions.
    """

    def __init__(self, *, constants: bool = False) -> None:
        self._constants = constants
        self._counts: Counter[str] = Counter()
        self._functions: set[str] = set()
        self.tensors: list[Tensor] = []
        self.inputs: dict[str, str] = {}
        """What is fed, by name: its type and shape."""
        self.producer: Optional[int] = None
        self.minimum_consumer: Optional[int] = None

    @property
    def operations(self) -> dict[str, int]:
        """How often each kind of operation occurs; calls of the graph's own functions are none."""
        return {kind: count for kind, count in self._counts.items() if kind not in self._functions}

    def read(self, graph: Message) -> None:
        """Read a ``GraphDef``."""
        for number, part in graph.fields():
            if isinstance(part, int):
                if number == 3 and self.producer is None:  # version, before there was versions
                    self.producer = signed(part)
            elif number == 1:  # node
                kind = self._count(part)
                if self._constants:
                    self._keep(kind, part)
            elif number == 2:  # library; function
                for function in part.each(1):
                    self._read_function(function)
            elif number == 4:  # versions
                self._read_versions(part)

    def _count(self, node: Message) -> str:
        op = node.last(2)
        kind = op.text(_LONGEST_KIND) if op else ""
        if kind not in self._counts and len(self._counts) == _MOST_KINDS:
            raise InvalidMessage(f"more than {_MOST_KINDS:,} kinds", offset=node.start)
        self._counts[kind] += 1
        return kind

    def _read_function(self, function: Message) -> None:
        for number, part in function.messages():
            if number == 1:  # signature; name
                name = part.last(1)
                if name:
                    self._functions.add(name.text())
            elif number == 3:  # node_def
                self._count(part)

    def _read_versions(self, versions: Message) -> None:
        for number, value in versions.fields():
            if isinstance(value, int):
                if number == 1:
                    self.producer = signed(value)
                elif number == 2:
                    self.minimum_consumer = signed(value)

    def _keep(self, kind: str, node: Message) -> None:
        """Take down a constant or an input."""
        if kind == "Const":
            if len(self.tensors) == _MOST_CONSTANTS:
                raise InvalidMessage(f"more than {_MOST_CONSTANTS:,} constants", offset=node.start)
            for attribute, value in _attributes(node):
                if attribute == "value":
                    self.tensors.extend(_constants(_name(node), value))
        elif kind == "Placeholder" and len(self.inputs) < _MOST_INPUTS:
            self.inputs[_name(node)] = _placeholder(node)


def _name(node: Message) -> str:
    name = node.last(1)
    return name.text() if name else ""


def _attributes(node: Message) -> Iterator[tuple[str, Message]]:
    for entry in node.each(5):  # attr, a map
        key, value = entry.last(1), entry.last(2)
        if key and value:
            yield key.text(), value


def _constants(name: str, value: Message) -> Iterator[Tensor]:
    """Read the head of a ``TensorProto``."""
    for tensor in value.each(8):
        kind, shape = _typed(tensor, 1, 2)
        if shape is not None and not any(length < 0 for length in shape):
            size = tensor_bytes(kind, shape)
            yield Tensor(
                path=name,
                shape=shape,
                dtype=type_name(kind),
                bytes=tensor.size if size is None else size,
            )


def _placeholder(node: Message) -> str:
    kind, shape = 0, None
    for attribute, value in _attributes(node):
        if attribute == "dtype":
            kind = _typed(value, 6, 7)[0]
        elif attribute == "shape":
            shape = _typed(value, 6, 7)[1]
    return describe(kind, shape)


def _typed(message: Message, type_field: int, shape_field: int) -> tuple[int, Shape]:
    """Read a type and a shape out of a message that has both."""
    kind = 0
    shape: Shape = None
    for number, value in message.fields():
        if isinstance(value, int):
            kind = signed(value) if number == type_field else kind
        elif number == shape_field:
            shape = read_shape(value)
    return kind, shape
