"""A log's text to the causes that show in it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec

from tfmac.explainer import deaths, installers, matching, records, text, tracebacks
from tfmac.explainer.events import Event
from tfmac.explainer.log import Log
from tfmac.explainer.matching import Hit, Reading
from tfmac.explainer.patterns import InvalidPattern
from tfmac.explainer.ranking import Found, ranked
from tfmac.explainer.recognised import recognise
from tfmac.explainer.signatures import records as recorded
from tfmac.schema.log_signatures import EventKind, LogRecord, Signature

_LONGEST_BARE = 40_000
"""A text is taken for a message without its class only where it is no longer than that."""


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a log: causes, the decisive one first, and lines that mean nothing."""

    reading: Reading
    causes: tuple[Found, ...]
    harmless: tuple[Found, ...]


def explain(log_text: str) -> Explained:
    """Find the causes that show in a log."""
    return judge(read(log_text))


def read(log_text: str) -> Reading:
    """Read a log: its events, and what it shows of its machine."""
    log = text.read(log_text)
    others = [*records.records(log), *records.warnings(log)]
    installed = list(installers.installations(log))
    stops = sorted(event.start for event in (*others, *installed))
    raised = list(tracebacks.exceptions(log, stops))
    events = (*raised, *deaths.deaths(log), *installed, *others)
    if not raised and not installed and len(log.squeezed) <= _LONGEST_BARE:
        events = (*events, _bare(log))
    return Reading(log=log, events=events, known=recognise(log, events))


def judge(reading: Reading) -> Explained:
    """Judge a log that was read by the signatures of all causes."""
    causes, harmless = _judged(reading)
    if not causes and len(reading.log.squeezed) <= _LONGEST_BARE:
        causes, _ = _judged(_retold(reading))
    return Explained(reading=reading, causes=tuple(causes), harmless=tuple(harmless))


def _judged(reading: Reading) -> tuple[list[Found], list[Found]]:
    """Rank the causes whose signatures hold, and what is harmless."""
    found = [(record, list(_hits(record, reading))) for record in recorded()]
    harmful = ranked([one for one in found if not one[0].harmless], reading.events)
    return harmful, ranked([one for one in found if one[0].harmless], reading.events)


def _retold(reading: Reading) -> Reading:
    """Read a log once more as what a person typed: no capitals, no quotes, a message at best."""
    events = reading.events
    if not any(event.kind is EventKind.EXCEPTION for event in events):
        events = (*events, _bare(reading.log))
    return Reading(log=reading.log.retold(), events=events, known=reading.known)


def _bare(log: Log) -> Event:
    """Take a whole text for a message without its class."""
    return Event(kind=EventKind.EXCEPTION, type="", start=0, end=len(log.squeezed), bare=True)


def _hits(record: LogRecord, reading: Reading) -> Iterator[Hit]:
    if record.log is None:
        return
    for signature in record.log.signatures:
        # A file that was put before the shipped ones may have a pattern that cannot be read.
        with suppress(InvalidPattern):
            for event in _events(signature, reading):
                hit = matching.match(record.cause, signature, event, reading)
                if hit is not None:
                    yield hit


def _events(signature: Signature, reading: Reading) -> Sequence[Event]:
    if signature.event is EventKind.LINE:
        return matching.lines(signature, reading.log)
    return [event for event in reading.events if event.kind is signature.event]
