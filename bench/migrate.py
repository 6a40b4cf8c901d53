"""Time the migration of a large HDF5 file against Keras's own load and save, in fresh processes.

    python bench/migrate.py --old ENVIRONMENT/bin/python --new ENVIRONMENT/bin/python \
        [--megabytes 500] [--rounds 3]

``--old`` has a Keras 2, which makes the file and saves it as ``.keras`` of its own; ``--new`` has
a Keras 3, which loads the file and saves it. The three are run in turn. Prints medians and ratios,
and the peak memory of each beside the largest array.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_MAKE = """
import sys
import tensorflow as tf
path, units = sys.argv[1], int(sys.argv[2])
layers = [tf.keras.layers.Dense(units, input_shape=(units,)) for _ in range(4)]
tf.keras.Sequential(layers).save(path, save_format="h5")
"""
_SAVE = """
import sys
import tensorflow as tf
tf.keras.models.load_model(sys.argv[1]).save(sys.argv[2])
"""
_MIGRATE = """
import sys
from packaging.version import Version
from tfmac.migration.files import migrate_file
made = migrate_file(sys.argv[1], sys.argv[2], keras=Version(sys.argv[3]), force=True)
assert made.model.migrated, made.model
"""
# Runs the rest and prints the most memory that it, or a process that it started, had.
_MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_UNIT = 1024 if sys.platform != "darwin" else 1


class Run(NamedTuple):
    """One process: how long it took, and how much memory it or one of its children had at most."""

    seconds: float
    megabytes: float


def run(command: "list[str]") -> Run:
    """Run a command to its end; raise when it fails."""
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-S", "-c", _MEASURE, *command], check=True, capture_output=True
    )
    seconds = time.monotonic() - started
    return Run(seconds, int(ended.stdout) * _UNIT / 1e6)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--old", required=True, help="Python with a Keras 2")
    parser.add_argument("--new", required=True, help="Python with a Keras 3")
    parser.add_argument("--keras", default="3.15.1", help="the release that is migrated to")
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Make the file, then run the three in turn."""
    source = folder / "model.h5"
    units = int((options.megabytes * 1e6 / 4 / 4) ** 0.5)
    subprocess.run(
        [options.old, "-c", _MAKE, str(source), str(units)], check=True, capture_output=True
    )
    commands = {
        "tfmac migrate": [
            sys.executable,
            "-c",
            _MIGRATE,
            str(source),
            str(folder / "ours.keras"),
            options.keras,
        ],
        "Keras 3, load and save": [options.new, "-c", _SAVE, str(source), str(folder / "3.keras")],
        "Keras 2, load and save": [options.old, "-c", _SAVE, str(source), str(folder / "2.keras")],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(options.rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
    ours = statistics.median(one.seconds for one in runs["tfmac migrate"])
    largest = units * units * 4 / 1e6
    print(f"{source.stat().st_size / 1e6:.0f} MB, the largest array {largest:.0f} MB")
    for name, found in runs.items():
        seconds = statistics.median(one.seconds for one in found)
        memory = max(one.megabytes for one in found)
        print(f"{name:24} {seconds:6.2f} s  {seconds / ours:5.2f} x  at most {memory:.0f} MB")


if __name__ == "__main__":
    raise SystemExit(main())
