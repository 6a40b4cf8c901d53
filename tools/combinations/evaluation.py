"""Doctor's verdict over environments that are not in the table, against what really happens.

The verdict is written down before the program runs.
"""

import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec
from tools.combinations.available import Available
from tools.combinations.bench import Bench, BrokenBaselineError
from tools.combinations.bisection import breaks
from tools.combinations.companions import companions
from tools.combinations.drawing import Change, Place, change, places
from tools.combinations.messages import error_line, scrubbed
from tools.combinations.program import Outcome

from tfmac.api import collect_facts, diagnose
from tfmac.schema.combinations import Combination
from tfmac.schema.findings import Severity

POINTS_A_PLACE = 8
_DRAWS = 40
"""How often a point of one environment is drawn anew before it is given up."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of an environment before it was run."""

    tensorflow: str
    python: str
    packages: tuple[tuple[str, Optional[str]], ...]
    says_error: bool
    causes: tuple[str, ...]
    conflict: bool
    """The declared metadata alone contradict each other."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict and what happened."""

    verdict: Verdict
    outcome: Outcome

    @property
    def breaks(self) -> bool:
        """Whether the import or the fit failed."""
        return breaks(self.outcome.step)


class Score(NamedTuple):
    """The four fields of a confusion table."""

    hits: int
    false_alarms: int
    misses: int
    rightly_silent: int

    @property
    def precision(self) -> float:
        """Which share of the alarms was right; 1 where there were none."""
        return self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else 1.0

    @property
    def recall(self) -> float:
        """Which share of the breaks was named; 1 where there were none."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 1.0


def score(pairs: Iterable[tuple[bool, bool]]) -> Score:
    """Count pairs of what was said and what happened."""
    several = list(pairs)
    return Score(
        hits=several.count((True, True)),
        false_alarms=several.count((True, False)),
        misses=several.count((False, True)),
        rightly_silent=several.count((False, False)),
    )


class Evaluation:
    """A walk over drawn environments, with a journal in the work directory."""

    def __init__(
        self, work: Path, known: Iterable[Combination], available: Available, seed: int
    ) -> None:
        self.results: list[Result] = []
        self._work = work
        self._available = available
        self._rng = random.Random(seed)  # noqa: S311 - drawn again by the same seed
        self._known = {
            (one.tensorflow, one.package, one.version) for one in known if not one.beside
        }
        self._measured = {one.tensorflow for one in known}
        self._journal = work / f"evaluation-{seed}.jsonl"
        self._journal.write_bytes(b"")

    def walk(self, points: int, deadline: float) -> None:
        """Look at as many points as are wanted, some beside each drawn TensorFlow."""
        for place in places(self._rng, points, self._measured):
            if len(self.results) >= points or time.monotonic() >= deadline:
                return
            self._place(place, min(POINTS_A_PLACE, points - len(self.results)), deadline)

    def _place(self, place: Place, points: int, deadline: float) -> None:
        bench = Bench(self._work, place.tensorflow, place.python)
        try:
            bench.make()
            for drawn in self._changes(bench, place, points):
                if time.monotonic() >= deadline:
                    return
                self._point(bench, drawn)
        except (BrokenBaselineError, OSError) as error:
            print(f"{place}: {scrubbed(str(error))}", file=sys.stderr, flush=True)
        finally:
            bench.discard()

    def _changes(self, bench: Bench, place: Place, points: int) -> Iterator[Change]:
        seen: set[Change] = set()
        for _ in range(_DRAWS):
            drawn = change(self._rng, place, bench.baseline, self._available.versions)
            if drawn is None or drawn in seen or self._is_known(place, drawn, bench):
                continue
            seen.add(drawn)
            yield drawn
            if len(seen) == points:
                return

    def _is_known(self, place: Place, drawn: Change, bench: Bench) -> bool:
        if all(bench.baseline.get(name) == version for name, version in drawn.packages):
            return True
        return len(drawn.packages) == 1 and ((place.tensorflow, *drawn.packages[0]) in self._known)

    def _point(self, bench: Bench, drawn: Change) -> None:
        present = {name: version for name, version in drawn.packages if version is not None}
        try:
            more = companions(self._work, bench.interpreter, bench.baseline, present)
        except OSError:
            more = {}
        packages: dict[str, Optional[str]] = {**more, **dict(drawn.packages)}
        try:
            bench.put_packages(packages)
        except OSError as error:
            print(f"{drawn}: {scrubbed(str(error))}", file=sys.stderr, flush=True)
            return
        verdict = self._verdict(bench, drawn)
        self._write(verdict)
        result = Result(verdict=verdict, outcome=bench.run())
        self._write(result.outcome)
        self.results.append(result)
        print(line(result), file=sys.stderr, flush=True)

    def _verdict(self, bench: Bench, drawn: Change) -> Verdict:
        diagnosis = diagnose(collect_facts(env=str(bench.root), cwd=None))
        errors = [one for one in diagnosis.findings if one.severity is Severity.ERROR]
        return Verdict(
            tensorflow=bench.tensorflow,
            python=bench.python,
            packages=drawn.packages,
            says_error=bool(errors),
            causes=tuple(f"{one.subject}: {one.cause}" for one in errors),
            conflict=bench.conflicts(),
        )

    def _write(self, record: msgspec.Struct) -> None:
        with self._journal.open("ab") as stream:
            stream.write(msgspec.json.encode(record) + b"\n")


def line(result: Result) -> str:
    """Put a result on one line."""
    verdict, outcome = result.verdict, result.outcome
    changed = ", ".join(f"{name} {version or 'removed'}" for name, version in verdict.packages)
    agrees = "agrees" if verdict.says_error == result.breaks else "DISAGREES"
    said = "error" if verdict.says_error else "no error"
    metadata = "conflict" if verdict.conflict else "no conflict"
    what = f"{outcome.step.value} {error_line(outcome) or ''}".strip()
    return (
        f"{agrees}: TensorFlow {verdict.tensorflow} on {verdict.python} with {changed}: "
        f"{said} ({', '.join(verdict.causes)}), metadata {metadata}; {what}"
    )


def report(results: Iterable[Result]) -> str:
    """Word the confusion tables, doctor's and that of the declared metadata, and all lines."""
    several = list(results)
    doctor = score((one.verdict.says_error, one.breaks) for one in several)
    declared = score((one.verdict.conflict, one.breaks) for one in several)
    rows = [f"{len(several)} environments"]
    for name, made in (("doctor", doctor), ("declared metadata", declared)):
        rows.append(
            f"{name}: {made.hits} hits, {made.false_alarms} false alarms, {made.misses} misses, "
            f"{made.rightly_silent} rightly silent; "
            f"precision {made.precision:.2f}, recall {made.recall:.2f}"
        )
    disagreeing = (one for one in several if one.verdict.says_error != one.breaks)
    return "\n".join((*rows, *(line(one) for one in disagreeing)))
