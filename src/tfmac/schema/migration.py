"""The answer of ``migrate``: what became of each model, and how far that is proved."""

import enum
from typing import Optional

import msgspec

from tfmac.schema.model_content import ModelFormat, Problem


class Verified(enum.Enum):
    """Whether the new file was seen to compute what the old one does."""

    YES = "yes"
    NO = "no"
    """Both ran, and their outputs differ; or one of them did not run."""
    NOT_RUN = "not-run"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a rule did to the configuration of one layer, or of the training."""

    rule: str
    layer: str
    """The location in the old model; ``""`` for the model as a whole."""
    statement: str


class Untranslated(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a model that has no counterpart without the user's help."""

    layer: str
    class_name: str
    reason: str
    needs: Optional[str] = None
    """What the user must supply: ``--custom module:Class``."""
    cause: Optional[str] = None


class OutputDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How far one output of the new model is from that of the old one, on the same inputs."""

    output: str
    max_abs: float
    max_rel: float
    within: bool


class MigratedModel(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one model."""

    source: str
    format: Optional[ModelFormat] = None
    output: Optional[str] = None
    """Null where nothing was written."""
    keras: Optional[str] = None
    """The Keras that it was written for."""
    migrated: bool
    verified: Verified = Verified.NOT_RUN
    not_verified: Optional[str] = None
    """Why it was not, or what went wrong in it."""
    original_ran_in: Optional[str] = None
    """The releases in which the old file was run, as ``inspect --reader`` takes them."""
    new_ran_in: Optional[str] = None
    max_abs: Optional[float] = None
    max_rel: Optional[float] = None
    outputs: tuple[OutputDifference, ...] = ()
    first_difference: Optional[str] = None
    """The first layer whose outputs differ, where verification failed."""
    arrays: int = 0
    bytes: int = 0
    """Of the weights that were carried over, each compared bit for bit."""
    changes: tuple[Change, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()
    problems: tuple[Problem, ...] = ()


class MigrationReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``migrate``."""

    schema_version: int
    tfmac: str
    models: tuple[MigratedModel, ...]
