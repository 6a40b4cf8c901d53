"""A walk over TensorFlow releases and satellites: what is not in the journal yet is run."""

import datetime as dt
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from packaging.version import Version
from tools.combinations.available import Available
from tools.combinations.messages import scrubbed
from tools.satellites.bench import TENSORFLOW, Bench, Outcome
from tools.satellites.records import JOURNAL, Journal, Tried, by_release
from tools.satellites.searching import TF_KERAS, attempts, complete, exchanged, named, next_older

from tfmac.knowledge import releases
from tfmac.schema.satellites import Stage

_FREE = 20 * 2**30
_CONTEMPORARY = dt.timedelta(days=45)


class Measuring:
    """The journal, and the time that is left."""

    def __init__(self, work: Path, available: Available, deadline: float) -> None:
        self._journal = Journal(work / JOURNAL)
        self._work = work
        self._available = available
        self._deadline = deadline
        self._day = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()

    def visit(self, tensorflow: str, packages: Sequence[str]) -> None:
        """Find out about some packages beside a TensorFlow."""
        left = [one for one in packages if not self.finished(tensorflow, one)]
        if not left or self.out():
            return
        bench = Bench(self._work, tensorflow)
        try:
            bench.make()
            for package in left:
                self._package(bench, package)
        finally:
            bench.discard()

    def finished(self, tensorflow: str, package: str) -> bool:
        """Whether no release of a package is left to be tried beside a TensorFlow."""
        return self._begun(tensorflow, package) and self._older(tensorflow, package) is None

    def _package(self, bench: Bench, package: str) -> None:
        if not self._begun(bench.tensorflow, package):
            self._release(bench, package, None)
        while not self.out():
            version = self._older(bench.tensorflow, package)
            if version is None:
                return
            self._release(bench, package, version)

    def _begun(self, tensorflow: str, package: str) -> bool:
        """Whether the release that the resolver takes was tried."""
        return any(walk[0].any_release for walk in self._walks(tensorflow, package))

    def _walks(self, tensorflow: str, package: str) -> list[list[Tried]]:
        """Give what was tried to the end of a package beside a TensorFlow."""
        key = (tensorflow, package)
        own = [one for one in self._journal.records if (one.tensorflow, one.package) == key]
        return [walk for walk in by_release(own) if complete(walk)]

    def _older(self, tensorflow: str, package: str) -> Optional[str]:
        """Choose an older release to try, None where there is nothing more to find out."""
        walks = self._walks(tensorflow, package)
        if any(walk[-1].native for walk in walks):
            return None  # it says nothing of other builds, so nothing is to be found out
        tried = {
            walk[-1].version: any(one.stage is Stage.WORKS for one in walk)
            for walk in walks
            if walk[-1].version is not None
        }
        python = Bench(self._work, tensorflow).python
        versions = self._available.versions(package, python)
        return next_older(versions, tried, _contemporary(package, tensorflow, versions))

    def _release(self, bench: Bench, package: str, version: Optional[str]) -> None:
        """Use a release as it is, then with what may be missing, until it works."""
        for beside in attempts(bench.tensorflow):
            record = self._with_named(bench, package, version, beside)
            if record is None or record.stage in {Stage.WORKS, None} or record.native:
                return
            version = record.version

    def _with_named(
        self, bench: Bench, package: str, version: Optional[str], beside: tuple[str, ...]
    ) -> Optional[Tried]:
        """Use a release with something beside it, and with what its errors name; give the last."""
        record: Optional[Tried] = None
        while not self.out():
            record = self._try(bench, package, version, beside)
            more = named(record)
            if more is None:
                break
            beside, version = exchanged(beside, more), record.version
        return record

    def _try(
        self, bench: Bench, package: str, version: Optional[str], beside: tuple[str, ...]
    ) -> Tried:
        try:
            packages = bench.resolved(package, version, beside)
            bench.put(packages)
        except OSError as error:
            packages = {}
            outcome = Outcome(Stage.TENSORFLOW, scrubbed(str(error)), "", native=False, seconds=0)
        else:
            outcome = bench.use(package)
        record = Tried(
            tensorflow=bench.tensorflow,
            python=bench.python,
            package=package,
            day=self._day,
            version=packages.get(package, version),
            beside=beside,
            stage=outcome.stage if packages else None,
            error=outcome.error,
            said=outcome.said,
            native=outcome.native,
            keras=packages.get("keras"),
            tf_keras=packages.get(TF_KERAS),
            any_release=not beside and version is None,
            seconds=outcome.seconds,
        )
        self._journal.add(record)
        _say(record)
        return record

    def out(self) -> str:
        """Say what is used up, time or room; empty where there is more."""
        if time.monotonic() >= self._deadline:
            return "the time is up"
        if shutil.disk_usage(self._work).free < _FREE:
            return f"less than {_FREE >> 30} GiB of disk are free"
        return ""


def _contemporary(package: str, tensorflow: str, versions: Sequence[str]) -> Optional[str]:
    """Give the newest release of the weeks after a TensorFlow's minor came out."""
    first = _day(TENSORFLOW, f"{tensorflow.rpartition('.')[0]}.0")
    if first is None:
        return None
    days = ((one, _day(package, one)) for one in versions)
    there = [one for one, day in days if day is not None and day <= first + _CONTEMPORARY]
    return max(there, key=Version) if there else None


def _day(package: str, version: str) -> Optional[dt.date]:
    release = releases.release(package, version)
    return dt.date.fromisoformat(release.date[:10]) if release else None


def _say(record: Tried) -> None:
    beside = f" with {', '.join(record.beside)}" if record.beside else ""
    stage = record.stage.value if record.stage else "not installable"
    print(
        f"{record.tensorflow}: {record.package} {record.version}{beside}: {stage} "
        f"{record.error or ''} ({record.seconds} s)",
        file=sys.stderr,
        flush=True,
    )
