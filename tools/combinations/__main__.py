"""Measures, derives and evaluates: ``python -m tools.combinations VERB --work DIR``."""

import argparse
import fcntl
import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Optional

import msgspec
from tools.combinations.available import Available
from tools.combinations.evaluation import Evaluation, report
from tools.combinations.intervals import CLASHES, REQUIRER
from tools.combinations.measuring import Measuring
from tools.combinations.records import Journal
from tools.combinations.settings import Visit, visits
from tools.combinations.table import (
    Measured,
    Published,
    encoded,
    environment,
    measured,
    table,
)

from tfmac.curation.index import Index
from tfmac.schema.combinations import Combination, CombinationTable

ROOT = Path(__file__).resolve().parent.parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "combinations.json"


def main(arguments: Optional[list[str]] = None) -> int:
    """Do what the verb says; 2 when another run is at work in the directory."""
    chosen = _arguments(arguments)
    work: Path = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        with closing(Index(chosen.index)) as index:
            return int(chosen.verb(chosen, work, Available(index)))
    except BlockingIOError:
        print(f"{work}: another run is at work there", file=sys.stderr)
        return 2


def _arguments(arguments: Optional[list[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    verbs = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--work", type=Path, required=True, help="environments and journals")
    common.add_argument("--output", type=Path, default=OUTPUT)
    common.add_argument("--index", help="package index; that of uv or pip by default")
    common.add_argument("--minutes", type=float, default=600.0, help="begin no point after this")
    measure = verbs.add_parser("measure", parents=[common], help="run what is not known yet")
    measure.add_argument("--tensorflow", action="append", help="only this release (repeatable)")
    measure.add_argument("--package", action="append", help="only this package (repeatable)")
    measure.add_argument("--python", help="only on this Python")
    measure.set_defaults(verb=_measure)
    derive = verbs.add_parser("derive", parents=[common], help="write the table")
    derive.set_defaults(verb=_derive)
    judge = verbs.add_parser("evaluate", parents=[common], help="doctor against what happens")
    judge.add_argument("--seed", type=int, required=True)
    judge.add_argument("--points", type=int, default=80)
    judge.set_defaults(verb=_evaluate)
    return parser.parse_args(arguments)


def _measure(chosen: argparse.Namespace, work: Path, available: Available) -> int:
    deadline = time.monotonic() + chosen.minutes * 60
    with _alone(work):
        measuring = Measuring(work, _earlier(chosen.output), available, deadline)
        for visit in _chosen(chosen):
            if time.monotonic() >= deadline:
                return 1
            measuring.visit(visit)
    return 0


def _chosen(chosen: argparse.Namespace) -> Iterator[Visit]:
    """Give the environments of the plan that are asked for."""
    for visit in visits():
        if chosen.tensorflow and visit.tensorflow not in chosen.tensorflow:
            continue
        if chosen.python and visit.python != chosen.python:
            continue
        packages = visit.packages or frozenset(chosen.package or ())
        if chosen.package and visit.packages:
            packages = visit.packages & frozenset(chosen.package)
        if packages or not chosen.package:
            yield msgspec.structs.replace(visit, packages=packages)


def _derive(chosen: argparse.Namespace, work: Path, available: Available) -> int:
    previous = _previous(chosen.output)
    points = measured(previous, Journal(work / "points.jsonl").records, sysconfig.get_platform())
    made = table(points, _published(points, available))
    partial = chosen.output.with_name(chosen.output.name + ".part")
    partial.write_bytes(encoded(made))
    os.replace(partial, chosen.output)
    print(f"{len(made.combinations)} points, {len(made.intervals)} intervals", file=sys.stderr)
    return 0


def _evaluate(chosen: argparse.Namespace, work: Path, available: Available) -> int:
    deadline = time.monotonic() + chosen.minutes * 60
    with _alone(work):
        evaluation = Evaluation(work, _earlier(chosen.output), available, chosen.seed)
        evaluation.walk(chosen.points, deadline)
    print(report(evaluation.results))
    return 0


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    with (work / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _previous(path: Path) -> Optional[CombinationTable]:
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=CombinationTable)


def _earlier(path: Path) -> tuple[Combination, ...]:
    previous = _previous(path)
    return previous.combinations if previous else ()


def _published(points: Measured, available: Available) -> Published:
    """Ask the release lists and the index what the derivation has to know."""
    places = {(one.package, one.python) for one in points.combinations if one.version is not None}
    installable: dict[str, dict[str, tuple[str, str]]] = {}
    compiled: set[str] = set()
    for package, python in sorted(places):
        ends = available.ends(package, python)
        if ends is not None:
            installable.setdefault(package, {})[python] = ends
        if available.compiled_for_numpy(package, python):
            compiled.add(package)
    environments = [environment(one, points) for one in points.combinations]
    pairs = {
        (there[REQUIRER], package, there[package])
        for there in environments
        for package in CLASHES
        if REQUIRER in there and package in there
    }
    accepted = {pair: available.accepts(*pair) for pair in sorted(pairs)}
    return Published(installable, frozenset(compiled), accepted)


if __name__ == "__main__":
    sys.exit(main())
