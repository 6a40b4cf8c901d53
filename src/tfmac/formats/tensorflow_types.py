"""Types and shapes of tensors as TensorFlow's messages state them.

Numbers are those of ``types.proto`` and ``tensor_shape.proto`` in tensorflow/tensorflow
(tensorflow/core/framework).
"""

from typing import Optional, Union

from tfmac.formats.protobuf import InvalidMessage, Message, signed

STRING = 7  # DT_STRING
# DataType: its name, as NumPy has it where NumPy has it, and bytes for each element.
_TYPES = {
    1: ("float32", 4),
    2: ("float64", 8),
    3: ("int32", 4),
    4: ("uint8", 1),
    5: ("int16", 2),
    6: ("int8", 1),
    7: ("string", 0),
    8: ("complex64", 8),
    9: ("int64", 8),
    10: ("bool", 1),
    11: ("qint8", 1),
    12: ("quint8", 1),
    13: ("qint32", 4),
    14: ("bfloat16", 2),
    15: ("qint16", 2),
    16: ("quint16", 2),
    17: ("uint16", 2),
    18: ("complex128", 16),
    19: ("float16", 2),
    20: ("resource", 0),
    21: ("variant", 0),
    22: ("uint32", 4),
    23: ("uint64", 8),
    24: ("float8_e5m2", 1),
    25: ("float8_e4m3fn", 1),
    26: ("float8_e4m3fnuz", 1),
    27: ("float8_e4m3b11fnuz", 1),
    28: ("float8_e5m2fnuz", 1),
    29: ("int4", 1),
    30: ("uint4", 1),
    31: ("int2", 1),
    32: ("uint2", 1),
}
_REFERENCE = 100  # a type and this is a reference to it, as variables of TensorFlow 1 have
# TensorFlow refuses more than 254 dimensions. So many elements that their bytes are no 64-bit
# number are in no file.
_MOST_DIMENSIONS = 254
_MOST_ELEMENTS = 1 << 58

Shape = Optional[tuple[int, ...]]  # None where even the number of dimensions is open; -1 is open


def type_name(number: int) -> str:
    """Name a type."""
    known = _TYPES.get(number % _REFERENCE if _REFERENCE < number < 2 * _REFERENCE else number)
    return known[0] if known else f"type-{number}"


def tensor_bytes(number: int, shape: tuple[int, ...]) -> Optional[int]:
    """Tell what an array takes; None where its elements have no size of their own."""
    size = _TYPES.get(number, ("", 0))[1]
    if not size:
        return None
    for length in shape:
        size *= length
    return size


def read_shape(message: Message) -> Shape:
    """Read a ``TensorShapeProto``."""
    dimensions: list[int] = []
    for number, value in message.fields():
        if number == 2 and isinstance(value, Message):  # dim
            dimensions.append(_dimension(value))
            if len(dimensions) > _MOST_DIMENSIONS:
                raise InvalidMessage("a shape of too many dimensions", offset=message.start)
        elif number == 3 and value:  # unknown_rank
            return None
    elements = 1
    for length in dimensions:
        elements *= max(length, 1)
        if length < -1 or elements > _MOST_ELEMENTS:
            raise InvalidMessage("a shape that no tensor has", offset=message.start)
    return tuple(dimensions)


def _dimension(message: Message) -> int:
    """Read a ``Dim``."""
    size: Union[int, Message] = 0
    for number, value in message.fields():
        if number == 1:
            size = value
    return signed(size) if isinstance(size, int) else 0


def describe(number: int, shape: Shape) -> str:
    """Write a type and a shape in short: ``float32[?, 8]``."""
    if shape is None:
        return f"{type_name(number)}[...]"
    lengths = ", ".join("?" if length < 0 else str(length) for length in shape)
    return f"{type_name(number)}[{lengths}]"
