"""Time the first question to the knowledge: ``python bench/knowledge.py``.

Prints, for a question about one package's releases and for one ABI verdict, the milliseconds of the
first answer in a fresh process, after start-up, over several processes. Needs tfmac installed.
Nothing is asserted.
"""

import statistics
import subprocess
import sys

PROCESSES = 15

QUESTIONS = {
    "releases of a package": (
        """
from tfmac.knowledge import releases
from tfmac.schema.platform import Target
target = Target.parse("macos-14-arm64")
""",
        'releases.has_wheel(releases.release("tensorflow", "2.18.0"), target, "3.12")',
    ),
    "ABI verdict": (
        "from tfmac.knowledge import extension_abi",
        'extension_abi.verdict("tensorflow-metal", "1.2.0", "tensorflow", "2.18.0")',
    ),
    "history of a name": (
        "from tfmac.knowledge import api_history",
        'api_history.look_up("tf.keras.utils.np_utils")',
    ),
}
"""What is asked, by what it is called in the table: the start-up and the question."""

SCRIPT = """
import time
{start_up}
started = time.perf_counter()
{question}
print((time.perf_counter() - started) * 1000)
"""


def milliseconds(start_up: str, question: str) -> float:
    """Ask once in a fresh process."""
    script = SCRIPT.format(start_up=start_up, question=question)
    command = [sys.executable, "-c", script]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Ask in turn, so that a machine that slows down slows all questions, and print the table."""
    if len(sys.argv) != 1:
        sys.exit(__doc__)
    rounds = [
        {name: milliseconds(*parts) for name, parts in QUESTIONS.items()} for _ in range(PROCESSES)
    ]
    print(f"{'first question':22} {'median ms':>9} {'fastest':>8} {'slowest':>8}")
    for name in QUESTIONS:
        taken = [one[name] for one in rounds]
        print(f"{name:22} {statistics.median(taken):9.1f} {min(taken):8.1f} {max(taken):8.1f}")


if __name__ == "__main__":
    main()
