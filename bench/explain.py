"""Time ``tfmac explain`` against ``tfmac --version``: ``python bench/explain.py TFMAC``.

TFMAC is the program of an environment with tfmac in it. A typical log is a traceback, a long one
5 MB of training with a traceback at its end. A traceback is explained in the situations that differ
in how the environment at hand is found: as it is here, with an activated environment (that of
TFMAC), and with an interpreter first on PATH that is in no environment. All commands run in turn,
round by round; what is printed are medians of wall seconds. Nothing is asserted.
"""

import os
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


def seconds(command: list[str], variables: dict[str, str], folder: str) -> float:
    """Wall seconds of one run, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **variables},
        cwd=folder,
        check=False,
    )
    return time.perf_counter() - started


def main() -> None:
    """Run all rounds and print the table."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tfmac = os.path.abspath(sys.argv[1])
    active = {"VIRTUAL_ENV": os.path.dirname(os.path.dirname(tfmac))}
    plain = {"PATH": os.path.join(sys.base_prefix, "bin") + os.pathsep + os.environ["PATH"]}
    with tempfile.TemporaryDirectory() as folder:
        typical, long = Path(folder, "typical.txt"), Path(folder, "long.txt")
        typical.write_text(TRACEBACK, encoding="utf-8")
        long.write_text(long_log(), encoding="utf-8")
        explain = [tfmac, "explain", str(typical)]
        chosen: dict[str, tuple[list[str], dict[str, str]]] = {
            "tfmac --version": ([tfmac, "--version"], {}),
            "explain, a traceback": (explain, {}),
            "  activated environment": (explain, active),
            "  plain interpreter": (explain, plain),
            "explain, 5 MB": ([tfmac, "explain", str(long)], {}),
        }
        rounds = [
            {name: seconds(*one, folder) for name, one in chosen.items()} for _ in range(ROUNDS)
        ]
    for name in chosen:
        median = statistics.median(one[name] for one in rounds)
        over = statistics.median(one[name] - one["tfmac --version"] for one in rounds)
        print(f"{name:24} {median:7.3f} s  {over:+7.3f} s over tfmac --version")


if __name__ == "__main__":
    main()
