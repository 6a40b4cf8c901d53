"""The words of tables that a SavedModel fills from constants of its graph.

The object of a table names a function that fills it; what that function is bound to are constants,
one of which holds the words. Field numbers are those of ``saved_object_graph.proto`` in
tensorflow/tensorflow (tensorflow/core/protobuf) and of ``tensor.proto`` (core/framework).
"""

from collections.abc import Iterator
from typing import Optional

from tfmac.formats.protobuf import InvalidMessage, Message
from tfmac.formats.tensorflow_types import STRING

_FUNCTION, _CONSTANT = 6, 9
_MOST_WORDS = 4_000_000
_LONGEST_WORD = 1 << 16
_MOST_BOUND = 10_000


class SavedTables:
    """The tables of one SavedModel by the names of the functions and constants in it."""

    def __init__(self, saved_model: Message) -> None:
        self._functions: dict[int, list[str]] = {}
        """Of an object that is a function: what it consists of."""
        self._constants: dict[int, str] = {}
        self._bound: dict[str, list[int]] = {}
        self._operations: dict[str, Message] = {}
        for graph in saved_model.each(2):  # meta_graphs
            for number, part in graph.messages():
                if number == 2:  # graph_def
                    self._read_graph(part)
                elif number == 7:  # object_graph_def
                    self._read_objects(part)

    def words(self, filling: int) -> Optional[list[bytes]]:
        """Give the words that the function of this object fills a table with, in their order."""
        for name in self._functions.get(filling, ()):
            found = [
                words
                for number in self._bound.get(name, ())
                if (operation := self._operations.get(self._constants.get(number, "")))
                and (words := _texts(operation)) is not None
            ]
            if len(found) == 1:
                return found[0]
        return None

    def _read_graph(self, graph: Message) -> None:
        for node in graph.each(1):  # node
            kind, name = node.last(2), node.last(1)
            if kind is not None and name is not None and kind.text() == "Const":
                self._operations[name.text()] = node

    def _read_objects(self, graph: Message) -> None:
        number = 0
        for field, part in graph.messages():
            if field == 1:  # nodes
                self._read_object(number, part)
                number += 1
            elif field == 2:  # concrete_functions, a map
                key, value = part.last(1), part.last(2)
                if key is not None and value is not None:
                    self._bound[key.text()] = list(_numbers(value, 2))  # bound_inputs

    def _read_object(self, number: int, node: Message) -> None:
        for field, part in node.messages():
            if field == _FUNCTION:
                self._functions[number] = [one.text() for one in part.each(1)]
            elif field == _CONSTANT:
                operation = part.last(1)
                if operation is not None:
                    self._constants[number] = operation.text()


def _numbers(message: Message, wanted: int) -> Iterator[int]:
    """Read a list of numbers, packed or not."""
    left = _MOST_BOUND
    for field, value in message.fields():
        if field != wanted:
            continue
        if isinstance(value, int):
            yield value
            continue
        position = value.start
        while position < value.end and left:
            left -= 1
            one, position = value.source.varint(position, value.end)
            yield one


def _texts(node: Message) -> Optional[list[bytes]]:
    """Give the texts of a constant; None when it is something else."""
    for entry in node.each(5):  # attr, a map
        key, value = entry.last(1), entry.last(2)
        if key is None or value is None or key.text() != "value":
            continue
        for tensor in value.each(8):
            kinds = [one for field, one in tensor.fields() if field == 1]
            if kinds != [STRING]:
                return None
            words: list[bytes] = []
            for word in tensor.each(8):  # string_val
                if len(words) == _MOST_WORDS:
                    raise InvalidMessage("more words than any vocabulary has", offset=word.start)
                words.append(word.content(_LONGEST_WORD))
            return words
    return None
