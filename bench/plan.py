"""Time ``tfmac plan`` against the uv calls inside it: ``python bench/plan.py``.

Each command is run once through a stand-in for uv, which writes down the ``pip compile`` calls
with their standard input, variables and constraint files, and hands them to the real uv. Then,
round by round and in turn, the whole command and those calls alone are timed, all from warm
caches. A refusal by the knowledge makes no call: its time stands beside that of the first
command's calls.
Printed are medians of wall seconds and of the ratios taken round by round. Nothing is asserted.

Needs tfmac with uv installed, and the package index for the first run.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Optional

ROUNDS = 5

COMMANDS = {
    "plan": ("--for", "macos-15-arm64"),
    "no plan: GPU, Python 3.13": ("--for", "macos-14-arm64", "--gpu", "--python", "3.13"),
    "no plan: an extension": (
        *("--for", "macos-15-arm64", "--python", "3.13"),
        *("--with", "tensorflow-decision-forests"),
    ),
    "no plan: Keras": (
        *("--for", "macos-15-arm64", "--gpu", "--keras", "<2.13"),
        *("--with", "tensorflow-text>=2.12"),
    ),
    "no plan: said by uv": (
        *("--for", "macos-15-arm64", "--python", "3.10"),
        *("--tensorflow", ">=2.18", "--with", "numba==0.56.4"),
    ),
}
"""What is planned, by what it is called in the table; the first is what others are held against."""

PROGRAM = """
import os
from tfmac.environments import uv
uv._packaged_uv = lambda: os.environ["STAND_IN"]
from tfmac.cli import main
main()
"""
"""The program with another uv."""

STAND_IN = """#!{python}
import json, os, shutil, sys, tempfile
arguments = sys.argv[1:]
if "compile" in arguments:
    folder = tempfile.mkdtemp(dir=os.environ["CALLS"])
    given = sys.stdin.read()
    for place, argument in enumerate(arguments):
        if argument.endswith(".txt") and os.path.isfile(argument):
            arguments[place] = shutil.copy(argument, folder)
    call = {{"arguments": arguments, "given": given, "variables": dict(os.environ)}}
    with open(os.path.join(folder, "call.json"), "w") as file:
        json.dump(call, file)
    with open(os.path.join(folder, "given"), "w+") as file:
        file.write(given)
        file.flush()
        file.seek(0)
        os.dup2(file.fileno(), 0)
        os.execv({uv!r}, [{uv!r}, *arguments])
os.execv({uv!r}, [{uv!r}, *arguments])
"""
"""A uv that writes down what it is asked."""


class Call(NamedTuple):
    """One call of uv, as it was written down."""

    command: list[str]
    given: str
    variables: dict[str, str]


def recorded(options: tuple[str, ...], uv: str, work: Path) -> list[Call]:
    """Run a command through the stand-in; give its calls."""
    calls = Path(tempfile.mkdtemp(dir=work))
    stand_in = calls / "uv"
    stand_in.write_text(STAND_IN.format(python=sys.executable, uv=uv), encoding="utf-8")
    stand_in.chmod(0o755)
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "plan", *options],
        env={**os.environ, "STAND_IN": str(stand_in), "CALLS": str(calls)},
        capture_output=True,
        check=False,
    )
    found = [json.loads(one.read_text(encoding="utf-8")) for one in calls.glob("*/call.json")]
    return [Call([uv, *one["arguments"]], one["given"], one["variables"]) for one in found]


def seconds(
    command: list[str], *, given: str = "", variables: Optional[dict[str, str]] = None
) -> float:
    """Wall seconds of one run, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(
        command,
        input=given,
        env=variables,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - started


def seconds_of_calls(calls: list[Call]) -> float:
    """Wall seconds of calls of uv, one after the other."""
    return sum(seconds(one.command, given=one.given, variables=one.variables) for one in calls)


def main() -> None:
    """Write the calls down, run all rounds and print the table."""
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    from uv import find_uv_bin  # noqa: PLC0415 (the help is shown without it)

    tfmac = str(Path(sys.executable).with_name("tfmac"))
    with tempfile.TemporaryDirectory() as folder:
        calls = {
            name: recorded(options, os.fspath(find_uv_bin()), Path(folder))
            for name, options in COMMANDS.items()
        }
        whole: dict[str, list[float]] = {name: [] for name in COMMANDS}
        bare: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(ROUNDS):
            for name, options in COMMANDS.items():
                whole[name].append(seconds([tfmac, "plan", *options]))
                bare[name].append(seconds_of_calls(calls[name]))
    first = next(iter(COMMANDS))
    heads = ("calls", "median s", "its uv s", "to its uv", f"to {first}'s uv")
    print(f"{'command':28} {heads[0]:>5} {heads[1]:>9} {heads[2]:>9} {heads[3]:>10} {heads[4]:>13}")
    for name in COMMANDS:
        to_own = "-"
        if calls[name]:
            ratios = [one / other for one, other in zip(whole[name], bare[name])]
            to_own = f"{statistics.median(ratios):.2f}"
        to_first = statistics.median(one / uv for one, uv in zip(whole[name], bare[first]))
        print(
            f"{name:28} {len(calls[name]):5} {statistics.median(whole[name]):9.3f} "
            f"{statistics.median(bare[name]):9.3f} {to_own:>10} {to_first:13.2f}"
        )


if __name__ == "__main__":
    main()
