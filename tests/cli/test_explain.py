"""``tfmac explain``: what it reads, what it says, and how it ends."""

import io
import sys
from pathlib import Path

import pytest

from builders.facts import SITE, distribution, facts, linux
from cli.console import document, tfmac
from tfmac.schema.codec import to_json
from tfmac.schema.facts import Facts

NUMPY = (
    "Traceback (most recent call last):\n"
    f'  File "{SITE}/h5py/__init__.py", line 25, in <module>\n'
    "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject\n"
)
FOREIGN = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 12\n'
MAC = facts(distribution("tensorflow", "2.16.2"), distribution("numpy", "2.0.1"))


def saved(folder: Path, content: Facts) -> Path:
    path = folder / "facts.json"
    path.write_text(to_json(content), encoding="utf-8")
    return path


def logged(folder: Path, text: str) -> Path:
    path = folder / "log.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_error_gets_its_cause_and_commands_for_the_machine(tmp_path: Path) -> None:
    """The commands name the interpreter of the facts and fit its Python."""
    ended = tfmac("explain", logged(tmp_path, NUMPY), "--facts", saved(tmp_path, MAC))

    assert ended.code == 0
    assert ended.out.startswith("numpy-2-with-numpy-1-binaries (certain)")
    assert "line 3: ValueError: numpy.dtype size changed" in ended.out
    assert "/env/bin/python -m pip install" in ended.out
    assert "numpy<2" in ended.out


def test_the_document_is_that_of_its_schema(tmp_path: Path) -> None:
    """``--format json`` is validated by the shipped schema."""
    ended = tfmac(
        "explain", logged(tmp_path, NUMPY), "--facts", saved(tmp_path, MAC), "--format", "json"
    )

    report = document(ended.out, "explanation")

    assert [one["cause"] for one in report["causes"]] == ["numpy-2-with-numpy-1-binaries"]
    assert report["causes"][0]["quotes"][0]["line"] == 3
    assert report["written_here"] is True


def test_a_foreign_error_has_no_cause(tmp_path: Path) -> None:
    """What was recognised is said, and how to report it; the exit code is that of a question."""
    ended = tfmac("explain", logged(tmp_path, FOREIGN), "--facts", saved(tmp_path, MAC))

    assert ended.code == 0
    assert ended.out.startswith("no cause found")
    assert "KeyError" in ended.out


def test_the_ranking_is_the_same_for_every_machine(tmp_path: Path) -> None:
    """Facts of another machine shape the advice and change no cause."""
    log = logged(tmp_path, NUMPY.replace(SITE, "/Users/ada/tf/lib/python3.9/site-packages"))
    other = facts(distribution("numpy", "1.26.4"), host=linux())

    found = [
        document(
            tfmac("explain", log, "--facts", saved(tmp_path, one), "--format", "json").out,
            "explanation",
        )["causes"][0]["cause"]
        for one in (MAC, other)
    ]

    assert found == ["numpy-2-with-numpy-1-binaries"] * 2


def test_facts_of_the_very_machine_rule_a_cause_out(tmp_path: Path) -> None:
    """NumPy 1 is installed in the environment whose paths the log shows."""
    here = facts(distribution("numpy", "1.26.4"))

    ended = tfmac(
        "explain", logged(tmp_path, NUMPY), "--facts", saved(tmp_path, here), "--format", "json"
    )

    report = document(ended.out, "explanation")
    assert report["causes"] == []
    assert report["ruled_out"] == ["numpy-2-with-numpy-1-binaries"]


def test_what_is_piped_in_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file the text comes from standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NUMPY.encode("utf-16"))))

    ended = tfmac("explain", "-", "--facts", saved(tmp_path, MAC))

    assert ended.out.startswith("numpy-2-with-numpy-1-binaries")


def test_a_file_that_is_not_there_is_nothing_to_inspect(tmp_path: Path) -> None:
    """Exit code 3, and one line that names it."""
    ended = tfmac("explain", tmp_path / "none.txt")

    assert ended.code == 3
    assert "none.txt" in ended.err


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 5_000, b"\x89PNG\r\n", b"{" * 9_000])
def test_hostile_files_have_no_cause(tmp_path: Path, content: bytes) -> None:
    """Nothing, garbage and deep nesting are answered."""
    path = tmp_path / "log"
    path.write_bytes(content)

    ended = tfmac("explain", path, "--facts", saved(tmp_path, MAC))

    assert ended.code == 0
    assert ended.out.startswith("no cause found")


def test_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    """Of what is longer than memory should hold, beginning and end are looked at."""
    path = tmp_path / "log"
    path.write_bytes(b"training goes on\n" * 900_000 + NUMPY.encode())

    ended = tfmac("explain", path, "--facts", saved(tmp_path, MAC))

    assert ended.out.startswith("numpy-2-with-numpy-1-binaries")


def test_shared_answers_hold_no_private_names(tmp_path: Path) -> None:
    """``--share`` takes the user's name out of quotes and paths."""
    log = logged(tmp_path, NUMPY.replace(SITE, "/Users/ada/tf/lib/python3.9/site-packages"))

    ended = tfmac("explain", log, "--facts", saved(tmp_path, MAC), "--share", "--format", "json")

    assert "ada" not in ended.out
