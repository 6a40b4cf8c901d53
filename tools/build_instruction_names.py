"""Writes what the instructions of Python's releases are called: asks each interpreter.

python tools/build_instruction_names.py PYTHON3.6 PYTHON3.7 PYTHON3.8 ...
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.instruction_names import InstructionNames, PythonInstructions

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "python_instructions.json"
# By how far the number of a comparison is shifted is seen in one that is compiled.
_QUESTION = """
import dis, json, opcode, platform
step = next(one for one in dis.get_instructions(compile("a >= b", "sample", "eval"))
            if one.opname == "COMPARE_OP")
place = opcode.cmp_op.index(">=")
shift = next(bits for bits in (0, 4, 5) if step.arg >> bits == place)
print(json.dumps({
    "python": platform.python_version(),
    "names": {str(c): n for n, c in opcode.opmap.items()
              if c < 256 and not n.startswith("INSTRUMENTED")},
    "operators": [sign for _, sign in getattr(opcode, "_nb_ops", ())],
    "comparisons": list(opcode.cmp_op),
    "comparison_shift": shift,
}))
"""


def asked(python: str) -> InstructionNames:
    """Ask an interpreter."""
    answer = subprocess.run([python, "-I", "-c", _QUESTION], capture_output=True, check=True)
    return msgspec.convert(json.loads(answer.stdout), InstructionNames)


def minor(release: InstructionNames) -> tuple[int, int]:
    """Give the first two numbers of a release."""
    first, second = release.python.split(".")[:2]
    return int(first), int(second)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    releases = sorted((asked(python) for python in options.pythons), key=minor)
    record = PythonInstructions(
        schema_version=SCHEMA_VERSION,
        releases={"{}.{}".format(*minor(one)): one for one in releases},
    )
    options.output.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=0) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
