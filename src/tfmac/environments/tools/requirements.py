"""Pins as a requirements file, for uv and pip."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tfmac.schema.plans import Pin


@contextmanager
def requirement_options(pins: Sequence[Pin]) -> Iterator[tuple[str, ...]]:
    """Give the options that name pins; their hashes are required where all have some."""
    with tempfile.TemporaryDirectory(prefix="tfmac-") as folder:
        path = os.path.join(folder, "pins.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(_pin_lines(pins))
        hashed = bool(pins) and all(pin.hashes for pin in pins)
        yield ("--requirement", path, *(("--require-hashes",) if hashed else ()))


def _pin_lines(pins: Sequence[Pin]) -> str:
    lines = (" ".join([str(pin), *(f"--hash={known}" for known in pin.hashes)]) for pin in pins)
    return "".join(f"{line}\n" for line in lines)
