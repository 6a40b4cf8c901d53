"""Questions to what the releases of Keras write into model files."""

from collections.abc import Iterator
from typing import Optional

from tfmac.knowledge import store
from tfmac.schema.writer_signs import Sign, WriterSigns

FILE = "writer_signs.json"
"""Measured by ``tools/build_writer_signs.py``."""


def sign(subject: str, key: str) -> Optional[Sign]:
    """Give what is known of a key; None where it tells nothing."""
    return _signs().get(subject, {}).get(key)


def always_written(subject: str) -> Iterator[tuple[str, Sign]]:
    """Give the keys of a subject that some releases write every time."""
    for key, one in _signs().get(subject, {}).items():
        if one.always_from is not None:
            yield key, one


def measured() -> tuple[str, ...]:
    """Name the releases of Keras whose files were read, oldest first."""
    table = store.find(FILE, WriterSigns)
    return tuple(table.measured) if table else ()


def _signs() -> dict[str, dict[str, Sign]]:
    table = store.find(FILE, WriterSigns)
    return table.signs if table else {}
