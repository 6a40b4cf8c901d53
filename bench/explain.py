"""Time ``tfmac explain`` against ``tfmac --version``: ``python bench/explain.py TFMAC``.

TFMAC is the program of an environment with tfmac in it. A typical log is a traceback, a long one
5 MB of training with a traceback at its end. All commands run in turn, round by round; what is
printed are medians of wall seconds. Nothing is asserted.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
TRACEBACK = """Traceback (most recent call last):
  File "/Users/ada/tf/lib/python3.11/site-packages/h5py/__init__.py", line 25, in <module>
    from . import _errors
ValueError: numpy.dtype size changed, may indicate binary incompatibility. \
Expected 96 from C header, got 88 from PyObject
"""


def long_log(megabytes: int = 5) -> str:
    """Write lines of training that all differ, and an error at the end."""
    draw = random.Random(1)  # noqa: S311 - words, no secrets
    words = ["loss", "step", "batch", "saved", "epoch", "restored", "shard", "cache"]
    lines = []
    size = 0
    while size < megabytes * 1_000_000:
        line = " ".join(draw.choices(words, k=8)) + f" {draw.random():.6f}"
        lines.append(line)
        size += len(line) + 1
    return "\n".join([*lines, TRACEBACK])


def seconds(command: list[str]) -> float:
    """Wall seconds of one run, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    """Run all rounds and print the table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tfmac = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        typical, long = Path(folder, "typical.txt"), Path(folder, "long.txt")
        typical.write_text(TRACEBACK, encoding="utf-8")
        long.write_text(long_log(), encoding="utf-8")
        chosen = {
            "tfmac --version": [tfmac, "--version"],
            "explain, a traceback": [tfmac, "explain", str(typical)],
            "explain, 5 MB": [tfmac, "explain", str(long)],
        }
        rounds = [
            {name: seconds(command) for name, command in chosen.items()} for _ in range(ROUNDS)
        ]
    for name in chosen:
        median = statistics.median(one[name] for one in rounds)
        over = statistics.median(one[name] - one["tfmac --version"] for one in rounds)
        print(f"{name:22} {median:7.3f} s  {over:+7.3f} s over tfmac --version")


if __name__ == "__main__":
    main()
