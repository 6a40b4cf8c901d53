"""Writes messages in protobuf's wire format, field by field."""

from typing import Union

Value = Union[int, bytes, str]


def varint(number: int) -> bytes:
    """Write a number in groups of seven bits; a negative one takes ten bytes."""
    number %= 1 << 64
    out = b""
    while number > 0x7F:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))


def field(number: int, value: Value) -> bytes:
    """Write one field: a number as such, anything else with its length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def message(*fields: tuple[int, Value]) -> bytes:
    """Write fields in the order given."""
    return b"".join(field(number, value) for number, value in fields)
