"""Verdicts are compared with what releases did: over a corpus, and over a measurement at work."""

import json
from pathlib import Path

import msgspec
import pytest
from tools.model_matrix.environments import RELEASES
from tools.model_matrix.evaluate import READERS, compared, main
from tools.model_matrix.records import (
    Attempt,
    File,
    Journal,
    Read,
    Record,
    Written,
    recorded,
    write_matrix,
)

from builders import keras_files as build

FILES = (File(format="h5", file="m.h5"), File(format="json", file="m.json"))
RECORDS: tuple[Record, ...] = (
    Written(writer="tf-2.9", model="m", half=False, files=FILES),
    Read(
        reader="tf-2.15",
        path="tf-2.9/m.h5",
        attempts=(Attempt(way="plain", exc="ValueError", message="no"),),
    ),
    Read(
        reader="tf-2.15",
        path="tf-2.9/m.json",
        attempts=(Attempt(way="plain", difference=0.0),),
    ),
)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Make the directory of a measurement."""
    folder = tmp_path / "files" / "tf-2.9"
    folder.mkdir(parents=True)
    build.write_whole(folder / "m.h5")
    (folder / "m.json").write_text(json.dumps(build.SEQUENTIAL))
    journal = Journal(tmp_path / "journal.jsonl")
    for record in RECORDS:
        journal.add(record)
    return tmp_path


def outcomes(folder: Path) -> list[tuple[str, str]]:
    return [(one.row["path"], one.outcome) for one in compared(folder, set(), set())]


WANTED = [("tf-2.9/m.h5", "false loads"), ("tf-2.9/m.json", "right")]


def test_a_measurement_is_evaluated_while_it_is_at_work(work: Path) -> None:
    """The last line of its journal may be half written; nobody but the measurement mends it."""
    journal = work / "journal.jsonl"
    with journal.open("ab") as stream:
        stream.write(b'{"type":"read","rea')
    before = journal.read_bytes()

    assert outcomes(work) == WANTED
    assert journal.read_bytes() == before
    assert recorded(journal) == list(RECORDS)


def test_a_matrix_without_a_journal_is_evaluated(work: Path) -> None:
    write_matrix(RECORDS, work / "matrix.jsonl.gz")
    (work / "journal.jsonl").unlink()

    assert outcomes(work) == WANTED


def test_the_report_counts_and_names_disagreements(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(work)])

    printed = capsys.readouterr().out
    assert "all      2 rows,  50.00 % right, {'false loads': 1, 'right': 1}" in printed
    assert "false loads: tf-2.9/m.h5 in tf-2.15: fails, judged loads" in printed


def test_a_reader_or_a_writer_can_be_chosen(work: Path) -> None:
    assert not list(compared(work, {"tf-2.3"}, set()))
    assert not list(compared(work, set(), {"tf-2.3"}))
    assert len(list(compared(work, {"tf-2.15"}, {"tf-2.9"}))) == 2


def test_every_release_is_a_reader() -> None:
    assert {one.name: one.reader for one in RELEASES}.items() <= READERS.items()
    assert all(msgspec.json.encode(one) for one in READERS)
