"""A walk over the TensorFlow releases: what is not known yet is run, release after release."""

import datetime as dt
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from packaging.utils import canonicalize_name
from tools.combinations.available import Available
from tools.combinations.bench import Bench, BrokenBaselineError
from tools.combinations.bisection import Boundary, boundaries, next_version
from tools.combinations.companions import companions
from tools.combinations.messages import error_line, scrubbed
from tools.combinations.program import Outcome
from tools.combinations.records import BASELINE, Journal, Point, Record, counting
from tools.combinations.settings import Subject, Visit, jax_pairs, minor, removes, subjects

from tfmac.schema.combinations import Combination
from tfmac.schema.knowledge import Step

_NOT_REMOVED = frozenset({"tensorflow-cpu", "pip"})


class Measuring:
    """The journal, what is known from it and from before, and the time that is left."""

    def __init__(
        self, work: Path, known: Iterable[Combination], available: Available, deadline: float
    ) -> None:
        self.journal = Journal(work / "points.jsonl")
        self._work = work
        self._earlier = tuple(known)
        self._available = available
        self._deadline = deadline
        self._day = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()

    def visit(self, visit: Visit) -> None:
        """Run all that is to be found out in one environment."""
        bench = Bench(self._work, visit.tensorflow, visit.python)
        try:
            outcome = bench.make()
            self._record(bench, None, outcome)
            for subject in subjects(visit.tensorflow):
                if not visit.packages or subject.package in visit.packages:
                    self._subject(bench, subject)
            if not visit.packages:
                self._pairs(bench)
            self._removals(bench, visit)
            bench.restore()
            outcome = bench.run()
            if outcome.step is not Step.WORKS:
                raise BrokenBaselineError(f"at the end: {outcome.step.value} {error_line(outcome)}")  # noqa: TRY301
        except (BrokenBaselineError, OSError) as error:
            self._record(bench, None, note=scrubbed(str(error)), void=True)
        finally:
            bench.discard()

    def _subject(self, bench: Bench, subject: Subject) -> None:
        own = bench.baseline.get(subject.package)
        if own is None and not subject.added:
            return
        versions = self._available.versions(subject.package, bench.python)
        failed: set[str] = set()
        while time.monotonic() < self._deadline:
            known = self._known(bench, subject.package)
            if own is not None:
                known.setdefault(own, Step.WORKS)
            open_to = [version for version in versions if version not in failed]
            hints = self._hints(bench, subject.package)
            version = next_version(open_to, known, between=subject.between, hints=hints)
            if version is None:
                return
            if not self._version(bench, subject, version):
                failed.add(version)

    def _version(self, bench: Bench, subject: Subject, version: str) -> bool:
        packages = {subject.package: version}
        if subject.together is not None:
            packages[subject.together] = version
        beside = dict(packages)
        try:
            if subject.companions:
                beside.update(companions(self._work, bench.interpreter, bench.baseline, packages))
        except OSError as error:
            print(f"{subject.package} {version}: {error}", file=sys.stderr)
        del beside[subject.package]
        return self._point(bench, subject.package, version, beside)

    def _pairs(self, bench: Bench) -> None:
        for jax, jaxlib in jax_pairs(bench.tensorflow):
            pair = {"jax": jax, "jaxlib": jaxlib}
            try:
                more = companions(self._work, bench.interpreter, bench.baseline, pair)
            except OSError as error:
                print(f"jax {jax}, jaxlib {jaxlib}: {error}", file=sys.stderr)
                continue
            self._point(bench, "jaxlib", jaxlib, {**more, "jax": jax})

    def _removals(self, bench: Bench, visit: Visit) -> None:
        names = {canonicalize_name(name) for name in bench.loaded} & bench.baseline.keys()
        for name in sorted(names - _NOT_REMOVED):
            if removes(visit, name):
                self._point(bench, name, None, {})

    def _point(
        self, bench: Bench, package: str, version: Optional[str], beside: dict[str, str]
    ) -> bool:
        """Run a point unless it is known; False when it could not be installed."""
        point = Point(
            tensorflow=bench.tensorflow,
            python=bench.python,
            package=package,
            version=version,
            beside=tuple(sorted(beside.items())),
        )
        if self._done(point) or time.monotonic() >= self._deadline:
            return True
        try:
            bench.put(point)
        except OSError as error:
            self._record(bench, point, note="not installable: " + scrubbed(str(error)))
            return False
        self._record(bench, point, bench.run())
        return True

    def _done(self, point: Point) -> bool:
        if any(record.point == point for record in counting(self.journal.records)):
            return True
        return any(
            (one.tensorflow, one.python, one.package, one.version)
            == (point.tensorflow, point.python, point.package, point.version)
            and tuple(sorted(one.beside.items())) == point.beside
            for one in self._earlier
        )

    def _known(self, bench: Bench, package: str) -> dict[str, Step]:
        """Collect what is known of a package beside this release, on any Python."""
        here = (bench.tensorflow, package)
        known = {
            one.version: one.step
            for one in self._earlier
            if (one.tensorflow, one.package) == here and one.version is not None
        }
        for record in counting(self.journal.records):
            point = record.point
            if (point.tensorflow, point.package) == here and record.outcome and point.version:
                known[point.version] = record.outcome.step
        return known

    def _hints(self, bench: Bench, package: str) -> list[Boundary]:
        """List the boundaries found beside other releases, the nearest release first."""
        by_release: dict[str, dict[str, Step]] = {}
        for record in counting(self.journal.records):
            point = record.point
            if point.package == package and record.outcome and point.version is not None:
                found = by_release.setdefault(point.tensorflow, {})
                found[point.version] = record.outcome.step
        here = minor(bench.tensorflow)[1]
        nearest = sorted(by_release, key=lambda one: abs(minor(one)[1] - here))
        return [pair for release in nearest for pair in boundaries(by_release[release])]

    def _record(
        self,
        bench: Bench,
        point: Optional[Point],
        outcome: Optional[Outcome] = None,
        *,
        note: str = "",
        void: bool = False,
    ) -> None:
        baseline = point is None and not void
        named = point or Point(
            tensorflow=bench.tensorflow, python=bench.python, package=BASELINE, version=None
        )
        record = Record(
            point=named,
            day=self._day,
            outcome=outcome,
            note=note,
            baseline=bench.baseline if baseline else {},
            loaded=bench.loaded if baseline else (),
            void=void,
        )
        self.journal.add(record)
        said = note
        if outcome:
            said = f"{outcome.step.value} {error_line(outcome) or ''} ({outcome.seconds} s)"
        name = f"{named.package or 'baseline'} {named.version or '-'}"
        print(f"{named.tensorflow} on {named.python}: {name}: {said}", file=sys.stderr, flush=True)
