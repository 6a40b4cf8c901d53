"""Why an environment was not changed: one family of errors with a closed set of kinds."""

import enum
import errno


class ChangeFailure(enum.Enum):
    """What kept an environment from being changed."""

    EXISTS = "exists"
    NOT_AN_ENVIRONMENT = "not-an-environment"
    BUSY = "busy"
    NO_SPACE = "no-space"
    NOT_WRITABLE = "not-writable"
    NO_INDEX = "no-index"
    TOOL_FAILED = "tool-failed"
    INTERRUPTED = "interrupted"
    NOTHING_KEPT = "nothing-kept"


class EnvironmentChangeFailed(Exception):
    """A change was refused or failed; the directory is as it was before."""

    def __init__(self, kind: ChangeFailure, message: str) -> None:
        super().__init__(message)
        self.kind = kind


_KINDS = {
    errno.ENOSPC: ChangeFailure.NO_SPACE,
    errno.EDQUOT: ChangeFailure.NO_SPACE,
}


def from_system(error: OSError, doing: str) -> EnvironmentChangeFailed:
    """Translate what the operating system refused."""
    kind = _KINDS.get(error.errno or 0, ChangeFailure.NOT_WRITABLE)
    place = f" ({error.filename})" if error.filename else ""
    return EnvironmentChangeFailed(kind, f"cannot {doing}: {error.strerror or error}{place}")
