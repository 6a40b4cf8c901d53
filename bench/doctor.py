"""Time ``tfmac doctor`` against its peers: ``python bench/doctor.py ENVIRONMENT``.

ENVIRONMENT is a virtual environment with TensorFlow, pip and tfmac installed in it, for example:

    python3.13 -m venv /tmp/tf
    /tmp/tf/bin/pip install tensorflow==2.21.0 .
    python bench/doctor.py /tmp/tf

All commands run in turn, round by round, so that a machine that slows down slows all of them; what
is printed are medians of wall seconds, and ratios taken round by round. Nothing is asserted.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 9


def commands(environment: Path) -> dict[str, list[str]]:
    """The commands that are compared, by what they are called in the table."""
    binaries = environment / "bin"
    tfmac, python = str(binaries / "tfmac"), str(binaries / "python")
    return {
        "pip check": [python, "-m", "pip", "check"],
        "doctor": [tfmac, "doctor", "--env", str(environment)],
        "doctor --skip files": [tfmac, "doctor", "--env", str(environment), "--skip", "files"],
        "import tensorflow": [python, "-c", "import tensorflow"],
        "tfmac --version": [tfmac, "--version"],
    }


def seconds(command: list[str]) -> float:
    """Wall seconds of one run, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    """Run all rounds and print the table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    chosen = commands(Path(os.path.abspath(sys.argv[1])))
    for command in chosen.values():
        seconds(command)
    rounds = [{name: seconds(command) for name, command in chosen.items()} for _ in range(ROUNDS)]
    print(f"{'command':22} {'median s':>9} {'to pip check':>13} {'to import':>10}")
    for name in chosen:
        median = statistics.median(one[name] for one in rounds)
        to_pip = statistics.median(one[name] / one["pip check"] for one in rounds)
        to_import = statistics.median(one[name] / one["import tensorflow"] for one in rounds)
        print(f"{name:22} {median:9.3f} {to_pip:13.2f} {to_import:10.3f}")


if __name__ == "__main__":
    main()
