"""What happened in a log: exceptions, warnings, records, installers' complaints, deaths."""

from typing import Optional

import msgspec

from tfmac.schema.log_signatures import EventKind


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a traceback; ``path`` has slashes on every system."""

    path: str
    function: str = ""
    place: int = 0
    """Where it begins in the log's squeezed text."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a log tells, between two places of its squeezed text."""

    kind: EventKind
    type: str
    """The exception's class, a severity, an installer, a signal; empty where it is not told."""
    start: int
    end: int
    frames: tuple[Frame, ...] = ()
    """Of an exception, the outermost first."""
    group: int = 0
    """Exceptions of one chain share it; the greatest is that of the last chain."""
    link: int = 0
    """Its place in the chain, from the root."""
    ended: bool = True
    """Whether it is the last exception of its chain."""
    bare: bool = False
    """Whether the log shows neither its class nor its traceback."""
    captures: dict[str, str] = {}
    """What is known of it without a pattern."""

    @property
    def raised_in(self) -> Optional[Frame]:
        """The frame that raised an exception."""
        return self.frames[-1] if self.frames else None
