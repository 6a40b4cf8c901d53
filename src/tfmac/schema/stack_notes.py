"""What is known of a stack whatever its versions, with its sources."""

import msgspec

from tfmac.schema.knowledge import Source
from tfmac.schema.plans import StackKind


class StackNote(msgspec.Struct, frozen=True, kw_only=True):
    """One statement that somebody who chooses a stack should know."""

    stack: StackKind
    statement: str
    sources: tuple[Source, ...]


class StackNotes(msgspec.Struct, frozen=True, kw_only=True):
    """All statements, in the order in which they are to be read."""

    schema_version: int
    notes: tuple[StackNote, ...]
