"""Writes how the releases of Python write instructions: asks each interpreter for its own.

    python -m tools.build_byte_code PYTHON3.6 PYTHON3.7 PYTHON3.8 ...

An interpreter has to be CPython 3.6 or later: before, instructions were not all two bytes long.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.byte_code import ByteCode, Instructions
from tools import asking_pythons

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "byte_code.json"
# Where the lowest bits of an argument are flags is told by ``dis`` in words only, so it is seen:
# a function with one such access is compiled, and its argument compared with the name's place.
_QUESTION = """
import dis, json, opcode, platform
known = {n: c for n, c in opcode.opmap.items() if c < 256 and not n.startswith("INSTRUMENTED")}
caches = getattr(opcode, "_inline_cache_entries", None) or {}
if not isinstance(caches, dict):
    caches = {opcode.opname[c]: n for c, n in enumerate(caches)}
samples = ["lambda: (a, b, c)", "lambda a, b, c: (a.a, b.b, c.c)", "lambda a, b, c: (a.a(), b.b())",
           "class A:\\n def f(self):\\n  return super().a, super().b, super().c"]
shifts, named = {}, set(opcode.hasname)
def walk(code):
    for one in dis.get_instructions(code):
        if one.opcode in named and one.arg is not None and one.argval in code.co_names:
            place = code.co_names.index(one.argval)
            for bits in (0, 1, 2):
                if place and one.arg >> bits == place:
                    shifts[str(one.opcode)] = bits
                    break
    for one in code.co_consts:
        if hasattr(one, "co_code"):
            walk(one)
for sample in samples:
    walk(compile(sample, "sample", "exec"))
print(json.dumps({
    "python": platform.python_version(),
    "known": sorted(known.values()),
    "caches": {str(known[n]): c for n, c in sorted(caches.items()) if c and n in known},
    "constants": sorted(c for c in opcode.hasconst if c in known.values()),
    "names": sorted(c for c in named if c in known.values()),
    "shifts": {c: n for c, n in sorted(shifts.items()) if n},
    "free": sorted(known[n] for n in ("LOAD_GLOBAL", "LOAD_NAME") if n in known),
    "extended": known["EXTENDED_ARG"],
    "resume": known.get("RESUME", -1),
}))
"""


def asked(python: str) -> Instructions:
    """Ask an interpreter."""
    return asking_pythons.asked(python, _QUESTION, Instructions)[1]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    return asking_pythons.write_answers(_QUESTION, Instructions, _record, OUTPUT, arguments)


def _record(releases: dict[str, Instructions]) -> ByteCode:
    return ByteCode(schema_version=SCHEMA_VERSION, releases=releases)


if __name__ == "__main__":
    sys.exit(main())
