"""Writes tables in FlatBuffers' binary format, parents before what they hold."""

import struct
from collections.abc import Mapping, Sequence
from typing import Union

Field = Union[int, str, bytes, Sequence["Table"]]
Table = Mapping[int, Field]


def flatbuffer(root: Table, identifier: bytes) -> bytes:
    """Write a buffer whose root is a table."""
    out = bytearray(4) + identifier
    start = _table(out, root)
    struct.pack_into("<I", out, 0, start)
    return bytes(out)


def _table(out: bytearray, fields: Table) -> int:
    count = max(fields, default=-1) + 1
    places = {number: 4 + 4 * place for place, number in enumerate(sorted(fields))}
    listing = len(out)
    out += struct.pack("<2H", 4 + 2 * count, 4 + 4 * len(fields))
    out += struct.pack(f"<{count}H", *(places.get(number, 0) for number in range(count)))
    start = len(out)
    out += struct.pack("<i", start - listing) + bytes(4 * len(fields))
    for number, place in places.items():
        value = fields[number]
        slot = start + place
        content = value if isinstance(value, int) else _content(out, value) - slot
        struct.pack_into("<I", out, slot, content)
    return start


def _content(out: bytearray, value: Union[str, bytes, Sequence[Table]]) -> int:
    start = len(out)
    if isinstance(value, (str, bytes)):
        data = value.encode() if isinstance(value, str) else value
        out += struct.pack("<I", len(data)) + data + b"\0"
        return start
    out += struct.pack("<I", len(value)) + bytes(4 * len(value))
    for place, table in enumerate(value):
        slot = start + 4 + 4 * place
        struct.pack_into("<I", out, slot, _table(out, table) - slot)
    return start
