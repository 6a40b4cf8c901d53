"""Times what ``tfmac.device`` costs beside its framework: its import, and entering a scope.

    PYTHON bench/device.py [tensorflow|torch|jax ...]

``PYTHON`` has the frameworks. Both costs are measured in turn with the framework's own in one run:
the import in new processes, of which the medians count, a scope in blocks of a thousand.
"""

import importlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
IMPORTS = 3
BLOCKS = 15
BLOCK = 1000
_NO_CACHE = "PYTHONDONTWRITEBYTECODE"
_IMPORT = """
import sys, time
sys.path.insert(0, {sources!r})
import {framework}
before = time.perf_counter()
from tfmac import device
imported = time.perf_counter()
device.scope, device.best, device.report, device.hide_gpu, device.limits
print(imported - before, time.perf_counter() - imported)
"""


def import_cost(framework: str) -> "tuple[float, float]":
    """Return the seconds of the import after the framework's, and of binding all functions."""
    program = _IMPORT.format(sources=str(SOURCES), framework=framework)
    variables = {name: value for name, value in os.environ.items() if name != _NO_CACHE}
    taken: list[list[float]] = []
    with tempfile.TemporaryDirectory() as cache:
        variables["PYTHONPYCACHEPREFIX"] = cache
        for _ in range(IMPORTS + 1):
            answer = subprocess.run(
                [sys.executable, "-c", program], capture_output=True, check=True, env=variables
            )
            taken.append([float(word) for word in answer.stdout.split()])
    # The first one compiles, as an installer does.
    imported, bound = zip(*taken[1:])
    return statistics.median(imported), statistics.median(bound)


def scope_cost(name: str) -> "tuple[float, float]":
    """Return the seconds of the framework's own scope, and of ours for ``cpu``."""
    from tfmac import device  # noqa: PLC0415
    from tfmac.device import frameworks  # noqa: PLC0415

    used = frameworks.framework(name)
    cpu = frameworks.named_device(used, "cpu")

    def own() -> None:
        with used.scope(cpu):
            pass

    def ours() -> None:
        with device.scope("cpu", framework_name=name):
            pass

    taken: dict[str, list[float]] = {"own": [], "ours": []}
    for number in range(BLOCKS):
        pairs = [("own", own), ("ours", ours)]
        for key, enter in pairs if number % 2 else reversed(pairs):
            before = time.perf_counter()
            for _ in range(BLOCK):
                enter()
            taken[key].append((time.perf_counter() - before) / BLOCK)
    return statistics.median(taken["own"]), statistics.median(taken["ours"])


def main() -> None:
    """Print both costs for each framework."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(SOURCES))
    wanted = sys.argv[1:] or [
        name for name in ("tensorflow", "torch", "jax") if importlib.util.find_spec(name)
    ]
    for name in wanted:
        imported, bound = import_cost(name)
        own, ours = scope_cost(name)
        sys.stdout.write(
            f"{name}: import {imported * 1e3:.1f} ms beyond the framework, all functions "
            f"{bound * 1e3:.1f} ms; scope {ours * 1e6:.1f} us, "
            f"the framework's own {own * 1e6:.1f} us, {(ours - own) * 1e6:.1f} us more\n"
        )


if __name__ == "__main__":
    main()
