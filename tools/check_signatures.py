"""Runs the signatures of all causes on all recorded logs and says what is wrong.

``python -m tools.check_signatures [--write] [CAUSE…]`` prints what was found in the logs of some
causes, or of all. A log under ``tests/data/logs/CAUSE/`` has to give that cause first, unless its
name begins with ``near-miss-``: then it must not give it. ``foreign/`` and ``harmless/`` give
none. ``--write`` pins what was found in every log, in order, in a file that a test compares.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.explainer import Explained, explain
from tfmac.explainer.judges import JUDGES, PREDICATES
from tfmac.explainer.patterns import InvalidPattern, Pattern, compile_pattern
from tfmac.explainer.reading import decoded
from tfmac.explainer.signatures import records
from tfmac.knowledge import failures, store
from tfmac.schema.log_signatures import LogKnowledge, LogRecord, Signature

LOGS = Path(__file__).resolve().parent.parent / "tests" / "data" / "logs"
"""Where the logs lie, in a folder for each cause."""

PINNED = LOGS / "ranking.json"
"""What was found in every log when somebody last looked at all of it."""

_NEAR_MISS = "near-miss-"
_FOREIGN, _HARMLESS = "foreign", "harmless"
_SHORTEST_LITERAL = 6
_PLACEHOLDER = re.compile(r"\{(\w+)(\|[^{}]*)?\}")
_GIVEN = frozenset({"package", "wanted", "offered"})


def main(arguments: Sequence[str]) -> int:
    """Check and print; 1 where something is wrong."""
    if "--write" in arguments:
        PINNED.write_text(json.dumps(ranking(), indent=1) + "\n", encoding="utf-8")
        return 0
    wrong = 0
    for cause, wrong_of_record in problems_of_records():
        if _asked(cause, arguments):
            wrong += 1
            print(f"WRONG {cause}: {wrong_of_record}")
    for path in logs():
        if not _asked(path.parent.name, arguments):
            continue
        found = explained(path)
        problem = problem_of(path, found)
        wrong += problem is not None
        print(
            "WRONG" if problem else "ok   ", f"{path.relative_to(LOGS)}:", problem or _said(found)
        )
    print(f"{wrong} wrong")
    return 1 if wrong else 0


def _said(found: Explained) -> str:
    causes = [f"{one.record.cause} ({one.best.confidence.value})" for one in found.causes]
    causes += [f"{one.record.cause} (harmless)" for one in found.harmless]
    return ", ".join(causes) or "nothing"


def _asked(cause: str, arguments: Sequence[str]) -> bool:
    return not arguments or cause in arguments


def explained(path: Path) -> Explained:
    """Explain a recorded log."""
    return explain(decoded(path.read_bytes()))


def ranking() -> dict[str, list[str]]:
    """Give for every log the causes that are found in it, in order."""
    return {
        path.relative_to(LOGS).as_posix(): [one.record.cause for one in explained(path).causes]
        for path in logs()
    }


def logs() -> list[Path]:
    """List all recorded logs."""
    return sorted(LOGS.glob("*/*.txt"))


def problem_of(path: Path, found: Explained) -> Optional[str]:
    """Say what is wrong with what was found in a log, None where nothing is."""
    wanted = path.parent.name
    causes = [one.record.cause for one in found.causes]
    if wanted == _FOREIGN:
        return f"a foreign log is given {', '.join(causes)}" if causes else None
    if path.name.startswith(_NEAR_MISS):
        return "a near miss is caught" if wanted in (*causes, *_named(found)) else None
    if wanted == _HARMLESS or wanted in _harmless_causes():
        if causes:
            return f"a harmless log is given {', '.join(causes)}"
        named = wanted == _HARMLESS or wanted in _named(found)
        return None if named else "nothing in it is named as harmless"
    if not causes or causes[0] != wanted:
        return f"{wanted} is not first, but {', '.join(causes) or 'nothing'}"
    return None


def _named(found: Explained) -> tuple[str, ...]:
    return tuple(one.record.cause for one in found.harmless)


def _harmless_causes() -> frozenset[str]:
    return frozenset(record.cause for record in records() if record.harmless)


def problems_of_records() -> Iterator[tuple[str, str]]:
    """Say what is wrong with the records themselves."""
    known = frozenset(failures.causes())
    for record in records():
        for problem in _problems(record, known):
            yield record.cause, problem
    for cause in known:
        for problem in _unread(cause):
            yield cause, problem


def _problems(record: LogRecord, known: frozenset[str]) -> Iterator[str]:
    if record.log is None:
        return
    for cause in record.log.yields_to:
        if cause not in known:
            yield f"yields to {cause}, which is no cause"
    captured = set(_GIVEN)
    for number, signature in enumerate(record.log.signatures, 1):
        try:
            patterns = [compile_pattern(text) for text in _texts(signature)]
        except InvalidPattern as error:
            yield str(error)
            continue
        captured |= {name for pattern in patterns for name in pattern.names}
        yield from (
            f"signature {number} {problem}" for problem in _of(record.cause, signature, patterns)
        )
    yield from _placeholders(record.log, captured)


def _texts(signature: Signature) -> tuple[str, ...]:
    return (
        *signature.text,
        *signature.any_text,
        *signature.without,
        *signature.elsewhere,
        *signature.any_elsewhere,
        *signature.not_elsewhere,
    )


def _of(cause: str, signature: Signature, patterns: Sequence[Pattern]) -> Iterator[str]:
    names = {name for pattern in patterns for name in pattern.names} | _GIVEN
    for name, condition in signature.where.items():
        if name not in names:
            yield f"has a condition on {name}, which it does not capture"
        for predicate in (*condition.known, *condition.unknown):
            if predicate not in PREDICATES:
                yield f"asks {predicate}, which is no predicate"
    if signature.judge is not None and (
        signature.judge not in JUDGES or cause not in JUDGES[signature.judge].causes
    ):
        yield f"asks the judge {signature.judge}, which does not judge this cause"
    if not _findable(signature):
        yield "has too little to be found by"


def _findable(signature: Signature) -> bool:
    """Whether something special has to be there: a long text, or conditions on what is known."""
    special = (
        signature.types,
        signature.where,
        signature.judge,
        signature.elsewhere,
        signature.any_elsewhere,
        signature.shown,
        signature.frames,
        signature.raised_in,
    )
    lengths = [len(compile_pattern(text).literal) for text in signature.text]
    either = [len(compile_pattern(text).literal) for text in signature.any_text]
    longest = max([*lengths, min(either, default=0)], default=0)
    return any(special) or longest >= _SHORTEST_LITERAL


def _placeholders(log: LogKnowledge, captured: set[str]) -> Iterator[str]:
    texts = [
        log.why,
        *(one.text for one in log.advice),
        *(line for one in log.advice for line in one.code),
    ]
    for text in texts:
        for found in _PLACEHOLDER.finditer(text):
            if found.group(1) not in captured and found.group(2) is None:
                yield f"names {found.group()}, which no signature captures"
    for advice in log.advice[:-1]:
        if advice.when is None:
            yield "has advice without circumstances before other advice, which is never given"


def _unread(cause: str) -> Iterator[str]:
    """Name fields that the types do not know: a misspelled one would be passed over."""
    content = (Path(store.SHIPPED) / "failures" / f"{cause}.json").read_bytes()
    written = json.loads(content).get("log")
    record = msgspec.json.decode(content, type=LogRecord)
    read = json.loads(msgspec.json.encode(record)).get("log")
    if written != read:
        yield f"has fields or defaults that are not to be written: {_difference(written, read)}"


def _difference(written: object, read: object, place: str = "log") -> str:
    if isinstance(written, dict) and isinstance(read, dict):
        for key in written:
            if key not in read:
                return f"{place}.{key}"
            if written[key] != read[key]:
                return _difference(written[key], read[key], f"{place}.{key}")
    if isinstance(written, list) and isinstance(read, (list, tuple)):
        for number, (one, other) in enumerate(zip(written, read)):
            if one != other:
                return _difference(one, other, f"{place}[{number}]")
    return place


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
