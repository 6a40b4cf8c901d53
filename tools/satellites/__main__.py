"""Measures and derives: ``python -m tools.satellites VERB --work DIR``."""

import argparse
import fcntl
import os
import sys
import sysconfig
import time
from contextlib import closing
from pathlib import Path
from typing import Optional

import msgspec
from tools.combinations.available import Available
from tools.combinations.settings import SETTINGS, minor
from tools.satellites.measuring import Measuring
from tools.satellites.programs import USES
from tools.satellites.records import JOURNAL, Journal
from tools.satellites.table import encoded, table

from tfmac.curation.index import Index
from tfmac.schema.satellites import SatelliteTable

ROOT = Path(__file__).resolve().parent.parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "satellites.json"
_FIRST = (2, 9)


def main(arguments: Optional[list[str]] = None) -> int:
    """Do what the verb says; 2 when another run is at work in the directory."""
    chosen = _arguments(arguments)
    work: Path = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        return int(chosen.verb(chosen, work))
    except BlockingIOError:
        print(f"{work}: another run is at work there", file=sys.stderr)
        return 2


def _arguments(arguments: Optional[list[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    verbs = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--work", type=Path, required=True, help="environment and journal")
    common.add_argument("--index", help="package index; that of uv or pip by default")
    measure = verbs.add_parser("measure", parents=[common], help="run what is not known yet")
    measure.add_argument("--tensorflow", action="append", help="only this minor (repeatable)")
    measure.add_argument("--package", action="append", help="only this package (repeatable)")
    measure.add_argument("--minutes", type=float, default=600.0, help="begin nothing after this")
    measure.set_defaults(verb=_measure)
    derive = verbs.add_parser("derive", parents=[common], help="write the table")
    derive.add_argument("--output", type=Path, default=OUTPUT)
    derive.set_defaults(verb=_derive)
    return parser.parse_args(arguments)


def _measure(chosen: argparse.Namespace, work: Path) -> int:
    deadline = time.monotonic() + chosen.minutes * 60
    packages = [one for one in USES if not chosen.package or one in chosen.package]
    with (work / "lock").open("wb") as lock, closing(Index(chosen.index)) as index:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        measuring = Measuring(work, Available(index), deadline)
        for tensorflow in _releases(chosen.tensorflow):
            measuring.visit(tensorflow, packages)
        out = measuring.out()
    if out:
        print(f"stopped: {out}", file=sys.stderr)
    return 1 if out else 0


def _derive(chosen: argparse.Namespace, work: Path) -> int:
    output: Path = chosen.output
    previous = None
    if output.exists():
        previous = msgspec.json.decode(output.read_bytes(), type=SatelliteTable)
    with closing(Index(chosen.index)) as index:
        measuring = Measuring(work, Available(index), time.monotonic())
        # Of a search that was cut off it is not known whether an older release works.
        records = [
            one
            for one in Journal(work / JOURNAL).records
            if measuring.finished(one.tensorflow, one.package)
        ]
    made = table(previous, records, sysconfig.get_platform())
    partial = output.with_name(f"{output.name}.part")
    partial.write_bytes(encoded(made))
    os.replace(partial, output)
    print(f"{len(made.satellites)} rows", file=sys.stderr)
    return 0


def _releases(minors: Optional[list[str]]) -> list[str]:
    """List the releases that are run, the newest first."""
    names = [one for one in SETTINGS if minor(one) >= _FIRST]
    if minors:
        names = [one for one in names if ".".join(map(str, minor(one))) in minors]
    return sorted(names, key=minor, reverse=True)


if __name__ == "__main__":
    sys.exit(main())
