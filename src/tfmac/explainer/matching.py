"""Whether a signature holds of an event of a log."""

from collections.abc import Iterable
from typing import Optional

import msgspec

from tfmac.explainer import judges
from tfmac.explainer.circumstances import Known, holds
from tfmac.explainer.events import Event, Frame
from tfmac.explainer.log import Log
from tfmac.explainer.patterns import Match, Pattern, compile_pattern, find, forms
from tfmac.schema.findings import Confidence
from tfmac.schema.log_signatures import Condition, EventKind, Signature

_LINE_BEFORE = 1_000
_LINE_AFTER = 2_000
_MOST_LINES = 20
_WEIGHT_OF_A_FRAME = 30
_WEIGHT_OF_A_CONDITION = 20
_LESS_SURE = {
    Confidence.CERTAIN: Confidence.LIKELY,
    Confidence.LIKELY: Confidence.POSSIBLE,
    Confidence.POSSIBLE: Confidence.POSSIBLE,
}


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A signature that holds of an event: how sure, how special, where, and what it captured."""

    event: Event
    confidence: Confidence
    weight: int
    places: tuple[int, ...]
    captures: dict[str, str]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A log with what was read of it."""

    log: Log
    events: tuple[Event, ...]
    known: Known


def match(cause: str, signature: Signature, event: Event, reading: Reading) -> Optional[Hit]:
    """Give the hit of a signature on an event, None where it does not hold."""
    if not _fits_kind(signature, event):
        return None
    found = _texts(signature, event, reading.log)
    if found is None or not _frames_fit(signature, event):
        return None
    captures = dict(event.captures)
    for one in found:
        captures.update(one.captures)
    if not all(_satisfied(captures.get(name), one) for name, one in signature.where.items()):
        return None
    if not _context_fits(signature, reading):
        return None
    confidence = signature.confidence
    if signature.judge is not None:
        whole = reading.log.squeezed
        judged = judges.JUDGES[signature.judge].judge(
            judges.Case(
                captures=captures,
                text=whole[event.start : event.end],
                whole=whole,
                known=reading.known,
            )
        )
        if cause not in judged:
            return None
        confidence = _least(confidence, judged[cause])
    if event.bare:
        confidence = _LESS_SURE[confidence]
    return Hit(
        event=event,
        confidence=confidence,
        weight=_weight(signature),
        places=tuple(one.start for one in found) or (event.start,),
        captures=captures,
    )


def _least(one: Confidence, other: Confidence) -> Confidence:
    order = list(Confidence)
    return order[max(order.index(one), order.index(other))]


def _weight(signature: Signature) -> int:
    patterns = [compile_pattern(text) for text in (*signature.text, *signature.elsewhere)]
    weight = sum(pattern.weight for pattern in patterns)
    for texts in (signature.any_text, signature.any_elsewhere):
        weight += min((compile_pattern(text).weight for text in texts), default=0)
    framed = bool(signature.frames) + bool(signature.raised_in)
    conditions = (
        len(signature.where) + (signature.shown is not None) + (signature.judge is not None)
    )
    return weight + _WEIGHT_OF_A_FRAME * framed + _WEIGHT_OF_A_CONDITION * conditions


def _fits_kind(signature: Signature, event: Event) -> bool:
    if event.kind is not signature.event:
        return False
    if not signature.types:
        return True
    if event.type in _ANY:
        return True
    return _ALIASES.get(event.type, event.type) in signature.types


_ANY = frozenset({"", "Error", "Exception"})
"""Of what only a message is known, or what was raised anew with it, it may be any class."""
_ALIASES = {"IOError": "OSError", "EnvironmentError": "OSError"}
"""Python 2's names of a class."""


def _texts(signature: Signature, event: Event, log: Log) -> Optional[list[Match]]:
    """Find the patterns of a signature in an event; None where one that has to be is not there."""
    start, end = event.start, event.end
    found = []
    for pattern in map(compile_pattern, signature.text):
        one = find(pattern, log, start, end)
        if one is None:
            return None
        found.append(one)
    if signature.any_text:
        first = _first(map(compile_pattern, signature.any_text), log, start, end)
        if first is None:
            return None
        found.append(first)
    if _first(map(compile_pattern, signature.without), log, start, end) is not None:
        return None
    return found


def _first(patterns: Iterable[Pattern], log: Log, start: int, end: int) -> Optional[Match]:
    for pattern in patterns:
        found = find(pattern, log, start, end)
        if found is not None:
            return found
    return None


def _frames_fit(signature: Signature, event: Event) -> bool:
    raised_in = event.frames[-1:]
    return (
        (not signature.frames or _passes(signature.frames, event.frames))
        and (not signature.raised_in or _passes(signature.raised_in, raised_in))
        and not _passes(signature.without_frames, event.frames)
        and not _passes(signature.not_raised_in, raised_in)
    )


def _passes(paths: tuple[str, ...], frames: tuple[Frame, ...]) -> bool:
    """Whether one of some frames is at one of some paths."""
    for text in paths:
        path, _, function = text.partition(":")
        for frame in frames:
            if f"/{path}" in f"/{frame.path}" and function in {"", frame.function}:
                return True
    return False


def _satisfied(text: Optional[str], condition: Condition) -> bool:
    if text is None:
        return False
    return (
        (not condition.one_of or text in condition.one_of)
        and text not in condition.none_of
        and (not condition.starts or text.startswith(condition.starts))
        and (not condition.ends or text.endswith(condition.ends))
        and not (condition.not_starts and text.startswith(condition.not_starts))
        and not (condition.not_ends and text.endswith(condition.not_ends))
        and (condition.version is None or _is_version(text, condition.version))
        and (not condition.known or any(judges.PREDICATES[one](text) for one in condition.known))
        and not any(judges.PREDICATES[one](text) for one in condition.unknown)
    )


def _is_version(text: str, specifier: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415

    try:
        return SpecifierSet(specifier).contains(Version(text), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return False


def _context_fits(signature: Signature, reading: Reading) -> bool:
    """Whether the rest of the log is as a signature wants it."""
    log = reading.log
    whole = len(log.squeezed)
    return (
        all(find(compile_pattern(text), log, 0, whole) for text in signature.elsewhere)
        and (
            not signature.any_elsewhere
            or _first(map(compile_pattern, signature.any_elsewhere), log, 0, whole) is not None
        )
        and not any(find(compile_pattern(text), log, 0, whole) for text in signature.not_elsewhere)
        and (signature.shown is None or holds(signature.shown, reading.known) is True)
        and (
            signature.contradicted_by is None
            or holds(signature.contradicted_by, reading.known) is not True
        )
    )


def lines(signature: Signature, log: Log) -> list[Event]:
    """Make the events of a signature that is about a line: the text around its first pattern."""
    patterns = [compile_pattern(text) for text in (signature.text[:1] or signature.any_text)]
    events: list[Event] = []
    for pattern in [form for one in patterns for form in forms(one, log)]:
        place = log.first(pattern.first)
        while place >= 0 and len(events) < _MOST_LINES:
            start = log.starts[log.line_at(max(0, place - _LINE_BEFORE))]
            end = min(len(log.squeezed), place + _LINE_AFTER)
            events.append(Event(kind=EventKind.LINE, type="", start=start, end=end))
            place = log.searched.find(pattern.first, end)
    return events
