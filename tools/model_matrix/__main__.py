"""Measures which release loads what which release wrote.

``python -m tools.model_matrix measure --work DIR`` writes about sixty models with every release
and loads every file in every release. What is done stands in ``DIR/journal.jsonl``: the next
call goes on from there; after a change of a builder take a new directory.
``DIR/matrix.jsonl.gz`` and ``DIR/files`` are laid out like the corpus.
"""

import argparse
import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from tools.model_matrix.environments import RELEASES, CannotMake, Release, chosen
from tools.model_matrix.measuring import Limits, Measuring, measure
from tools.model_matrix.records import write_matrix


def main(arguments: Optional[list[str]] = None) -> int:
    """Do what the verb says; 1 when a release could not take part, 2 when nothing could begin."""
    given = _arguments(arguments)
    return int(given.verb(given))


def _arguments(arguments: Optional[list[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="model_matrix", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    one = verbs.add_parser("measure", help="write, load, compare: what is not done yet")
    one.add_argument("--work", type=Path, required=True, help="files, environments, the journal")
    one.add_argument("--writers", type=_releases, default=RELEASES, help="names, with commas")
    one.add_argument("--readers", type=_releases, default=RELEASES, help="names, with commas")
    one.add_argument("--models", type=lambda text: text.split(","), help="names, with commas")
    one.add_argument("--workers", type=int, default=Limits().workers)
    one.add_argument("--seconds", type=float, default=Limits().seconds, help="limit of a load")
    one.set_defaults(verb=_measure)
    verbs.add_parser("releases", help="list the releases").set_defaults(verb=_list)
    return parser.parse_args(arguments)


def _releases(text: str) -> tuple[Release, ...]:
    try:
        return chosen(text.split(","))
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"no release is called {error}") from error


def _measure(given: argparse.Namespace) -> int:
    work: Path = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    limits = Limits(workers=given.workers, seconds=given.seconds)
    try:
        with _alone(work):
            measuring = Measuring(work, limits, given.models)
            try:
                whole = measure(measuring, given.writers, given.readers)
            finally:  # an interrupted run leaves what it has measured
                count = write_matrix(measuring.journal.records, work / "matrix.jsonl.gz")
    except (BlockingIOError, CannotMake) as error:
        print(f"{work}: {error}", file=sys.stderr)
        return 2
    print(f"{count} rows in {work / 'matrix.jsonl.gz'}")
    return 0 if whole else 1


def _list(given: argparse.Namespace) -> int:
    del given
    for release in RELEASES:
        print(f"{release.name:15} Python {release.python:5} {release.reader}")
    return 0


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold the work directory for one run."""
    with (work / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


if __name__ == "__main__":
    sys.exit(main())
