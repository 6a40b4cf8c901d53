"""Writes what the instructions of Python's releases are called: asks each interpreter.

python -m tools.build_instruction_names PYTHON3.6 PYTHON3.7 PYTHON3.8 ...
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from tools.asking_pythons import write_answers

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


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    return write_answers(_QUESTION, InstructionNames, _record, OUTPUT, arguments)


def _record(releases: dict[str, InstructionNames]) -> PythonInstructions:
    return PythonInstructions(schema_version=SCHEMA_VERSION, releases=releases)


if __name__ == "__main__":
    sys.exit(main())
