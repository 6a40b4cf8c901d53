"""Migrates a corpus of model files and lets real releases of Keras compute with what came out.

    python tools/migration_table.py CORPUS --keras 3.15.1 --python PYTHON [--only TEXT]

``CORPUS`` has a folder for each writer with ``MODEL.h5``, ``MODEL.keras``, ``MODEL.savedmodel``,
``MODEL_ckpt``, ``MODEL_weights.h5``, ``MODEL.weights.h5`` and ``MODEL.json``, and beside them
``MODEL_in`` and ``MODEL_out`` as the writer computed them. ``PYTHON`` has the Keras that is
migrated to. One process of it loads all files; the table says how far each is from the original.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import msgspec

from tfmac.migration.carrying_out import carry_out
from tfmac.migration.messages import Request

LOADER = Path(__file__).resolve().parent / "migration_table_script.py"
ENDINGS = ("_hdf5.keras", "_weights.h5", ".weights.h5", "_ckpt", ".savedmodel", ".keras", ".h5")
WEIGHTS_ALONE = ("weights.h5", "_ckpt")


class Row(msgspec.Struct, kw_only=True):
    """One file of the corpus."""

    file: str
    model: str
    output: str
    migrated: bool = False
    why: str = ""
    difference: Optional[float] = None
    tolerance: float = 1e-4
    error: str = ""

    @property
    def verdict(self) -> str:
        """Say in a word what became of it."""
        if not self.migrated:
            return "not migrated"
        if self.error:
            return "does not load"
        if self.difference is None:
            return "nothing to compare with"
        return "same" if self.difference <= self.tolerance else "differs"


def files(corpus: Path, only: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give every model file with the name of its model, both with their writer."""
    for writer in sorted(corpus.iterdir()):
        for path in sorted(writer.iterdir()) if writer.is_dir() else ():
            ending = next((one for one in ENDINGS if path.name.endswith(one)), None)
            name = f"{writer.name}/{path.name}"
            if ending is not None and (not only or any(one in name for one in only)):
                yield name, f"{writer.name}/{path.name[: -len(ending)]}"


def migrated(corpus: Path, name: str, model: str, keras: str, folder: Path) -> Optional[Row]:
    """Migrate one file; None for weights without an architecture."""
    source = corpus / name
    if name.endswith("_ckpt"):
        index = next(source.glob("*.index"), None)
        if index is None:
            return None
        source = index
    architecture = corpus / f"{model}.json" if name.endswith(WEIGHTS_ALONE) else None
    if architecture is not None and not architecture.exists():
        return None
    row = Row(file=name, model=model, output=str(folder / f"{name.replace('/', '--')}.keras"))
    request = Request(
        source=os.fsencode(source),
        output=os.fsencode(row.output),
        keras=keras,
        architecture=None if architecture is None else os.fsencode(architecture),
        force=True,
    )
    answer = carry_out(request).model
    if answer is not None:
        row.migrated = answer.migrated
        reasons = [f"{one.layer}: {one.reason}" for one in answer.untranslated]
        row.why = "; ".join(reasons or [one.statement for one in answer.problems])
    return row


def compared(rows: Sequence[Row], corpus: Path, python: str, folder: Path) -> list[Row]:
    """Let the Keras of an interpreter load and compute with all that was migrated."""
    plan = folder / "plan.json"
    plan.write_bytes(msgspec.json.encode(rows))
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([python, str(LOADER), str(corpus), str(plan)], check=True, env=variables)
    return msgspec.json.decode(plan.read_bytes(), type=list[Row])


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    """Write a line for each writer and format, then each file that is not the same."""
    yield "| Writer | Files | Same | Largest difference | Differ | Do not load | Not migrated |"
    yield "|---|---|---|---|---|---|---|"
    for writer in sorted({one.file.partition("/")[0] for one in rows}):
        own = [one for one in rows if one.file.startswith(f"{writer}/")]
        counts = Counter(one.verdict for one in own)
        largest = max((one.difference or 0.0 for one in own if one.verdict == "same"), default=0.0)
        yield (
            f"| {writer} | {len(own)} | {counts['same']} | {largest:.1e} | {counts['differs']} "
            f"| {counts['does not load']} | {counts['not migrated']} |"
        )
    yield ""
    yield "| File | | Why |"
    yield "|---|---|---|"
    for one in rows:
        if one.verdict != "same":
            why = one.why if not one.migrated else one.error or f"{one.difference}"
            yield f"| {one.file} | {one.verdict} | {why[:160].replace('|', '/')} |"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--keras", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rows", type=Path, help="write the rows as JSON, too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = (
            migrated(options.corpus, file, model, options.keras, folder)
            for file, model in files(options.corpus, options.only)
        )
        rows = [one for one in found if one is not None]
        rows = compared(rows, options.corpus, options.python, folder)
    if options.rows is not None:
        options.rows.write_bytes(msgspec.json.encode(rows))
    sys.stdout.write("\n".join(markdown(rows)) + "\n")
    return 1 if any(one.verdict in {"differs", "does not load"} for one in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
