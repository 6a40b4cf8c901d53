"""Record of what the releases of Keras write into model files, measured on their files."""

from typing import Optional

import msgspec


class Sign(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which releases write a key.

    What lies between two measured releases is not known, so the bounds of what writes it are the
    measured ones that do not; those of what has to write it are measured ones that always do.
    """

    after: Optional[str] = None
    """The last measured release before any that writes it; it does not."""
    since: Optional[str] = None
    """The first minor release whose constructor takes it, by the API history, where later."""
    before: Optional[str] = None
    """The first measured release after all that write it; it does not."""
    always_from: Optional[str] = None
    """From this measured release on, up to ``always_to``, every file has it."""
    always_to: Optional[str] = None
    """None where that is the newest measured."""


class WriterSigns(msgspec.Struct, frozen=True, kw_only=True):
    """The signs by subject (a class, or a place in a file) and key."""

    schema_version: int
    measured: dict[str, str]
    """The releases of Keras whose files were read, oldest first, with what wrote them."""
    signs: dict[str, dict[str, Sign]]
