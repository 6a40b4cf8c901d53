"""From the journal to the shipped rows: what each release needs, or why it does not work."""

from pathlib import Path
from typing import Optional

import msgspec
import pytest
from msgspec.structs import replace
from tools.satellites.__main__ import OUTPUT, main
from tools.satellites.bench import is_native, pins
from tools.satellites.programs import USES, program
from tools.satellites.records import JOURNAL, Journal, Tried
from tools.satellites.table import encoded, table

from tfmac.knowledge import failures, releases
from tfmac.schema.satellites import Satellite, SatelliteTable, Stage

RECORDED = "keras-tuner"
TF_KERAS = "tf-keras==2.18.*"
SETUPTOOLS = "setuptools<81"
MOVED = "ModuleNotFoundError: No module named 'keras.src.engine'"


def tried(
    stage: Optional[Stage],
    *beside: str,
    version: str = "1.0",
    tensorflow: str = "2.18.1",
    error: str = "",
    native: bool = False,
) -> Tried:
    return Tried(
        tensorflow=tensorflow,
        python="3.11",
        package="moon",
        day="2026-01-02",
        version=version,
        beside=beside,
        stage=stage,
        error=error or (None if stage is Stage.WORKS else "ValueError: no"),
        native=native,
        keras="3.9.0",
    )


def rows(*records: Tried, previous: Optional[SatelliteTable] = None) -> "tuple[Satellite, ...]":
    return table(previous, records, "here").satellites


def test_a_release_that_works_as_it_is() -> None:
    """The row says beside what it was run."""
    (row,) = rows(tried(Stage.WORKS))
    assert (row.package, row.version, row.tensorflow) == ("moon", "1.0", "2.18.1")
    assert (row.stage, row.needs, row.error) == (Stage.WORKS, (), None)
    assert (row.python, row.keras) == ("3.11", "3.9.0")


def test_what_made_it_work_is_its_need() -> None:
    """With where it stops without that, and the error that it gives there."""
    (row,) = rows(
        tried(Stage.IMPORT, error="ModuleNotFoundError: No module named 'tf_keras'"),
        tried(Stage.WORKS, TF_KERAS),
    )
    assert (row.stage, row.needs, row.works) == (Stage.IMPORT, (TF_KERAS,), True)
    assert row.error == "ModuleNotFoundError: No module named 'tf_keras'"


def test_what_an_error_names_is_a_need_as_well() -> None:
    """Both are needed where it failed with each of them alone."""
    (row,) = rows(
        tried(Stage.IMPORT),
        tried(Stage.IMPORT, SETUPTOOLS),
        tried(Stage.IMPORT, TF_KERAS),
        tried(Stage.WORKS, TF_KERAS, SETUPTOOLS),
    )
    assert row.needs == (TF_KERAS, SETUPTOOLS)


def test_a_broken_release_has_its_error_and_cause() -> None:
    """The cause is the one that the explainer finds in what was said."""
    (row,) = rows(tried(Stage.IMPORT, error=MOVED), tried(Stage.IMPORT, TF_KERAS, error=MOVED))
    assert (row.stage, row.needs, row.error, row.works) == (Stage.IMPORT, (), MOVED, False)
    assert row.cause == "keras-private-module-moved"


def test_what_was_not_tried_to_the_end_is_no_row() -> None:
    """A walk that was cut off before tf-keras was tried says nothing of the release."""
    assert rows(tried(Stage.IMPORT)) == ()
    assert rows(tried(Stage.IMPORT), tried(Stage.IMPORT, SETUPTOOLS)) == ()
    assert len(rows(tried(Stage.IMPORT, tensorflow="2.9.3"))) == 1


def test_where_nothing_more_could_be_put_beside_it_it_is_broken() -> None:
    """A tf-keras that cannot be installed there is no way out."""
    (row,) = rows(tried(Stage.USE), tried(None, TF_KERAS))
    assert row.stage is Stage.USE


def test_compiled_code_that_fails_is_no_row() -> None:
    """tensorflow-cpu is another build than TensorFlow's own; no older release is tried for it."""
    assert rows(tried(Stage.IMPORT, native=True)) == ()
    assert rows(tried(Stage.IMPORT), tried(Stage.IMPORT, TF_KERAS, native=True)) == ()


def test_a_set_that_does_not_exist_or_has_no_tensorflow_is_no_row() -> None:
    """Neither says anything of the release."""
    assert rows(tried(None), tried(None, TF_KERAS)) == ()
    assert rows(tried(Stage.TENSORFLOW), tried(Stage.TENSORFLOW, TF_KERAS)) == ()


def test_the_last_walk_counts_and_no_earlier_row_is_lost() -> None:
    """Rows that the journal does not have stay as they are."""
    first = table(None, [tried(Stage.WORKS), tried(Stage.WORKS, version="2.0")], "here")
    again = [
        tried(Stage.WORKS),
        tried(Stage.IMPORT, error=MOVED),
        tried(Stage.IMPORT, TF_KERAS, error=MOVED),
    ]
    made = rows(*again, previous=first)
    assert [(one.version, one.stage) for one in made] == [
        ("1.0", Stage.IMPORT),
        ("2.0", Stage.WORKS),
    ]


def test_derive_writes_the_same_bytes_again(tmp_path: Path) -> None:
    """From the journal of a work directory, sorted, one row a line."""
    journal = Journal(tmp_path / JOURNAL)
    for version in ("2.0", "10.0", "1.0"):
        journal.add(resolved(tried(Stage.WORKS, version=version)))
    output = tmp_path / "satellites.json"
    arguments = ["derive", "--work", str(tmp_path), "--output", str(output)]
    assert main(arguments) == 0
    first = output.read_bytes()
    assert main(arguments) == 0
    assert output.read_bytes() == first
    made = msgspec.json.decode(first, type=SatelliteTable)
    assert [one.version for one in made.satellites] == ["1.0", "2.0", "10.0"]
    assert made.measured == "2026-01-02"
    assert first.count(b"\n") == 6


def test_derive_leaves_out_a_search_that_was_cut_off(tmp_path: Path) -> None:
    """The newest fails, and whether an older one works was not found out."""
    journal = Journal(tmp_path / JOURNAL)
    journal.add(resolved(tried(Stage.IMPORT, version="1.4.8")))
    journal.add(replace(tried(Stage.IMPORT, TF_KERAS, version="1.4.8"), package=RECORDED))
    output = tmp_path / "satellites.json"
    assert main(["derive", "--work", str(tmp_path), "--output", str(output)]) == 0
    assert msgspec.json.decode(output.read_bytes(), type=SatelliteTable).satellites == ()


def resolved(one: Tried) -> Tried:
    """What a resolver took of a package whose releases are recorded: no index is asked."""
    return replace(one, package=RECORDED, any_release=True)


@pytest.mark.parametrize("package", USES)
def test_each_program_is_one_and_its_package_is_recorded(package: str) -> None:
    """It compiles, and the planner has the releases of what is measured."""
    compile(program(package), package, "exec")
    assert package in releases.packages()


def test_the_shipped_file_is_as_derive_writes_it() -> None:
    """Its causes are of the vocabulary, and it tells nothing of the machine that ran it."""
    content = OUTPUT.read_bytes()
    made = msgspec.json.decode(content, type=SatelliteTable)
    assert encoded(made) == content
    assert {one.cause for one in made.satellites if one.cause} <= set(failures.causes())
    assert {one.package for one in made.satellites} <= set(USES)
    assert not any(f"/{folder}/" in content.decode() for folder in ("root", "home", "tmp", "lib"))


@pytest.mark.parametrize(
    ("error", "native"),
    [
        ("NotFoundError: tfio.so: undefined symbol: _ZN10tensorflow", True),
        ("ImportError: libcuda.so.1: cannot open shared object file", True),
        ("SIGSEGV", True),
        ("ImportError: This version of moon requires TensorFlow >= 2.18", False),
        (MOVED, False),
    ],
)
def test_failures_of_compiled_code(error: str, *, native: bool) -> None:
    """They are told by what the loader says, and by a death without an exception."""
    assert is_native(error) is native


def test_pins_of_a_resolver_are_read() -> None:
    """Markers and blank lines are left out."""
    said = "keras==3.9.0\nmarkdown==3.7 ; python_version >= '3.9'\n\n"
    assert pins(said) == {"keras": "3.9.0", "markdown": "3.7"}
