"""Rerun the proof and print its report.

python -m tools.prove_linking --work DIR
"""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Optional

from tools.prove_linking import plan, proving
from tools.prove_linking.judging import engine
from tools.prove_linking.records import Journal
from tools.prove_linking.rendering import report
from tools.prove_linking.trees import Trees

from tfmac.environments.uv import find_uv
from tfmac.observe.interpreters import find_interpreters


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run what is left of the plan; 1 when something could not be had, 2 without the tools."""
    parser = argparse.ArgumentParser(prog="prove_linking", description=__doc__)
    parser.add_argument("--work", required=True, help="folder for wheels and the journal")
    parser.add_argument("--tensorflow", action="append", default=[], help="only this version")
    parser.add_argument("--release", action="append", default=[], help="only NAME==VERSION")
    parser.add_argument("--report", action="store_true", help="run nothing, print the report")
    options = parser.parse_args(arguments)
    wanted = plan.PLAN.only(options.tensorflow, options.release)
    os.makedirs(options.work, exist_ok=True)
    journal, rules = Journal(proving.journal_path(options.work)), engine()
    whole = True
    if not options.report:
        trees = _trees(os.path.abspath(options.work))
        if trees is None:
            return 2
        with _alone(options.work):
            whole = proving.Proof(journal, trees, rules).run(wanted)
    print(report(journal, wanted, rules))
    return 0 if whole else 1


@contextmanager
def _alone(work: str) -> Iterator[None]:
    """Hold the work folder; another run in it would take away the tree of this one."""
    with open(os.path.join(work, "lock"), "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SystemExit(f"another run uses {work}") from error
        yield


def _trees(work: str) -> Optional[Trees]:
    """Find uv and the Python of the plan."""
    uv = find_uv()
    found = {one.choice.minor: one.choice.path for one in find_interpreters(os.environ)}
    if uv is None or plan.PYTHON not in found:
        proving.say(f"needs uv and Python {plan.PYTHON}")
        return None
    return Trees(work, uv, found[plan.PYTHON])


if __name__ == "__main__":
    sys.exit(main())
