"""Compares the verdicts over model files with what real releases did: ``--help`` says how.

Run it from the repository: ``python -m tools.model_matrix.evaluate [CORPUS]``. CORPUS may be the
work directory of ``tools.model_matrix measure``, while that is at work too: then the rows are what
its journal has by now.
"""

import argparse
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

import msgspec
from tools.model_matrix.environments import RELEASES
from tools.model_matrix.records import recorded, rows

from tfmac.models.loadability.verdict import judge
from tfmac.observe.model_files import read_model
from tfmac.schema.loadability import Loadability
from tfmac.schema.model_content import Content

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
VERDICTS = {"ok": "loads", "error": "fails", "ok-but-differs": "loads-differently"}
# The environments that read, as the corpus's README lists them, and those that measure anew.
READERS = {
    **{release.name: release.reader for release in RELEASES},
    "w1": "tensorflow==1.15.0,keras==2.2.4",
    "w1t": "tensorflow==1.15.0",
    "w2": "tensorflow==2.3.4",
    "w3": "tensorflow==2.6.5,keras==2.6.0",
    "w4": "tensorflow==2.9.3,keras==2.9.0",
    "w5": "tensorflow==2.12.1,keras==2.12.0",
    "w7": "tensorflow==2.15.1,keras==2.15.0",
    "w8": "tensorflow==2.16.2,keras==3.0.5",
    "w8b": "tensorflow==2.16.2,keras==3.3.3",
    "w10": "tensorflow==2.20.0,keras==3.11.3",
    "w11": "tensorflow==2.21.0,keras==3.15.1",
    "w12": "tensorflow==2.16.2,tf-keras==2.16.0",
    "w13": "keras==3.15.1,torch==2.13.0",
    "w14": "keras==3.15.1,jax==0.12.0",
}


class Compared(NamedTuple):
    """One row of the matrix beside its verdict."""

    row: Mapping[str, Any]
    judged: Loadability

    @property
    def measured(self) -> str:
        """What the release did, in the words of a verdict."""
        return VERDICTS[str(self.row["status"])]

    @property
    def outcome(self) -> str:
        """How verdict and measurement go together."""
        said = self.judged.verdict.value
        if said == self.measured:
            return "right"
        if said == "unknown":
            return "unknown"
        return "false loads" if said == "loads" else "wrong"

    @property
    def remedy(self) -> str:
        """How the remedy goes with the first way that worked."""
        best, text = self.row["best"], self.judged.remedy or ""
        if best is None or self.row["best_status"] != "ok" or best == "plain":
            return "nothing measured"
        wanted = set(best.split(","))
        if wanted > {"compile=False"}:
            wanted -= {"compile=False"}  # the measuring tried the others together with it alone
        return "named" if all(one.partition("(")[0] in text for one in wanted) else "not named"


def compared(corpus: Path, readers: set[str], writers: set[str]) -> Iterator[Compared]:
    """Judge each row of the matrix; empty sets are all."""
    contents: dict[str, Content] = {}
    for row in _rows(corpus):
        if (readers and row["reader"] not in readers) or (writers and row["writer"] not in writers):
            continue
        path = row["path"]
        if path not in contents:
            contents[path] = read_model(corpus / "files" / path)
        yield Compared(row, judge(contents[path], READERS[row["reader"]]))


def _rows(corpus: Path) -> Iterator[Mapping[str, Any]]:
    """Give the rows of a journal, which may go on, else those of a matrix."""
    journal = corpus / "journal.jsonl"
    if journal.exists():
        yield from map(msgspec.structs.asdict, rows(recorded(journal)))
        return
    with gzip.open(corpus / "matrix.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def report(judged: Sequence[Compared]) -> Iterator[str]:
    """Give the lines of the report: figures first, then every disagreement."""
    for key in ("format", "reader", "writer"):
        yield f"by {key}"
        groups: dict[str, Counter[str]] = defaultdict(Counter)
        for one in judged:
            groups[one.row[key]][one.outcome] += 1
        yield from (f"  {name:18} {_figures(groups[name])}" for name in sorted(groups))
    yield f"all {_figures(Counter(one.outcome for one in judged))}"
    yield f"remedies {dict(Counter(one.remedy for one in judged))}"
    for outcome in ("false loads", "wrong", "unknown"):
        for one in judged:
            if one.outcome == outcome:
                row = one.row
                yield (
                    f"{outcome}: {row['path']} in {row['reader']}: {one.measured}, "
                    f"judged {one.judged.verdict.value} ({one.judged.message})"
                )


def _figures(counts: Counter[str]) -> str:
    total = sum(counts.values())
    share = 100 * counts["right"] / total if total else 0.0
    return f"{total:6} rows, {share:6.2f} % right, {dict(counts)}"


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--reader", action="append", default=[], choices=READERS)
    parser.add_argument("--writer", action="append", default=[])
    given = parser.parse_args(arguments)
    for line in report(list(compared(given.corpus, set(given.reader), set(given.writer)))):
        print(line)


if __name__ == "__main__":
    main()
