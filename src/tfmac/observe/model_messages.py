"""What goes between the process that reads model files and the one that asks it."""

from typing import Optional

import msgspec

from tfmac.schema.model_content import Content


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A path to read within a time."""

    path: bytes
    """As the operating system has it: names of files need not be UTF-8."""
    time_limit: float


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, or why it could not be."""

    content: Optional[Content] = None
    missing: str = ""
    """The library that cannot be imported."""
    crash: str = ""
    """The traceback of a mistake of ours."""
    out_of_memory: bool = False
    peak: int = 0
    """The most memory that this process has had, in bytes."""
