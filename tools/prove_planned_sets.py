"""Make planned sets for the CPU, and prove them: the planner against real installations.

    python -m tools.prove_planned_sets                     all sets
    python -m tools.prove_planned_sets 2.8/3.9 2.21/3.13   some of them

One is made, proved and deleted before the next. ``--own-cache`` keeps their wheels out of uv's own
cache and throws each TensorFlow away after its set: all sets in that need about 10 GB of disk.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import NamedTuple, Optional

from tfmac import api
from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.environments.uv import find_uv
from tfmac.planner.resolver import ResolutionFailed
from tfmac.schema.actions import Manager
from tfmac.schema.findings import Severity
from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
from tfmac.schema.platform import Target
from tfmac.schema.reports import SetupReport

_TIME_LIMIT = 600
_GIGABYTE = 10**9


class PlannedSet(NamedTuple):
    """A TensorFlow and a Python to plan a set for."""

    tensorflow: str
    python: str

    @classmethod
    def parse(cls, text: str) -> "PlannedSet":
        """Read a set as ``2.18/3.12``; raise ``ValueError``."""
        tensorflow, slash, python = text.partition("/")
        if not (tensorflow and slash and python):
            raise ValueError(f"{text!r} is not a set: write TENSORFLOW/PYTHON, as 2.18/3.12")
        return cls(tensorflow, python)

    def __str__(self) -> str:
        return f"{self.tensorflow}/{self.python}"


# Every second TensorFlow or more, and each Python; where Keras, numpy and protobuf changed, both
# sides of the change.
SETS = tuple(
    map(
        PlannedSet.parse,
        (
            *("2.8/3.9", "2.9/3.10", "2.10/3.9", "2.11/3.10", "2.12/3.11", "2.13/3.9"),
            *("2.14/3.11", "2.15/3.11", "2.16/3.12", "2.18/3.12", "2.20/3.13", "2.21/3.13"),
        ),
    )
)


class Outcome(NamedTuple):
    """What became of a set; ``reason`` is None where it was proved."""

    asked: PlannedSet
    plan: Optional[Plan]
    seconds: float
    reason: Optional[str]

    def __str__(self) -> str:
        versions = {
            name: ((self.plan.version(name) if self.plan else None) or "-")
            for name in ("tensorflow", "keras", "numpy")
        }
        said = "proved" if self.reason is None else f"NOT PROVED: {self.reason}"
        return _LINE.format(set=self.asked, seconds=f"{self.seconds:.0f}", said=said, **versions)


_LINE = "{set!s:10} {tensorflow:>10} {keras:>8} {numpy:>8} {seconds:>7}  {said}"
HEADING = _LINE.format(
    set="set",
    tensorflow="tensorflow",
    keras="keras",
    numpy="numpy",
    seconds="seconds",
    said="outcome",
)


def interpreter_for(python: str) -> Optional[InterpreterChoice]:
    """Give an interpreter of this machine for a Python such as ``3.12``, None without one."""
    _, interpreters = api.this_machine()
    return next((one for one in interpreters if one.minor == python), None)


def prove_set(asked: PlannedSet, target: Target, interpreter: InterpreterChoice) -> Outcome:
    """Plan a set, make it in a folder of its own, prove it, and delete it."""
    started = time.monotonic()
    plan, reason = None, None
    wish = Wish(target=target, python=asked.python, tensorflow=asked.tensorflow, gpu=False)
    try:
        answer = api.plan(wish, interpreters=(interpreter,))
        if isinstance(answer, NoPlan):
            reason = f"no plan: {answer.conflicts[0].reason}"
        else:
            plan = answer
            reason = _made_and_proved(plan)
    except (EnvironmentChangeFailed, ResolutionFailed) as error:
        reason = str(error)
    return Outcome(asked, plan, time.monotonic() - started, reason)


def _made_and_proved(plan: Plan) -> Optional[str]:
    """Say why a plan's environment was not proved, None where it was."""
    with tempfile.TemporaryDirectory(prefix="tfmac-set-") as folder:
        directory = os.path.join(os.path.realpath(folder), "env")
        api.create(plan, directory, manager=Manager.UV)
        report = api.prove(directory, plan, gpu=False, time_limit=_TIME_LIMIT)
    return None if report.proved else _why(report)


def _why(report: SetupReport) -> str:
    probe = report.diagnosis.probe
    found = [
        f"{one.cause}: {one.message}"
        for one in report.diagnosis.findings
        if one.severity is Severity.ERROR
    ]
    if probe is not None and probe.death is not None:
        found.append(f"{probe.death.stage.value}, {probe.death.kind.value}: {probe.death.detail}")
    if probe is not None and probe.keras is not None and not probe.keras.proved:
        found.append(f"Keras: {probe.keras.error or 'another prediction after loading'}")
    return "; ".join(found) or "the product was not seen to run on the CPU, and right"


@contextmanager
def _own_cache() -> Iterator[None]:
    """Let uv keep its wheels in a folder that goes away, for the rest of this process."""
    with tempfile.TemporaryDirectory(prefix="tfmac-uv-cache-") as folder:
        os.environ["UV_CACHE_DIR"] = folder
        yield


def _forget_tensorflow() -> None:
    uv = find_uv()
    if uv is not None:
        uv.run("throw wheels away", ["cache", "clean", "tensorflow"])


def _prove_all(
    wanted: Sequence[PlannedSet], target: Target, *, least_free: float, own_cache: bool
) -> bool:
    """Prove sets one after the other and print a line for each; whether all were proved."""
    whole = True
    print(HEADING, flush=True)
    for asked in wanted:
        free = shutil.disk_usage(tempfile.gettempdir()).free / _GIGABYTE
        interpreter = interpreter_for(asked.python)
        if interpreter is None:
            outcome = Outcome(asked, None, 0, f"there is no Python {asked.python} here")
        elif free < least_free:
            outcome = Outcome(asked, None, 0, f"only {free:.0f} GB of disk are free")
        else:
            outcome = prove_set(asked, target, interpreter)
        print(outcome, flush=True)
        whole = whole and outcome.reason is None
        if own_cache:
            _forget_tensorflow()
    return whole


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Prove the sets; 1 when one was not proved, 2 on a machine without TensorFlow."""
    parser = argparse.ArgumentParser(
        prog="prove_planned_sets",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sets", nargs="*", type=PlannedSet.parse, metavar="TENSORFLOW/PYTHON")
    parser.add_argument("--own-cache", action="store_true", help="keep no wheel of TensorFlow")
    parser.add_argument(
        "--least-free", type=float, default=10, metavar="GB", help="stop below that (10)"
    )
    options = parser.parse_args(arguments)
    target, _ = api.this_machine()
    if target is None:
        print("TensorFlow has no wheels for this machine", file=sys.stderr)
        return 2
    with _own_cache() if options.own_cache else nullcontext():
        whole = _prove_all(
            options.sets or SETS,
            target,
            least_free=options.least_free,
            own_cache=options.own_cache,
        )
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
