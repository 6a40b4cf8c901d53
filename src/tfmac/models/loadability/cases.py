"""What a rule is given, and what it answers."""

import enum
from collections.abc import Iterator
from typing import Callable, Optional

import msgspec

from tfmac.models.loadability.readers import Generation, Reader, Release
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Content, ModelFormat


class Way(enum.Enum):
    """An argument of ``load_model`` with which an obstacle is not met."""

    COMPILE = "compile=False"
    SAFE_MODE = "safe_mode=False"
    CUSTOM_OBJECTS = "custom_objects"


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a file that keeps a reader from loading it as it was.

    With the verdict ``loads`` it is no more than a note.
    """

    cause: Optional[str]
    message: str
    verdict: Verdict = Verdict.FAILS
    ways: frozenset[Way] = frozenset()
    """Arguments, any of which passes it; empty where none does."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A file and a reader."""

    content: Content
    reader: Reader

    @property
    def keras(self) -> Release:
        """The release of Keras that reads."""
        return self.reader.keras


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """The releases of some Kerases in which a rule holds; ``before`` is the first without it."""

    generations: frozenset[Generation]
    since: Release = (0, 0)
    before: Release = (99, 0)

    def __contains__(self, reader: Reader) -> bool:
        if reader.generation not in self.generations:
            return False
        return self.since <= reader.keras < self.before


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What one property of a file means to some readers."""

    name: str
    formats: frozenset[ModelFormat]
    intervals: tuple[Interval, ...]
    apply: Callable[[Case], Iterator[Obstacle]]

    def obstacles(self, case: Case) -> Iterator[Obstacle]:
        """Give the obstacles in a case, none where the rule does not hold for it."""
        if case.content.format not in self.formats:
            return
        if any(case.reader in interval for interval in self.intervals):
            yield from self.apply(case)


KERAS_3 = frozenset({Generation.KERAS_3})
KERAS_2 = frozenset({Generation.STANDALONE, Generation.TF_KERAS, Generation.LEGACY})
TF_KERAS = frozenset({Generation.TF_KERAS, Generation.LEGACY})
STANDALONE = frozenset({Generation.STANDALONE})


def keras_3(since: Release = (3, 0), before: Release = (99, 0)) -> tuple[Interval, ...]:
    """Name releases of Keras 3."""
    return (Interval(generations=KERAS_3, since=since, before=before),)


def keras_2(since: Release = (0, 0), before: Release = (99, 0)) -> tuple[Interval, ...]:
    """Name releases of Keras 2 by the number of their TensorFlow, and tf-keras."""
    return (Interval(generations=TF_KERAS, since=since, before=before),)


def standalone() -> tuple[Interval, ...]:
    """Name the Keras with several backends."""
    return (Interval(generations=STANDALONE),)


def every_reader() -> tuple[Interval, ...]:
    """Name all readers."""
    return (Interval(generations=KERAS_2 | KERAS_3),)
