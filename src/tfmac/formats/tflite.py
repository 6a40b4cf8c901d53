"""TensorFlow Lite models: recognised, their version and operators told.

Written from the public description of FlatBuffers' binary format and ``schema.fbs`` in
tensorflow/tensorflow (tensorflow/lite/schema). Every offset is held against the file's end.
"""

from collections import Counter
from collections.abc import Iterator
from typing import IO, Optional

import msgspec

from tfmac.formats.model_reading import Problems
from tfmac.formats.protobuf import InvalidMessage, Source
from tfmac.schema.model_content import Content, Graph, ModelFormat

IDENTIFIER = b"TFL3"  # at byte 4
_MOST_ENTRIES = 200_000
_LONGEST_TEXT = 1 << 12
_NUMBER_STEPS = 3
_CUSTOM = 32  # BuiltinOperator.CUSTOM
# Numbers of fields, in the order of the schema.
_VERSION, _CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _METADATA = 0, 1, 2, 3, 4, 6  # Model
_OLD_CODE, _CUSTOM_CODE, _CODE = 0, 1, 3  # OperatorCode
_OPERATORS = 3  # SubGraph
_OPCODE_INDEX = 0  # Operator
_NAME, _BUFFER = 0, 1  # Metadata
_DATA = 0  # Buffer
_RUNTIME = "min_runtime_version"


def looks_like_tflite(first_bytes: bytes) -> bool:
    """Whether a file begins as a TensorFlow Lite model does."""
    return first_bytes[4:8] == IDENTIFIER


def read_tflite(stream: IO[bytes], size: int, path: str) -> Content:
    """Read the version and count the operators, by name where they are custom ones."""
    problems = Problems()
    model = _Model(Source(stream, size))
    with problems.reading(path):
        model.read()
    return Content(
        path=path,
        format=ModelFormat.TFLITE,
        bytes=size,
        stated=model.stated,
        graph=Graph(operations=dict(model.operations)),
        problems=problems.all(),
    )


class _Table(msgspec.Struct, frozen=True, gc=False):
    """A table: where it is, and where the list of its fields' offsets is."""

    start: int
    fields: int
    count: int


class _Model:
    """The reading of one model."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.stated: dict[str, str] = {}
        self.operations: Counter[str] = Counter()

    def read(self) -> None:
        if not looks_like_tflite(self._source.take(0, min(8, self._source.size))):
            raise InvalidMessage("not a TensorFlow Lite model", offset=0)
        model = self._table(self._number(0))
        self.stated["schema_version"] = str(self._field_number(model, _VERSION))
        description = self._text(model, _DESCRIPTION)
        if description:
            self.stated["description"] = description
        self._read_metadata(model)
        codes = [self._code(table) for table in self._tables(model, _CODES)]
        for subgraph in self._tables(model, _SUBGRAPHS):
            for operator in self._tables(subgraph, _OPERATORS):
                index = self._field_number(operator, _OPCODE_INDEX)
                if index >= len(codes):
                    raise InvalidMessage("an operator of no kind", offset=operator.start)
                self.operations[codes[index]] += 1

    def _code(self, table: _Table) -> str:
        """Name a kind of operator; the built-in ones by their numbers."""
        # The old field has a byte; numbers beyond it stand in the new one alone.
        number = max(self._field_number(table, _OLD_CODE, 1), self._field_number(table, _CODE))
        if number == _CUSTOM:
            return self._text(table, _CUSTOM_CODE) or "custom"
        return f"builtin-{number}"

    def _read_metadata(self, model: _Table) -> None:
        """Find the oldest TensorFlow that runs the model, where that is noted."""
        for item in self._tables(model, _METADATA):
            if self._text(item, _NAME) == _RUNTIME:
                wanted = self._field_number(item, _BUFFER)
                for index, buffer in enumerate(self._tables(model, _BUFFERS)):
                    if index == wanted:
                        data = self._vector(buffer, _DATA)
                        text = self._bytes(*data) if data else b""
                        self.stated[_RUNTIME] = text.rstrip(b"\0").decode("utf-8", "replace")
                        return

    def _number(self, position: int, size: int = 4) -> int:
        source = self._source
        source.budget.spend(_NUMBER_STEPS, position)
        if position < 0 or position + size > source.size:
            raise InvalidMessage("an offset outside the file", offset=min(position, source.size))
        return int.from_bytes(source.take(position, position + size), "little")

    def _table(self, start: int) -> _Table:
        back = self._number(start)  # signed: the list may stand before or behind
        fields = start - (back - (1 << 32) if back >> 31 else back)
        length = self._number(fields, 2)
        return _Table(start=start, fields=fields, count=max(length - 4, 0) // 2)

    def _place(self, table: _Table, field: int) -> Optional[int]:
        """Find a field; None where it was left out."""
        if field >= table.count:
            return None
        offset = self._number(table.fields + 4 + 2 * field, 2)
        return table.start + offset if offset else None

    def _field_number(self, table: _Table, field: int, size: int = 4) -> int:
        place = self._place(table, field)
        return 0 if place is None else self._number(place, size)

    def _vector(self, table: _Table, field: int) -> Optional[tuple[int, int]]:
        """Find a vector: where its entries begin and how many there are."""
        place = self._place(table, field)
        if place is None:
            return None
        start = place + self._number(place)
        return start + 4, self._number(start)

    def _tables(self, table: _Table, field: int) -> Iterator[_Table]:
        start, count = self._vector(table, field) or (0, 0)
        if count > _MOST_ENTRIES:
            raise InvalidMessage(f"more than {_MOST_ENTRIES:,} entries", offset=start)
        for place in range(start, start + 4 * count, 4):
            yield self._table(place + self._number(place))

    def _text(self, table: _Table, field: int) -> str:
        vector = self._vector(table, field)
        return self._bytes(*vector).decode("utf-8", "replace") if vector else ""

    def _bytes(self, start: int, length: int) -> bytes:
        if length > _LONGEST_TEXT or start + length > self._source.size:
            raise InvalidMessage("a text that is too long", offset=start)
        self._source.budget.spend_text(length, start)
        return self._source.take(start, start + length)
