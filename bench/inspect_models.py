"""Time ``tfmac inspect`` against ``keras.models.load_model``, on large models.

    python bench/inspect_models.py --python ENVIRONMENT/bin/python [--megabytes 500] [--rounds 3]

The environment has TensorFlow. It makes the files, and loads them, each time in a fresh process,
in turn with ``tfmac inspect`` and with a bare walk by h5py. Prints medians and ratios, the peak
memory, and what a file with a tenth of the bytes takes.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_MAKE = """
import sys
import keras
path, units = sys.argv[1], int(sys.argv[2])
layers = [keras.layers.Dense(units) for _ in range(4)]
keras.Sequential([keras.Input((units,)), *layers]).save(path)
"""
_LOAD = """
import sys
import keras
keras.models.load_model(sys.argv[1])
"""
_WALK = """
import sys
import h5py
h5py.File(sys.argv[1], "r").visititems(lambda name, one: None)
"""
_INSPECT = "from tfmac.cli import main; main()"
_READER = "tensorflow==2.21.0"


class Run(NamedTuple):
    """One process: how long it took, and how much memory it and its children had at most."""

    seconds: float
    megabytes: float


def run(command: "list[str]") -> Run:
    """Run a command to its end; raise when it fails."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit(f"{command[:3]} ended with {status}")
    return Run(seconds, usage.ru_maxrss / 1024)


def inspected(path: Path) -> "list[str]":
    """Give the command that inspects a file."""
    return [sys.executable, "-c", _INSPECT, "inspect", str(path), "--reader", _READER]


def measured(commands: "dict[str, list[str]]", rounds: int) -> "dict[str, Run]":
    """Run commands in turn; give the median seconds and the largest memory of each."""
    for command in commands.values():
        run(command)
    seen: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seen[name].append(run(command))
    return {
        name: Run(
            statistics.median(one.seconds for one in runs), max(one.megabytes for one in runs)
        )
        for name, runs in seen.items()
    }


def main() -> None:
    """Make the files and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".h5", ".keras"):
            _compare(Path(folder), suffix, options)


def _compare(folder: Path, suffix: str, options: argparse.Namespace) -> None:
    large, small = folder / f"large{suffix}", folder / f"small{suffix}"
    for path, megabytes in ((large, options.megabytes), (small, options.megabytes / 10)):
        units = int((megabytes * 1_000_000 / 4 / 4) ** 0.5)
        subprocess.run([options.python, "-c", _MAKE, str(path), str(units)], check=True)
    commands = {
        "load_model": [options.python, "-c", _LOAD, str(large)],
        "inspect": inspected(large),
        "inspect, a tenth of the bytes": inspected(small),
    }
    if suffix == ".h5":
        commands["bare walk with h5py"] = [sys.executable, "-c", _WALK, str(large)]
    runs = measured(commands, options.rounds)
    inspect = runs["inspect"].seconds
    for name, one in runs.items():
        ratio = f"{one.seconds / inspect:6.2f} x inspect"
        print(f"{suffix:7} {name:30} {one.seconds:7.2f} s {ratio} {one.megabytes:7.0f} MB")
    large.unlink()


if __name__ == "__main__":
    main()
