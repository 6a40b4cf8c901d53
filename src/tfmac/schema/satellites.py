"""Packages that are used beside TensorFlow, as they were really run there."""

import enum
from typing import Optional

import msgspec


class Stage(enum.Enum):
    """How far the use of a package came."""

    TENSORFLOW = "tensorflow"
    """TensorFlow itself could not be imported beside it."""
    IMPORT = "import"
    USE = "use"
    WORKS = "works"


class Satellite(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A release of a package that was used beside a TensorFlow, with what its metadata ask for."""

    package: str
    version: str
    tensorflow: str
    python: str
    stage: Stage
    """Where it stops with what it declares alone, or ``works``."""
    needs: tuple[str, ...] = ()
    """Requirements that it does not declare, and with which it was seen to work."""
    error: Optional[str] = None
    """What it says where it stops: the last line of the exception."""
    cause: Optional[str] = None
    """The cause of the vocabulary that the error is a sign of, if it is one."""
    keras: Optional[str] = None
    """The Keras that lay beside it."""

    @property
    def works(self) -> bool:
        """Whether it works, with its needs if there are any."""
        return self.stage is Stage.WORKS or bool(self.needs)


class SatelliteTable(msgspec.Struct, frozen=True, kw_only=True):
    """All that was run; ``measured`` is the day and ``platform`` where."""

    schema_version: int
    measured: str
    platform: str
    satellites: tuple[Satellite, ...]
