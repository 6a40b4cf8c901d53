"""What tools share that ask interpreters of several releases one question and keep the answers."""

import argparse
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Optional, TypeVar

import msgspec

Answer = TypeVar("Answer", bound=msgspec.Struct)


def write_answers(
    question: str,
    kind: type[Answer],
    record: Callable[[dict[str, Answer]], msgspec.Struct],
    output: Path,
    arguments: Optional[Sequence[str]],
) -> int:
    """Ask the interpreters of a command line; write their answers by minor release.

    ``question`` is a program that prints JSON of the fields of ``kind``, ``python`` among them.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--output", type=Path, default=output)
    options = parser.parse_args(arguments)
    answers = {}
    for python in options.pythons:
        version, answer = asked(python, question, kind)
        answers[_minor(version)] = answer
    releases = {f"{one[0]}.{one[1]}": answers[one] for one in sorted(answers)}
    written = msgspec.json.format(msgspec.json.encode(record(releases)), indent=0)
    options.output.write_bytes(written + b"\n")
    return 0


def asked(python: str, question: str, kind: type[Answer]) -> tuple[str, Answer]:
    """Ask an interpreter; give its version and its answer."""
    said = subprocess.run([python, "-I", "-c", question], capture_output=True, check=True)
    fields = json.loads(said.stdout)
    return fields["python"], msgspec.convert(fields, kind)


def _minor(version: str) -> tuple[int, int]:
    first, second = version.split(".")[:2]
    return int(first), int(second)
