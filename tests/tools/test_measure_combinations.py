"""The pure parts of the maker of combinations.json; no TensorFlow is run."""

import json
import signal
from pathlib import Path
from typing import Optional

import msgspec
import pytest

from tfmac.schema.knowledge import CombinationTable, Step
from tools import measure_combinations as maker


def record(
    tensorflow: str, package: str, version: Optional[str], step: Step = Step.WORKS, **more: object
) -> maker.Record:
    outcome = maker.Outcome(step=step, kind=None if step is Step.WORKS else "ValueError")
    made = maker.Record(
        tensorflow=tensorflow,
        package=package,
        wanted=maker.REMOVED if version is None else f"=={version}",
        version=version,
        day="2026-01-02",
        python="3.11",
        outcome=outcome,
    )
    return msgspec.structs.replace(made, **more)


def baseline(tensorflow: str, **versions: str) -> maker.Record:
    return record(tensorflow, maker.BASELINE, "0", baseline=versions)


def void(tensorflow: str) -> maker.Record:
    return record(tensorflow, maker.BASELINE, "0", outcome=None, void=True)


def lines(*entries: dict[str, str]) -> list[str]:
    return [json.dumps(entry) for entry in entries]


class TestJudged:
    def test_all_steps_ran(self) -> None:
        report = lines({"step": "import"}, {"step": "fit"}, {"step": "works"})
        assert maker.judged(report, 0, "noise") == maker.Outcome(step=Step.WORKS)

    def test_an_exception_belongs_to_the_step_that_had_begun(self) -> None:
        report = lines({"step": "import"}, {"step": "fit"}, {"error": "KeyError", "message": "'x'"})
        outcome = maker.judged(report, 1, "")
        assert (outcome.step, maker.error_line(outcome)) == (Step.FIT, "KeyError: 'x'")

    def test_an_exception_that_hides_another_names_it(self) -> None:
        error = {"error": "ImportError", "message": "Keras cannot be imported."}
        root = {"root": "ModuleNotFoundError", "root_message": "No module named 'tree'"}
        outcome = maker.judged(lines({"step": "fit"}, {**error, **root}), 1, "")
        assert maker.error_line(outcome) == (
            "ImportError: Keras cannot be imported. "
            "(from ModuleNotFoundError: No module named 'tree')"
        )

    def test_a_signal_is_named(self) -> None:
        outcome = maker.judged(lines({"step": "import"}), -signal.SIGSEGV, "warning: y\n")
        assert (outcome.step, maker.error_line(outcome)) == (Step.IMPORT, "SIGSEGV")

    def test_an_abort_says_what_the_library_said(self) -> None:
        stderr = "[libprotobuf FATAL a/b.cc:12] CHECK failed: file != nullptr\nmore\n"
        outcome = maker.judged([], -signal.SIGABRT, stderr)
        assert maker.error_line(outcome) == (
            "SIGABRT: [libprotobuf FATAL a/b.cc:12] CHECK failed: file != nullptr"
        )

    def test_running_past_the_limit_is_named(self) -> None:
        outcome = maker.judged(lines({"step": "import"}, {"step": "fit"}), None, "")
        assert (outcome.step, maker.error_line(outcome)) == (Step.FIT, "timeout after 180 s")

    def test_a_death_after_the_last_step_is_no_pass(self) -> None:
        outcome = maker.judged(lines({"step": "works"}), -signal.SIGSEGV, "")
        assert outcome.step is Step.TF_DATA

    def test_an_exit_without_a_report(self) -> None:
        assert maker.error_line(maker.judged([], 3, "")) == "exit without a message"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("", ""),
        ("one line", "one line"),
        ("first\n\nlast", "last"),
        ("zero\nThe signature was\n\t() -> handle", "The signature was () -> handle"),
        ("Descriptors cannot be created directly.\n\nMore information: there", None),
        ("Traceback:\n  File x\nImportError: bad ABI\n\nFailed to load the native …", "bad ABI"),
        ("shapes differ\n\nArguments received by Dense.call():\n  • x=1", "shapes differ"),
    ],
)
def test_telling_line(message: str, line: Optional[str]) -> None:
    expected = "Descriptors cannot be created directly." if line is None else line
    assert maker.telling_line(message) == expected


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/a/b-1/lib/x.so: undefined symbol", "x.so: undefined symbol"),
        ("from 'm' (/e/lib/__init__.py)", "from 'm' (__init__.py)"),
        ("use a/b or tensorflow/core/x.cc", "use a/b or tensorflow/core/x.cc"),
        ("see https://host/path/page", "see https://host/path/page"),
        ("<object at 0x7f0011223344>", "<object at 0x…>"),
    ],
)
def test_scrubbed(text: str, clean: str) -> None:
    assert maker.scrubbed(text) == clean


def test_scrubbed_keeps_the_limit() -> None:
    assert len(maker.scrubbed("x" * 999)) == maker.ERROR_LIMIT


class TestTable:
    def test_sorted_by_version_and_repeatable(self) -> None:
        records = [
            baseline("2.9.1", numpy="1.26.4"),
            baseline("2.10.0", numpy="1.26.4", keras="2.10.0"),
            record("2.10.0", "numpy", "1.9.0"),
            record("2.10.0", "numpy", "1.10.0", Step.FIT),
            record("2.10.0", "numpy", None, Step.IMPORT),
            record("2.9.1", "wrapt", "2.0"),
        ]
        made = maker.table(records, "linux")
        assert [(c.tensorflow, c.version) for c in made.combinations] == [
            ("2.9.1", "2.0"),
            ("2.10.0", None),
            ("2.10.0", "1.9.0"),
            ("2.10.0", "1.10.0"),
        ]
        assert list(made.baselines) == ["2.9.1", "2.10.0"]
        assert made.measured == "2026-01-02"
        baselines, swaps = records[:2], records[2:]
        again = maker.table([*baselines[::-1], *swaps[::-1]], "linux")
        assert maker.encoded(again) == maker.encoded(made)

    def test_one_combination_a_line_and_readable(self) -> None:
        made = maker.table([baseline("2.9.1", a="1"), record("2.9.1", "a", "2")], "linux")
        data = maker.encoded(made)
        assert msgspec.json.decode(data, type=CombinationTable) == made
        assert b'\n{"tensorflow":"2.9.1","package":"a","version":"2",' in data

    def test_an_empty_table_is_readable(self) -> None:
        data = maker.encoded(maker.table([], "linux"))
        assert msgspec.json.decode(data, type=CombinationTable).combinations == ()

    def test_points_that_were_not_run_are_left_out(self) -> None:
        skipped = record("2.9.1", "a", "3", outcome=None, note="not installable")
        assert maker.table([baseline("2.9.1", a="1"), skipped], "linux").combinations == ()


def test_a_spoiled_environment_takes_its_points_with_it() -> None:
    records = [
        baseline("2.9.1", a="1"),
        record("2.9.1", "a", "2"),
        baseline("2.9.1", a="1"),
        record("2.9.1", "a", "3"),
        baseline("2.10.0", a="1"),
        record("2.10.0", "a", "4"),
        void("2.9.1"),
    ]
    made = maker.table(records, "linux")
    assert [c.version for c in made.combinations] == ["2", "4"]


def elsewhere(made: maker.Record, python: str = "3.12") -> maker.Record:
    return msgspec.structs.replace(made, python=python)


class TestPythons:
    def test_a_point_on_another_python_is_told_as_such(self) -> None:
        records = [
            baseline("2.9.1", numpy="1.26.4"),
            record("2.9.1", "numpy", "2.4.0"),
            elsewhere(baseline("2.9.1", numpy="1.26.3")),
            elsewhere(record("2.9.1", "numpy", "2.5.0", Step.IMPORT)),
        ]
        for ordered in (records, records[2:] + records[:2]):
            made = maker.table(ordered, "linux")
            told = [(c.version, c.python, c.step) for c in made.combinations]
            assert told == [("2.4.0", "3.11", Step.WORKS), ("2.5.0", "3.12", Step.IMPORT)]
            assert made.baselines == {"2.9.1": {"numpy": "1.26.4"}}

    def test_the_releases_own_python_decides(self) -> None:
        records = [
            record("2.9.1", "a", "2"),
            elsewhere(record("2.9.1", "a", "2", Step.FIT)),
        ]
        for ordered in (records, records[::-1]):
            (only,) = maker.table(ordered, "linux").combinations
            assert (only.python, only.step) == ("3.11", Step.WORKS)

    def test_a_spoiled_environment_spoils_no_other_python(self) -> None:
        records = [
            baseline("2.9.1", a="1"),
            record("2.9.1", "a", "2"),
            elsewhere(baseline("2.9.1", a="1")),
            elsewhere(record("2.9.1", "a", "3")),
            elsewhere(void("2.9.1")),
        ]
        assert [c.version for c in maker.table(records, "linux").combinations] == ["2"]

    def test_one_python_does_not_finish_the_point_of_another(self, tmp_path: Path) -> None:
        journal = maker.Journal(tmp_path / "points.jsonl")
        journal.add(record("2.9.1", "numpy", "2.4.0"))
        (finished,) = journal.done()
        assert finished.python == "3.11"
        assert msgspec.structs.replace(finished, python="3.12") not in journal.done()

    def test_what_is_exchanged_elsewhere_stays_out_of_the_baseline(self) -> None:
        setting = maker.SETTINGS["2.17.1"]
        assert setting.constraints_on("3.11") == ("numpy<2",)
        assert setting.constraints_on("3.12") == ("numpy<2", "numpy<2.5")


def test_the_plan_repeats_no_point_and_knows_every_release() -> None:
    points = list(maker.plan())
    assert len(points) == len(set(points))
    assert {point.tensorflow for point in points} == set(maker.SETTINGS)


def test_the_plan_names_another_python_only_where_it_is_needed() -> None:
    others = {
        (point.package, point.python)
        for point in maker.plan()
        if point.python != maker.SETTINGS[point.tensorflow].python
    }
    assert others == {("numpy", "3.12")}


def test_the_program_is_python() -> None:
    compile(maker.PROGRAM, "program.py", "exec")


def test_the_committed_table() -> None:
    """It is what the maker writes, and names no place of the machine that it ran on."""
    data = maker.OUTPUT.read_bytes()
    made = msgspec.json.decode(data, type=CombinationTable)
    assert maker.encoded(made) == data
    assert made.combinations
    for combination in made.combinations:
        assert combination.tensorflow in made.baselines
        assert (combination.error is None) == (combination.step is Step.WORKS)
        assert maker.scrubbed(combination.error or "") == (combination.error or "")
