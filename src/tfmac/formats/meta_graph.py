"""A graph with what is said about it: its writer, tags, signatures, assets, objects.

Field numbers are those of ``meta_graph.proto`` in tensorflow/tensorflow
(tensorflow/core/protobuf).
"""

from collections.abc import Iterator, Sequence

from tfmac.formats.graph_def import GraphReading
from tfmac.formats.protobuf import InvalidMessage, Message, signed
from tfmac.formats.saved_objects import SavedObjects
from tfmac.formats.tensorflow_types import Shape, describe, read_shape
from tfmac.schema.model_content import Graph, Node, Signature

_MOST_SIGNATURES = 1_000
_MOST_ARGUMENTS = 10_000
_MOST_NAMES = 10_000
_STATED = {5: "tensorflow_version", 6: "tensorflow_git_version"}  # of MetaInfoDef
# Not a signature: TensorFlow keeps an operation that loads tables there.
_INITIALISER = "__saved_model_init_op"


class MetaGraphs:
    """What was read of the graphs of one file, as far as it came.

    A file of TensorFlow 1 may have several for different tags: operations are counted over all.
    """

    def __init__(self, reading: GraphReading) -> None:
        self._reading = reading
        self._tags: dict[str, None] = {}
        self._signatures: dict[str, Signature] = {}
        self.stated: dict[str, str] = {}
        self.assets: list[str] = []
        self.objects = SavedObjects()

    @property
    def operations(self) -> dict[str, int]:
        """How often each kind of operation occurs."""
        return self._reading.operations

    def graph(self, nodes: Sequence[Node]) -> Graph:
        """Give what was read."""
        return Graph(
            operations=self.operations,
            signatures=tuple(self._signatures.values()),
            tags=tuple(self._tags),
            tensorflow=self.stated.get("tensorflow_version"),
            nodes=tuple(nodes),
            producer=self._reading.producer,
            minimum_consumer=self._reading.minimum_consumer,
        )

    def read(self, graph: Message) -> None:
        """Read a ``MetaGraphDef``."""
        for number, part in graph.messages():
            if number == 1:  # meta_info_def
                self._read_information(part)
            elif number == 2:  # graph_def
                self._reading.read(part)
            elif number == 5:  # signature_def, a map
                self._read_signature(part)
            elif number == 6:  # asset_file_def; filename
                name = part.last(2)
                if name and len(self.assets) < _MOST_NAMES:
                    self.assets.append(name.text())
            elif number == 7:  # object_graph_def
                self.objects.read(part)

    def _read_information(self, part: Message) -> None:
        for number, value in part.messages():
            if number == 4 and len(self._tags) < _MOST_NAMES:  # tags
                self._tags[value.text()] = None
            elif number in _STATED:
                self.stated.setdefault(_STATED[number], value.text())

    def _read_signature(self, entry: Message) -> None:
        key, value = entry.last(1), entry.last(2)
        name = key.text() if key else ""
        if name == _INITIALISER or name in self._signatures:
            return
        if len(self._signatures) == _MOST_SIGNATURES:
            raise InvalidMessage(f"more than {_MOST_SIGNATURES:,} signatures", offset=entry.start)
        sides: dict[int, dict[str, str]] = {1: {}, 2: {}}  # inputs, outputs
        for number, argument in value.messages() if value else ():
            if number in sides and len(sides[number]) < _MOST_ARGUMENTS:
                sides[number].update(_arguments(argument))
        self._signatures[name] = Signature(name=name, inputs=sides[1], outputs=sides[2])


def _arguments(entry: Message) -> Iterator[tuple[str, str]]:
    """Read an entry of a map of ``TensorInfo``."""
    key, value = entry.last(1), entry.last(2)
    if key and value:
        kind = 0
        shape: Shape = None
        for number, field in value.fields():
            if isinstance(field, int):
                kind = signed(field) if number == 2 else kind  # dtype
            elif number == 3:  # tensor_shape
                shape = read_shape(field)
        yield key.text(), describe(kind, shape)
