"""What the readers of models share: problems that are collected, JSON that is bounded."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Callable

from tfmac.formats import json_text
from tfmac.formats.protobuf import InvalidMessage, Message
from tfmac.schema.model_content import Problem

# Opens a file of a model's folder by the name that the folder's list has for it.
OpenMember = Callable[[str], IO[bytes]]

_MOST_PROBLEMS = 50
_LONGEST_JSON = 16 << 20
# A list of nothing takes twenty times its text, so that the text is no bound for the memory.
_PART_STEPS = 8


class Problems:
    """The problems of one file, of which the first ones are kept."""

    __slots__ = ("_found", "_more")

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._more = 0

    def add(self, statement: str, location: str = "") -> None:
        """Take a problem down."""
        if len(self._found) < _MOST_PROBLEMS:
            self._found.append(Problem(statement=statement, location=location))
        else:
            self._more += 1

    @contextmanager
    def reading(self, location: str) -> Iterator[None]:
        """Turn what goes wrong in a file into a problem; what was read before stays."""
        try:
            yield
        except InvalidMessage as error:
            self.add(error.problem, f"{location}, byte {error.offset}")
        except OSError as error:
            self.add(f"cannot be read: {error.strerror or error}", location)

    def all(self) -> tuple[Problem, ...]:
        """Give what was found, with a count of what was too much."""
        if not self._more:
            return tuple(self._found)
        return (*self._found, Problem(statement=f"{self._more} more problems are not listed"))


def read_json(text: Message) -> Any:  # noqa: ANN401 - any JSON value
    """Read the JSON that Keras puts into messages; raise ``InvalidMessage``."""
    content = text.content(_LONGEST_JSON)
    parts = sum(content.count(mark) for mark in (b",", b":", b"[", b"{"))
    text.source.budget.spend(_PART_STEPS * parts, text.start)
    try:
        return json_text.read_json(content)
    except json_text.InvalidJson as error:
        raise InvalidMessage(f"metadata: {error}", offset=text.start) from error
