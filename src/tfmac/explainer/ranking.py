"""Which cause goes before which: what ended the program, its root, then what is surer."""

from collections.abc import Iterable, Sequence

import msgspec

from tfmac.explainer.events import Event
from tfmac.explainer.matching import Hit
from tfmac.schema.findings import Confidence
from tfmac.schema.log_signatures import EventKind, LogRecord

_FATAL, _SEVERE, _SAID, _WARNED = range(4)
_SURE = list(Confidence)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A cause with its hits, the best one first."""

    record: LogRecord
    hits: tuple[Hit, ...]

    @property
    def best(self) -> Hit:
        """The hit that speaks for the cause."""
        return self.hits[0]


def ranked(
    found: Iterable[tuple[LogRecord, Sequence[Hit]]], events: Sequence[Event]
) -> list[Found]:
    """Order causes, the decisive one first; what another one says better is left out."""
    last = _last_group(events)
    causes = [
        Found(record=record, hits=tuple(sorted(hits, key=lambda hit: _order(hit, last))))
        for record, hits in found
        if hits
    ]
    causes = [
        one
        for one in causes
        if not _said_better(one, causes) and not (_ended(events) and _only_warned(one))
    ]
    return sorted(causes, key=lambda one: (*_order(one.best, last), one.record.cause))


def _last_group(events: Sequence[Event]) -> int:
    return max((event.group for event in events if event.kind is EventKind.EXCEPTION), default=0)


def _order(hit: Hit, last: int) -> tuple[int, int, int, int, int, int]:
    """The lower goes first."""
    event = hit.event
    earlier = int(event.kind is EventKind.EXCEPTION and event.group != last)
    possible = int(hit.confidence is Confidence.POSSIBLE)
    return (
        possible,
        _tier(event),
        earlier,
        event.link if event.kind is EventKind.EXCEPTION else 0,
        _SURE.index(hit.confidence),
        -hit.weight,
    )


def _tier(event: Event) -> int:
    if event.kind in {EventKind.EXCEPTION, EventKind.DEATH, EventKind.INSTALLER}:
        return _FATAL
    if event.kind is EventKind.RECORD:
        return {"F": _FATAL, "E": _SEVERE}.get(event.type, _WARNED)
    return _WARNED if event.kind is EventKind.WARNING else _SAID


def _ended(events: Sequence[Event]) -> bool:
    """Whether an exception with its traceback shows that the program ended by something else."""
    return any(event.kind is EventKind.EXCEPTION and not event.bare for event in events)


def _only_warned(one: Found) -> bool:
    """Whether a cause shows in a warning of a framework alone: nothing ends by that."""
    said = {EventKind.RECORD, EventKind.WARNING}
    return any(hit.event.kind in said for hit in one.hits) and all(
        _tier(hit.event) >= _SAID for hit in one.hits
    )


def _said_better(one: Found, causes: Sequence[Found]) -> bool:
    """Whether a cause that says more was found in the same event."""
    log = one.record.log
    if log is None:
        return False
    return any(other.record.cause in log.yields_to and _meet(one.best, other) for other in causes)


def _meet(hit: Hit, other: Found) -> bool:
    return any(
        hit.event.start < its.event.end and its.event.start < hit.event.end for its in other.hits
    )
