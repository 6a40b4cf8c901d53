"""What is known of the stacks whatever their versions; written by hand, each with its sources."""

from tfmac.knowledge import store
from tfmac.schema.plans import StackKind
from tfmac.schema.stack_notes import StackNote, StackNotes

FILE = "stack_notes.json"
"""Where the statements lie."""


def notes(stack: StackKind) -> tuple[StackNote, ...]:
    """Give the statements about a stack."""
    table = store.find(FILE, StackNotes)
    return tuple(one for one in table.notes if one.stack is stack) if table else ()
