"""Frozen graphs: one ``GraphDef`` whose variables have become constants."""

import re
from typing import IO

from tfmac.formats.graph_def import GraphReading
from tfmac.formats.model_reading import Problems
from tfmac.formats.protobuf import Source
from tfmac.schema.model_content import Content, Graph, ModelFormat, Signature, Tensor

# A GraphDef begins with its first operation, which begins with its name and kind.
_FIRST_NODE = re.compile(
    rb"\x0a[\x80-\xff]{0,4}[\x00-\x7f]"  # node, and its length
    rb"\x0a[\x80-\xff]?[\x01-\x7f][A-Za-z0-9.][A-Za-z0-9_.\\/>-]*"  # its name
    rb"\x12[\x01-\x7f][A-Za-z_][A-Za-z0-9_>]*"  # its kind
)
# The values of shapes, axes and the like are integers; what was learnt is not.
_NOT_LEARNT = {"int32", "int64", "bool", "string", "resource", "variant"}


def looks_like_graph(first_bytes: bytes) -> bool:
    """Whether a file begins as a graph does; some hundred bytes are enough."""
    return _FIRST_NODE.match(first_bytes) is not None


def read_frozen_graph(stream: IO[bytes], size: int, path: str) -> Content:
    """Read a graph: its operations, its inputs, its constants without their contents.

    Nothing in the file tells weights from other constants: arrays of numbers that are not whole
    are given as weights, the others apart.
    """
    reading = GraphReading(constants=True)
    problems = Problems()
    with problems.reading(path):
        reading.read(Source(stream, size).message())
    tensors = tuple(tensor for tensor in reading.tensors if _may_be_learnt(tensor))
    signature = Signature(name="", inputs=reading.inputs, outputs={})
    return Content(
        path=path,
        format=ModelFormat.FROZEN_GRAPH,
        bytes=size,
        tensors=tensors,
        others=tuple(tensor for tensor in reading.tensors if not _may_be_learnt(tensor)),
        graph=Graph(
            operations=reading.operations,
            signatures=(signature,) if reading.inputs else (),
            producer=reading.producer,
            minimum_consumer=reading.minimum_consumer,
        ),
        problems=problems.all(),
    )


def _may_be_learnt(tensor: Tensor) -> bool:
    return bool(tensor.shape) and tensor.dtype not in _NOT_LEARNT
