"""Writes what tensorflow-metal has no kernels for: reads its releases, asks TensorFlow's for names.

    python tools/build_device_limits.py PYTHON ...

``PYTHON`` is an interpreter that has a TensorFlow; several of different releases make the list of
operations complete. The plug-in's releases come from the package index.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.curation.device_limits import Operations, build
from tfmac.curation.index import Index

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "src" / "tfmac" / "knowledge" / "data"
QUESTION = ROOT / "tools" / "device_limits" / "operations_script.py"


def asked(python: str) -> Operations:
    """Ask a TensorFlow for its operations."""
    answer = subprocess.run([python, str(QUESTION)], stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(answer.stdout, type=Operations)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the tool."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--output", default=str(DATA), metavar="DIR")
    options = parser.parse_args(arguments)
    operations = [asked(python) for python in options.pythons]
    with closing(Index()) as index:
        built = build(index, options.output, operations)
    for name, problem in built.skipped.items():
        sys.stderr.write(f"{name} was not read: {problem}\n")
    sys.stderr.write(f"{built.file}: {built.records} records\n")
    return 1 if built.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
