"""Whether a model file loads in a reader: the verdict, its cause and what helps."""

import enum
from typing import Optional

import msgspec


class Verdict(enum.Enum):
    """What a plain ``load_model(path)`` does in a fresh process, without any code of the user."""

    LOADS = "loads"
    LOADS_DIFFERENTLY = "loads-differently"
    """It gives a model, and that model computes something else than the writer's."""
    FAILS = "fails"
    UNKNOWN = "unknown"
    """What was read of the file, or of the reader, does not decide it."""


class Loadability(msgspec.Struct, frozen=True, kw_only=True):
    """What one reader makes of one model file.

    Weights and checkpoints are judged as loaded into the same architecture, built by the reader.
    """

    reader: str
    """As it was given: ``tensorflow==2.18.1,keras==3.8.0``."""
    verdict: Verdict
    cause: Optional[str] = None
    """One of the vocabulary; None for a file that loads, or where the vocabulary has none."""
    message: Optional[str] = None
    """What the user will see, or what is not known."""
    remedy: Optional[str] = None
    """The least change that helps."""
