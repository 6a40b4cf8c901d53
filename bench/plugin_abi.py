"""Time the ABI check of an installed pair: ``python bench/plugin_abi.py SITE_PACKAGES``.

SITE_PACKAGES is an unpacked macOS arm64 tree with TensorFlow and tensorflow-metal, for example one
that ``uv pip install --target`` makes with ``--python-platform aarch64-apple-darwin``.

Prints the milliseconds of the first call in a fresh process, after start-up, over several
processes.
"""

import statistics
import subprocess
import sys

PROCESSES = 15

SCRIPT = """
import sys, time
from tfmac.observe.installed_images import bind_plugin
from tfmac.schema.platform import Architecture
site = sys.argv[1]
started = time.perf_counter()
binding = bind_plugin(
    site + "/tensorflow-plugins/libmetal_plugin.dylib", site, Architecture.ARM64
)
print((time.perf_counter() - started) * 1000, binding.examined, binding.loads)
"""


def main() -> None:
    """Run the processes and print the median."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, sys.argv[1]], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(PROCESSES)
    ]
    taken = sorted(float(run[0]) for run in runs)
    print(f"imports looked up: {runs[0][1]}, loads: {runs[0][2]}")
    print(
        f"ms: median {statistics.median(taken):.1f}, fastest {taken[0]:.1f}, "
        f"slowest {taken[-1]:.1f}"
    )


if __name__ == "__main__":
    main()
