"""SavedModels, checkpoints and graphs from the few things that a test is about."""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Optional

from builders.protobuf import message, varint

FLOAT, INT64, TEXT = 1, 9, 7
_SIZES = {FLOAT: 4, INT64: 8}


@dataclass(frozen=True)
class Folder:
    """Files in memory, opened by name, with a note of what was opened."""

    files: Mapping[str, bytes]

    @property
    def names(self) -> list[tuple[str, int]]:
        """List the files with their sizes."""
        return [(name, len(content)) for name, content in self.files.items()]

    def open(self, name: str) -> IO[bytes]:
        """Open one of the files."""
        return BytesIO(self.files[name])


def shape(lengths: Sequence[int]) -> bytes:
    """Write a ``TensorShapeProto``."""
    return message(*((2, message((1, length))) for length in lengths))


def node(name: str, kind: str, *attributes: tuple[str, bytes]) -> bytes:
    """Write a ``NodeDef``."""
    entries = [(5, message((1, key), (2, value))) for key, value in attributes]
    return message((1, name), (2, kind), (3, "^before"), *entries)


def constant(name: str, lengths: Sequence[int], kind: int = FLOAT, content: bytes = b"") -> bytes:
    """Write a constant."""
    tensor = message((1, kind), (2, shape(lengths)), (4, content))
    return node(name, "Const", ("dtype", message((6, kind))), ("value", message((8, tensor))))


def placeholder(name: str, lengths: Sequence[int], kind: int = FLOAT) -> bytes:
    """Write an input."""
    attributes = ("dtype", message((6, kind))), ("shape", message((7, shape(lengths))))
    return node(name, "Placeholder", *attributes)


def graph(
    *nodes: bytes, functions: Optional[Mapping[str, Sequence[bytes]]] = None, producer: int = 561
) -> bytes:
    """Write a ``GraphDef``."""
    library = [
        (1, message((1, message((1, name))), *((3, item) for item in body)))
        for name, body in (functions or {}).items()
    ]
    versions = message((1, producer), (2, 12))
    return message(*((1, item) for item in nodes), (2, message(*library)), (4, versions))


def signature(name: str, inputs: Mapping[str, bytes], outputs: Mapping[str, bytes]) -> bytes:
    """Write an entry of ``signature_def``; arguments are ``TensorInfo``."""
    sides = [(1, message((1, key), (2, value))) for key, value in inputs.items()]
    sides += [(2, message((1, key), (2, value))) for key, value in outputs.items()]
    return message((1, name), (2, message(*sides)))


def tensor_info(lengths: Optional[Sequence[int]], kind: int = FLOAT) -> bytes:
    """Write a ``TensorInfo``; without lengths, of unknown rank."""
    written = message((3, 1)) if lengths is None else shape(lengths)
    return message((1, "x:0"), (2, kind), (3, written))


def meta_graph(
    graph_def: bytes,
    *,
    signatures: Sequence[bytes] = (),
    objects: bytes = b"",
    assets: Sequence[str] = (),
    tags: Sequence[str] = ("serve",),
    version: str = "2.9.3",
) -> bytes:
    """Write a ``MetaGraphDef``."""
    information = message(*((4, tag) for tag in tags), (5, version), (6, f"v{version}-0-gabc"))
    return message(
        (1, information),
        (2, graph_def),
        *((5, item) for item in signatures),
        *((6, message((2, name))) for name in assets),
        (7, objects),
    )


def saved_model(*meta_graphs: bytes) -> bytes:
    """Write a ``SavedModel``."""
    return message((1, 1), *((2, item) for item in meta_graphs))


def children(named: Mapping[str, int]) -> bytes:
    """Write the references of an object to others."""
    return message(*((1, message((1, number), (2, name))) for name, number in named.items()))


def user_object(
    identifier: str, named: Mapping[str, int], metadata: Optional[object] = None
) -> bytes:
    """Write an object of a SavedModel's graph, with metadata as Keras of TensorFlow 2.2-2.4 did."""
    text = "" if metadata is None else json.dumps(metadata)
    return children(named) + message((4, message((1, identifier), (3, text))))


def variable_object(name: str, lengths: Sequence[int]) -> bytes:
    """Write a variable of a SavedModel's graph."""
    return message((7, message((1, FLOAT), (2, shape(lengths)), (3, 1), (6, name))))


def tracked(
    named: Mapping[str, int], *, key: str = "", name: str = "", slots: Sequence[int] = ()
) -> bytes:
    """Write an object of a checkpoint's graph."""
    value = message((1, "VARIABLE_VALUE"), (2, name), (3, key)) if key else None
    kept = [(3, message((1, 1), (2, "m"), (3, slot))) for slot in slots]
    return children(named) + message(*([(2, value)] if value else []), *kept)


def objects(*nodes: bytes) -> bytes:
    """Write a graph of objects, of either kind."""
    return message(*((1, item) for item in nodes))


def metadata(nodes: Mapping[int, tuple[str, object]]) -> bytes:
    """Write ``keras_metadata.pb``."""
    return message(
        *(
            (1, message((2, number), (3, "root"), (4, identifier), (5, json.dumps(value))))
            for number, (identifier, value) in nodes.items()
        )
    )


def checkpoint(
    tensors: Mapping[str, Sequence[int]],
    *,
    prefix: str = "variables/variables",
    graph_of_objects: Optional[bytes] = None,
    kinds: Optional[Mapping[str, int]] = None,
) -> dict[str, bytes]:
    """Write an index and one file of data."""
    data = b""
    entries = {b"": message((1, 1), (3, message((1, 1))))}
    if graph_of_objects is not None:
        text = varint(len(graph_of_objects)) + bytes(4) + graph_of_objects
        entries[b"_CHECKPOINTABLE_OBJECT_GRAPH"] = _entry(TEXT, (), 0, len(text))
        data += text
    for key, lengths in sorted(tensors.items()):
        kind = (kinds or {}).get(key, FLOAT)
        size = _SIZES[kind]
        for length in lengths:
            size *= length
        entries[key.encode()] = _entry(kind, lengths, len(data), size)
        data += bytes(size)
    return {
        f"{prefix}.index": table(entries),
        f"{prefix}.data-00000-of-00001": data,
    }


def _entry(kind: int, lengths: Sequence[int], offset: int, size: int) -> bytes:
    return message((1, kind), (2, shape(lengths)), (3, 0), (4, offset), (5, size))


def table(entries: Mapping[bytes, bytes], *, at_once: int = 3, compression: int = 0) -> bytes:
    """Write a sorted table with some entries in each block."""
    out, index = b"", {}
    keys = sorted(entries)
    for start in range(0, len(keys), at_once):
        chosen = keys[start : start + at_once]
        content = _block({key: entries[key] for key in chosen})
        index[chosen[-1]] = varint(len(out)) + varint(len(content))
        out += content + _trailer(content, compression)
    handles = b""
    for block in (_block({}), _block(index)):
        handles += varint(len(out)) + varint(len(block))
        out += block + _trailer(block, 0)
    return out + handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def _block(entries: Mapping[bytes, bytes]) -> bytes:
    out, before = b"", b""
    for key, value in entries.items():
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        before = key
    return out + struct.pack("<2I", 0, 1)


def _trailer(content: bytes, compression: int) -> bytes:
    data = content + bytes((compression,))
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) % (1 << 32)
    return bytes((compression,)) + struct.pack("<I", masked)
