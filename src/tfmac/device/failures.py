"""What went wrong in a child, by kinds that a report can word."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING

from .frameworks import DeviceProblem, NoFramework, NoSuchDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .journal import Journal

TRACEBACK_LIMIT = 6000
# Words of the frameworks' own messages; a GPU that is gone and one that is full end a run alike.
_OUT_OF_MEMORY = (
    "out of memory",
    "resource_exhausted",
    "oom when allocating",
    "failed to allocate",
)
_DEVICE_LOST = (
    "device lost",
    "device-side assert",
    "illegal memory access",
    "unspecified launch failure",
    "command buffer exited with error status",
    "invalid device ordinal",
    "cuda error",
)
# The more special ones first.
_OWN: dict[type[DeviceProblem], str] = {
    NoFramework: "no-framework",
    NoSuchDevice: "no-such-device",
    DeviceProblem: "framework-unusable",
}


class WorkProblem(DeviceProblem):
    """The model, script or input is not as it has to be; ``kind`` is a word of the report."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def kind_of(error: BaseException) -> str:
    """Return the kind of a failure: a word of ``schema.device_reports.FailureKind``."""
    if isinstance(error, WorkProblem):
        return error.kind
    for kind, name in _OWN.items():
        if isinstance(error, kind):
            return name
    said = f"{type(error).__name__}: {error}".lower()
    if isinstance(error, MemoryError) or any(words in said for words in _OUT_OF_MEMORY):
        return "out-of-memory"
    if any(words in said for words in _DEVICE_LOST):
        return "device-lost"
    return "error"


@contextlib.contextmanager
def told(journal: Journal) -> Iterator[None]:
    """Write what is raised inside as the event ``failed``; it goes no further.

    ``SystemExit`` of a user's script is a failure too: without it the run would end in silence.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a user's script raises is told)
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        journal.write(
            "failed",
            kind=kind_of(error),
            error=f"{type(error).__name__}: {error}"[:2000],
            traceback=text[-TRACEBACK_LIMIT:],
        )
