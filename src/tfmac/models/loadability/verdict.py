"""The verdict over a file and a reader."""

from collections.abc import Sequence
from typing import Optional

from tfmac.models.loadability import registry, remedies
from tfmac.models.loadability.cases import Case, Obstacle
from tfmac.models.loadability.readers import InvalidReader, Reader, parse_reader
from tfmac.schema.loadability import Loadability, Verdict
from tfmac.schema.model_content import Content

_GRAVITY = (Verdict.FAILS, Verdict.UNKNOWN, Verdict.LOADS_DIFFERENTLY, Verdict.LOADS)
"""The first of these that anything in the file leads to is the verdict."""


def judge(content: Content, text: str) -> Loadability:
    """Tell whether a reader loads a file, and what helps. Raises ``InvalidReader``.

    Where a TensorFlow was named without its Keras, all that it allows have to agree.
    """
    readers = parse_reader(text)
    answers = {reader: _gravest(obstacles(content, reader)) for reader in readers}
    verdicts = {_verdict(found) for found in answers.values()}
    reader = readers[-1]
    if len(verdicts) > 1:
        return Loadability(reader=text, verdict=Verdict.UNKNOWN, message=_disagreement(answers))
    return _worded(content, reader, answers[reader])


def obstacles(content: Content, reader: Reader) -> tuple[Obstacle, ...]:
    """Give all that keeps a reader from loading a file as it was, in the order of the rules."""
    case = Case(content=content, reader=reader)
    return tuple(one for rule in registry.RULES for one in rule.obstacles(case))


def _worded(content: Content, reader: Reader, found: Optional[Obstacle]) -> Loadability:
    if found is None or found.verdict is Verdict.LOADS:
        message = found.message if found is not None else None
        return Loadability(reader=reader.text, verdict=Verdict.LOADS, message=message)
    case = Case(content=content, reader=reader)
    met = obstacles(content, reader)
    return Loadability(
        reader=reader.text,
        verdict=found.verdict,
        cause=found.cause,
        message=found.message,
        remedy=remedies.remedy(case, met, lambda text: _plain(content, text)),
    )


def _plain(content: Content, text: str) -> Verdict:
    """Judge without words; what a file states of its writer may not be a version."""
    try:
        readers = parse_reader(text)
    except InvalidReader:
        return Verdict.UNKNOWN
    return _verdict(_gravest(obstacles(content, readers[-1])))


def _gravest(met: Sequence[Obstacle]) -> Optional[Obstacle]:
    for verdict in _GRAVITY:
        for one in met:
            if one.verdict is verdict:
                return one
    return None


def _verdict(found: Optional[Obstacle]) -> Verdict:
    return Verdict.LOADS if found is None else found.verdict


def _disagreement(answers: dict[Reader, Optional[Obstacle]]) -> str:
    """Word which releases of Keras give which verdict."""
    parts = [
        f"{'.'.join(str(number) for number in reader.minor)} {_verdict(found).value}"
        for reader, found in answers.items()
    ]
    return "it depends on the Keras beside this TensorFlow: " + ", ".join(parts)
