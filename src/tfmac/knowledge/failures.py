"""Questions to the vocabulary of causes: what each is, how it shows, what has to change."""

from tfmac.knowledge import store
from tfmac.schema.knowledge import Failure

_FOLDER = "failures"


class UnknownCauseError(LookupError):
    """A name that is not in the vocabulary of causes."""


def causes() -> tuple[str, ...]:
    """Name all causes, in alphabetical order."""
    return store.names(_FOLDER)


def failure(cause: str) -> Failure:
    """Give the record of a cause; raise ``UnknownCauseError`` for a name that is none."""
    if cause not in causes():
        raise UnknownCauseError(f"there is no cause named {cause!r}")
    return store.load(f"{_FOLDER}/{cause}.json", Failure)
