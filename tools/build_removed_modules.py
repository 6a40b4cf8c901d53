"""Writes which modules left Python's standard library: compares what interpreters say of it.

    python tools/build_removed_modules.py PYTHON3.10 PYTHON3.11 PYTHON3.12 ...

Each interpreter is asked for ``sys.stdlib_module_names`` (Python 3.10 and later have it). Private
modules are left out.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

import msgspec

from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.limits import RemovedModules

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "removed_modules.json"
_QUESTION = (
    "import json, platform, sys; "
    "print(json.dumps([platform.python_version(), sorted(sys.stdlib_module_names)]))"
)


class Library(NamedTuple):
    """The standard library of one interpreter."""

    version: str
    modules: frozenset[str]

    @property
    def minor(self) -> str:
        """The version without its patch number."""
        return ".".join(self.version.split(".")[:2])


def asked(python: str) -> Library:
    """Ask an interpreter."""
    answer = subprocess.run([python, "-I", "-c", _QUESTION], capture_output=True, check=True)
    version, modules = json.loads(answer.stdout)
    return Library(version, frozenset(name for name in modules if not name.startswith("_")))


def removed(libraries: Sequence[Library]) -> RemovedModules:
    """Compare each library with the one before it."""
    ordered = sorted(libraries, key=lambda one: tuple(map(int, one.minor.split("."))))
    return RemovedModules(
        schema_version=SCHEMA_VERSION,
        compared={one.minor: one.version for one in ordered},
        removed={
            later.minor: tuple(sorted(earlier.modules - later.modules))
            for earlier, later in zip(ordered, ordered[1:])
            if earlier.modules - later.modules
        },
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    record = removed([asked(python) for python in options.pythons])
    options.output.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
