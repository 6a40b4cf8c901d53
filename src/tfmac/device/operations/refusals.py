"""What frameworks say when a device has no kernel for an operation."""

from __future__ import annotations

_LONGEST = 300
# What Keras and TensorFlow put around a message says only where it was.
_WRAPPINGS = (
    "Exception encountered when calling",
    "in user code:",
    "Graph execution error",
    "Detected at node",
    "Node:",
    "File ",
)
_NO_KERNEL = (
    "no opkernel was registered",
    "could not satisfy device specification",
    "could not satisfy explicit device specification",
    "could not find device for node",
    "no registered",
    "no supported kernel for",
    "could not find valid device for node",
    "not currently implemented for the mps device",
    "with arguments from the",
    "not implemented for",
    "translation rule for primitive",
    "unimplemented",
    "not supported on",
    "only supported on",
    "doesn't support float",
    "does not support float",
    "not supported for",
)


def is_no_kernel(error: BaseException) -> bool:
    """Tell whether an exception says that the device cannot do this at all."""
    if isinstance(error, NotImplementedError):
        return True
    said = f"{type(error).__name__}: {error}".lower()
    return any(words in said for words in _NO_KERNEL)


def in_a_line(error: BaseException) -> str:
    """Return an exception as one line that a table can hold and that steers no terminal."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(_WRAPPINGS)] or lines
    said = f"{type(error).__name__}: {telling[0] if telling else ''}"[:_LONGEST]
    return "".join(letter if letter.isprintable() else "?" for letter in said)
