"""The records of the model matrix, and the measurement itself with one real release."""

import ast
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import msgspec
import pytest
from tools.model_matrix.__main__ import main
from tools.model_matrix.environments import RELEASES, chosen
from tools.model_matrix.records import (
    Attempt,
    File,
    Journal,
    Made,
    Read,
    Record,
    Row,
    Written,
    rows,
    write_matrix,
)

from builders.real_environments import need_room

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "tools" / "model_matrix").glob("*_script.py"))
FIELDS = (
    "writer",
    "reader",
    "format",
    "model",
    "path",
    "status",
    "diff",
    "exc",
    "short",
    "message",
    "best",
    "best_status",
)


def written(*files: File, half: bool = False, writer: str = "w", model: str = "m") -> Written:
    listed = files or (File(format="h5", file="m.h5"),)
    return Written(writer=writer, model=model, half=half, files=listed)


def loaded(difference: float, way: str = "plain") -> Attempt:
    return Attempt(way=way, difference=difference)


def failed(message: str = "no", way: str = "plain") -> Attempt:
    return Attempt(way=way, exc="ValueError", message=message)


def read(*attempts: Attempt, path: str = "w/m.h5", reader: str = "r") -> Read:
    return Read(reader=reader, path=path, attempts=attempts)


def row(*attempts: Attempt, half: bool = False) -> Row:
    (only,) = rows([written(half=half), read(*attempts)])
    return only


class TestRows:
    @pytest.mark.parametrize(
        ("difference", "half", "status"),
        [
            (0.0, False, "ok"),
            (1e-4, False, "ok"),
            (1.1e-4, False, "ok-but-differs"),
            (1.1e-4, True, "ok"),
            (5e-3, True, "ok"),
            (5.1e-3, True, "ok-but-differs"),
        ],
    )
    def test_outputs_may_differ_by_a_threshold(
        self, difference: float, *, half: bool, status: str
    ) -> None:
        made = row(loaded(difference), half=half)

        assert (made.status, made.diff, made.best, made.best_status) == (
            status,
            difference,
            "plain",
            status,
        )

    def test_outputs_that_cannot_be_compared_differ(self) -> None:
        made = row(loaded(-1.0))
        assert (made.status, made.diff) == ("ok-but-differs", None)

    def test_a_later_way_is_the_best_and_the_plain_error_stays(self) -> None:
        made = row(failed("why"), failed("still", "compile=False"), loaded(0.5, "by_name"))

        assert (made.status, made.exc, made.message) == ("error", "ValueError", "why")
        assert (made.best, made.best_status) == ("by_name", "ok-but-differs")

    def test_nothing_works(self) -> None:
        made = row(failed(), failed(way="compile=False"))
        assert (made.status, made.best, made.best_status) == ("error", None, "error")

    def test_paths_of_the_machine_stay_out_of_messages(self) -> None:
        made = row(failed("Not found: filepath=/some/where/m.keras.\n  Model/Layer a/b"))
        assert made.message == "Not found: filepath=<path> Model/Layer a/b"

    def test_addresses_stay_in_messages(self) -> None:
        made = row(failed("see https://keras.io/guides/saving/#one"))
        assert made.message == "see https://keras.io/guides/saving/#one"

    def test_the_message_is_shortened_too(self) -> None:
        made = row(failed("a" * 500))
        assert (made.short, made.message) == ("a" * 160, "a" * 500)

    def test_the_last_record_of_a_file_and_reader_holds(self) -> None:
        (made,) = rows([written(), read(failed()), read(loaded(0.0))])
        assert made.status == "ok"

    def test_a_file_that_was_not_written_has_no_row(self) -> None:
        refused = written(File(format="h5", reason="cannot"), File(format="json", file="m.json"))
        made = list(rows([refused, read(loaded(0.0), path="w/m.json")]))
        assert [one.format for one in made] == ["json"]

    def test_a_reader_that_cannot_build_the_model_gives_no_result(self) -> None:
        missing = Attempt(way="plain", exc="Missing", message="this release has no layer X")
        assert list(rows([written(), read(missing, missing)])) == []

    def test_the_layout_is_that_of_the_corpus(self, tmp_path: Path) -> None:
        place = tmp_path / "matrix.jsonl.gz"

        count = write_matrix([written(), read(loaded(0.0))], place)

        (line,) = gzip.decompress(place.read_bytes()).splitlines()
        assert (count, tuple(json.loads(line))) == (1, FIELDS)

    def test_the_same_records_give_the_same_bytes(self, tmp_path: Path) -> None:
        records: list[Record] = [written(), read(loaded(0.0)), read(failed(), reader="q")]
        write_matrix(records, tmp_path / "one")
        write_matrix([records[0], *reversed(records[1:])], tmp_path / "two")

        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


class TestJournal:
    RECORDS: tuple[Record, ...] = (
        Made(release="w", packages={"keras": "2.15.0"}),
        written(File(format="h5", file="m.h5"), File(format="keras", reason="cannot")),
        read(failed(), loaded(-1.0, "by_name")),
    )

    def test_what_is_added_is_there_in_the_next_run(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path / "journal")
        for record in self.RECORDS:
            journal.add(record)

        again = Journal(tmp_path / "journal")

        assert tuple(again.records) == self.RECORDS
        assert (set(again.written("w")), again.written("r")) == ({"m"}, {})
        assert (again.read("r"), again.read("w")) == ({"w/m.h5"}, set())

    def test_a_half_written_line_is_done_again(self, tmp_path: Path) -> None:
        place = tmp_path / "journal"
        Journal(place).add(self.RECORDS[1])
        with place.open("ab") as stream:
            stream.write(b'{"type":"read","rea')

        cut = Journal(place)
        cut.add(self.RECORDS[2])

        assert tuple(Journal(place).records) == self.RECORDS[1:]


class TestReleases:
    def test_names_and_readers_are_distinct(self) -> None:
        assert len({one.name for one in RELEASES}) == len(RELEASES)
        assert len({one.reader for one in RELEASES}) == len(RELEASES)

    def test_each_reader_names_what_is_installed(self) -> None:
        for release in RELEASES:
            installed = {one.replace("-cpu==", "==") for one in release.requirements}
            assert set(release.reader.split(",")) <= installed

    def test_no_names_are_all(self) -> None:
        assert chosen(None) == RELEASES
        assert [one.name for one in chosen(["tf-2.15"])] == ["tf-2.15"]

    def test_an_unknown_name_is_a_usage_error(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit, match="2"):
            main(["measure", "--work", str(tmp_path), "--readers", "tf-9.9"])
        assert "tf-9.9" in capsys.readouterr().err


class TestScripts:
    @pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
    def test_the_scripts_have_the_syntax_of_the_oldest_python(self, script: Path) -> None:
        ast.parse(script.read_text(), feature_version=(3, 7))

    def test_the_scripts_are_there(self) -> None:
        assert {"reader_script", "writer_script"} <= {one.stem for one in SCRIPTS}


POOL_PROGRAM = """
import os, time
from tools.model_matrix import pool_script

def fail():
    raise ValueError("not this one")

def task(*works):
    for work in works:
        outcome = yield work
        pool_script.say(**{key: outcome[key] for key in outcome if key != "trace"})

pool_script.run(
    [task(lambda: print("noise"), fail, lambda: os.kill(os.getpid(), 11), lambda: time.sleep(60),
          lambda: [1, 2.5])],
    workers=2,
    seconds=1.0,
)
"""


def test_a_load_that_crashes_or_hangs_spoils_no_other() -> None:
    done = subprocess.run(
        [sys.executable, "-c", POOL_PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"given": None},
        {"exc": "ValueError", "message": "not this one"},
        {"exc": "Crash", "message": "ended by signal 11"},
        {"exc": "Timeout", "message": "not done after 1 s"},
        {"given": [1, 2.5]},
    ]


def outcome(matrix: Path, reader: str) -> dict[str, tuple[str, Optional[str]]]:
    lines = gzip.decompress(matrix.read_bytes()).splitlines()
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return {
        f"{one['model']}.{one['format']}": (one["status"], one["best"])
        for one in found
        if one["reader"] == reader
    }


@pytest.mark.slow
def test_one_release_writes_and_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a release wrote it reads; a user's layer needs the user's code. A rerun adds nothing."""
    need_room(tmp_path)
    # One environment at a time needs less than a whole measurement keeps free.
    monkeypatch.setattr("tools.model_matrix.environments.FREE_BYTES", 3 << 30)
    wanted = ["--writers", "tf-2.15", "--readers", "tf-2.15", "--work", os.fspath(tmp_path)]
    models = ["--models", "sequential_dense,custom_layer", "--seconds", "200"]

    assert main(["measure", *wanted, *models]) == 0

    found = outcome(tmp_path / "matrix.jsonl.gz", "tf-2.15")
    plain = {"h5", "keras", "savedmodel", "weights_legacy_h5", "weights_h5", "tf_ckpt", "json"}
    assert {kind: found[f"sequential_dense.{kind}"] for kind in plain} == dict.fromkeys(
        plain, ("ok", "plain")
    )
    assert found["custom_layer.h5"] == ("error", "custom_objects,compile=False")
    assert found["custom_layer.json"] == ("error", "custom_objects")
    assert not list((tmp_path / "environments").iterdir())
    journal = (tmp_path / "journal.jsonl").read_bytes()
    versions = msgspec.json.decode(journal.splitlines()[0])["packages"]
    assert versions["keras"] == "2.15.0"
    assert main(["measure", *wanted, *models]) == 0
    assert (tmp_path / "journal.jsonl").read_bytes() == journal
