"""From records to outcomes, and how well verdicts tell them; pure."""

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Optional

import msgspec
from tools.prove_linking.records import Attempt, End, Judged, LibraryVerdict, Loaded

# The loader's words inside whatever an import made of them.
_REFUSED = re.compile(
    r"undefined symbol: \w"
    r"|cannot open shared object file: "
    r"|: version `[^']+' not found"
    r"|, version \S+ not defined in file"
    r"|cannot allocate memory in static TLS block"
)


class Outcome(enum.Enum):
    """What really happened, as far as it concerns linking."""

    LOADS = "loads"
    CANNOT_LOAD = "cannot-load"
    OTHER = "other"
    """It failed, and the loader had no part in it."""
    CRASH = "crash"
    TIMEOUT = "timeout"


_ENDS = {End.DONE: Outcome.LOADS, End.KILLED: Outcome.CRASH, End.TIMEOUT: Outcome.TIMEOUT}


def library_outcome(attempt: Attempt) -> Outcome:
    """Tell a library's outcome: it is the loader's doing if the loader alone refuses it, too."""
    if attempt.end is not End.RAISED:
        return _ENDS[attempt.end]
    return Outcome.OTHER if attempt.immediate is None else Outcome.CANNOT_LOAD


def import_outcome(attempt: Attempt) -> Outcome:
    """Tell an import's outcome: it is the loader's doing if the exceptions have its words."""
    if attempt.end is not End.RAISED:
        return _ENDS[attempt.end]
    return Outcome.CANNOT_LOAD if _REFUSED.search(attempt.message) else Outcome.OTHER


def package_verdict(libraries: Iterable[LibraryVerdict]) -> Optional[bool]:
    """Whether a package loads: every library that its Python code opens does."""
    answers = [library.loads for library in libraries if library.named]
    if False in answers:
        return False
    return None if None in answers or not answers else True


def package_outcome(judged: Judged, loaded: Loaded) -> Outcome:
    """Tell what a user of the whole package meets.

    The loader refuses the import, or a library that the package's code opens then or later.
    What failed otherwise leaves the outcome open, unless all those libraries opened.
    """
    named = {library.path for library in judged.libraries if library.named}
    outcomes = [library_outcome(each) for each in loaded.libraries if each.target in named]
    imported = import_outcome(loaded.imported)
    if Outcome.CANNOT_LOAD in {*outcomes, imported}:
        return Outcome.CANNOT_LOAD
    if imported is not Outcome.OTHER:  # Python's own reasons say nothing about the libraries
        outcomes.append(imported)
    return next((each for each in outcomes if each is not Outcome.LOADS), Outcome.LOADS)


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict beside what happened; ``loads`` is None where nothing was said."""

    tensorflow: str
    release: str
    subject: str
    loads: Optional[bool]
    outcome: Outcome
    predicted: Optional[str] = None
    happened: str = ""

    @property
    def disagrees(self) -> bool:
        """Whether verdict and outcome are both known and differ."""
        if self.outcome is Outcome.LOADS:
            return self.loads is False
        return self.outcome is Outcome.CANNOT_LOAD and self.loads is True


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How often ``cannot-load`` was said and true; ``apart`` counts pairs without an outcome."""

    both: int
    falsely: int
    missed: int
    neither: int
    apart: int

    @property
    def pairs(self) -> int:
        """How many pairs count."""
        return self.both + self.falsely + self.missed + self.neither

    @property
    def precision(self) -> Optional[float]:
        """How many of those that were said not to load do not."""
        return _share(self.both, self.both + self.falsely)

    @property
    def recall(self) -> Optional[float]:
        """How many of those that do not load were said not to."""
        return _share(self.both, self.both + self.missed)


def _share(part: int, whole: int) -> Optional[float]:
    return part / whole if whole else None


def score(pairs: Iterable[Pair]) -> Score:
    """Count; a verdict that says nothing counts as ``loads``, as an installer takes silence."""
    counts: dict[object, int] = {}
    for pair in pairs:
        known = pair.outcome in {Outcome.LOADS, Outcome.CANNOT_LOAD}
        key = (pair.loads is False, pair.outcome is Outcome.CANNOT_LOAD) if known else None
        counts[key] = counts.get(key, 0) + 1
    return Score(
        both=counts.get((True, True), 0),
        falsely=counts.get((True, False), 0),
        missed=counts.get((False, True), 0),
        neither=counts.get((False, False), 0),
        apart=counts.get(None, 0),
    )


def library_pairs(judged: Judged, loaded: Loaded) -> tuple[Pair, ...]:
    """Set every library's verdict beside what happened to it."""
    attempts: Mapping[str, Attempt] = {each.target: each for each in loaded.libraries}
    return tuple(
        Pair(
            tensorflow=judged.tensorflow,
            release=judged.release,
            subject=verdict.path,
            loads=verdict.loads,
            outcome=library_outcome(attempts[verdict.path]),
            predicted=verdict.message,
            happened=told(attempts[verdict.path]),
        )
        for verdict in judged.libraries
        if verdict.path in attempts
    )


def package_pair(judged: Judged, loaded: Loaded) -> Pair:
    """Set the package's verdict beside what happened to it."""
    refused = (told(each) for each in loaded.libraries if each.immediate is not None)
    return Pair(
        tensorflow=judged.tensorflow,
        release=judged.release,
        subject="package",
        loads=package_verdict(judged.libraries),
        outcome=package_outcome(judged, loaded),
        happened=told(loaded.imported) or next(refused, ""),
    )


def declared_pair(judged: Judged, loaded: Loaded) -> Pair:
    """Set what the metadata declares beside what happened to the package."""
    return msgspec.structs.replace(package_pair(judged, loaded), loads=judged.declared)


def import_pair(judged: Judged, loaded: Loaded) -> Pair:
    """Set the package's verdict beside its import alone."""
    return msgspec.structs.replace(
        package_pair(judged, loaded), outcome=import_outcome(loaded.imported)
    )


def told(attempt: Attempt) -> str:
    """Tell in a line what went wrong; empty when nothing did."""
    if attempt.end is End.DONE:
        return ""
    text = attempt.immediate or attempt.message or attempt.said
    lines = [line for line in text.splitlines() if line.strip()]
    signal = f"signal {attempt.status}: " if attempt.end is End.KILLED else ""
    return signal + (lines[0] if lines and attempt.end is End.RAISED else "".join(lines[-1:]))[:300]
