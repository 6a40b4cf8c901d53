"""The table: points of earlier runs and of the journal, none lost, always the same bytes."""

from pathlib import Path
from typing import Optional

import msgspec
import pytest
from tools.combinations.__main__ import OUTPUT
from tools.combinations.messages import scrubbed
from tools.combinations.program import Outcome
from tools.combinations.records import BASELINE, Journal, Point, Record
from tools.combinations.settings import SETTINGS, minor, setting, subjects
from tools.combinations.table import Published, encoded, measured, table

from tfmac.schema.combinations import Combination, CombinationTable, Reach
from tfmac.schema.knowledge import Step

PUBLISHED = Published({"a": {"3.11": ("1", "4")}}, frozenset(), {("2", "jaxlib", "1"): False})


def record(
    tensorflow: str,
    package: str,
    version: Optional[str],
    step: Step = Step.WORKS,
    *,
    python: str = "3.11",
    **beside: str,
) -> Record:
    return Record(
        point=Point(
            tensorflow=tensorflow,
            python=python,
            package=package,
            version=version,
            beside=tuple(sorted(beside.items())),
        ),
        day="2026-01-02",
        outcome=Outcome(step=step, kind=None if step is Step.WORKS else "ValueError"),
    )


def baseline(tensorflow: str, *, python: str = "3.11", **versions: str) -> Record:
    made = record(tensorflow, BASELINE, None, python=python)
    return msgspec.structs.replace(made, baseline=versions)


def void(tensorflow: str) -> Record:
    return msgspec.structs.replace(record(tensorflow, BASELINE, None), outcome=None, void=True)


def made(*records: Record, previous: Optional[CombinationTable] = None) -> CombinationTable:
    return table(measured(previous, records, "linux"), PUBLISHED)


def versions(of: CombinationTable) -> list[Optional[str]]:
    return [one.version for one in of.combinations]


class TestPoints:
    def test_sorted_by_version_and_repeatable(self) -> None:
        base = [baseline("2.15.1", a="1.9"), baseline("2.16.2", a="1.9")]
        swaps = [
            record("2.16.2", "a", "1.10"),
            record("2.16.2", "a", None, Step.IMPORT),
            record("2.15.1", "a", "2"),
        ]
        forth, back = made(*base, *swaps), made(*base[::-1], *swaps[::-1])

        assert versions(forth) == ["1.9", "2", None, "1.9", "1.10"]
        assert encoded(forth) == encoded(back)

    def test_the_version_of_the_baseline_is_a_point_that_works(self) -> None:
        only = made(baseline("2.15.1", a="1", b="1"), record("2.15.1", "a", "2", Step.FIT))

        assert [(one.version, one.step) for one in only.combinations] == [
            ("1", Step.WORKS),
            ("2", Step.FIT),
        ]

    def test_points_that_were_not_run_are_left_out(self) -> None:
        skipped = msgspec.structs.replace(record("2.15.1", "a", "3"), outcome=None)

        assert made(baseline("2.15.1", a="1"), skipped).combinations == ()

    def test_points_of_the_previous_table_stay(self) -> None:
        first = made(baseline("2.15.1", a="1"), record("2.15.1", "a", "2", Step.FIT))
        again = made(baseline("2.15.1", a="1.5"), record("2.15.1", "a", "3"), previous=first)

        assert versions(again) == ["1", "1.5", "2", "3"]
        assert versions(made(previous=again)) == versions(again)

    def test_the_same_point_is_taken_from_the_later_run(self) -> None:
        first = made(baseline("2.15.1", a="1"), record("2.15.1", "a", "2", Step.FIT))
        again = made(record("2.15.1", "a", "2"), previous=first)

        assert [one.step for one in again.combinations] == [Step.WORKS, Step.WORKS]

    def test_pythons_and_packages_beside_make_points_of_their_own(self) -> None:
        several = made(
            baseline("2.15.1", a="1"),
            record("2.15.1", "a", "2"),
            record("2.15.1", "a", "2", python="3.12"),
            record("2.15.1", "a", "2", b="1"),
        )

        assert versions(several) == ["1", "2", "2", "2"]

    def test_a_spoiled_environment_counts_up_to_the_last_point_that_worked(self) -> None:
        several = made(
            baseline("2.15.1", a="1"),
            record("2.15.1", "a", "2"),
            baseline("2.15.1", a="1"),
            record("2.15.1", "a", "3"),
            record("2.15.1", "a", "4", Step.IMPORT),
            record("2.15.1", "a", "5", python="3.12"),
            void("2.15.1"),
        )

        assert versions(several) == ["1", "2", "3", "5"]


class TestTable:
    def test_one_record_a_line_and_readable(self) -> None:
        several = made(baseline("2.15.1", a="1"), record("2.15.1", "a", "2", Step.FIT))
        data = encoded(several)

        assert msgspec.json.decode(data, type=CombinationTable) == several
        assert b'\n{"tensorflow":"2.15.1","package":"a","version":"2",' in data
        assert b'\n{"package":"a","tensorflow":["2.15","2.15"],' in data

    def test_an_empty_table_is_readable(self) -> None:
        data = encoded(made())

        assert msgspec.json.decode(data, type=CombinationTable).intervals == ()

    def test_ends_reach_into_the_intervals(self) -> None:
        several = made(baseline("2.15.1", a="1"), record("2.15.1", "a", "4"))

        assert [(one.below, one.above) for one in several.intervals] == [
            (Reach.OLDEST, Reach.NEWEST)
        ]

    def test_pairs_that_contradict_become_clashes(self) -> None:
        pair = record("2.15.1", "jaxlib", "1", Step.IMPORT, jax="2")
        refused = Outcome(
            step=Step.IMPORT, kind="RuntimeError", message="this version of jax requires version"
        )
        pair = msgspec.structs.replace(pair, outcome=refused)

        several = made(baseline("2.15.1", a="1"), pair)

        assert several.intervals == ()
        assert [one.requirer for one in several.clashes] == ["jax"]


def test_the_journal_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    Journal(path).add(record("2.15.1", "a", "2", b="1"))

    assert Journal(path).records == [record("2.15.1", "a", "2", b="1")]


class TestPlan:
    def test_every_minor_is_measured(self) -> None:
        assert [minor(one) for one in SETTINGS] == [(2, second) for second in range(6, 22)]
        assert all(list(subjects(one)) for one in SETTINGS)

    def test_a_release_that_is_not_listed_is_run_as_its_minor(self) -> None:
        assert setting("2.15.0") == SETTINGS["2.15.1"]

    def test_what_is_measured_beside_some_names_releases_of_the_plan(self) -> None:
        named = {name for release in SETTINGS for one in subjects(release) for name in one.only}
        assert named <= set(SETTINGS)


@pytest.fixture
def shipped() -> CombinationTable:
    return msgspec.json.decode(OUTPUT.read_bytes(), type=CombinationTable)


class TestShipped:
    def test_it_is_what_the_tool_writes(self, shipped: CombinationTable) -> None:
        assert encoded(shipped) == OUTPUT.read_bytes()

    def test_it_names_no_place_of_a_machine(self, shipped: CombinationTable) -> None:
        for one in shipped.combinations:
            assert (one.error is None) == (one.step is Step.WORKS)
            assert scrubbed(one.error or "") == (one.error or "")

    def test_the_intervals_follow_from_the_points(self, shipped: CombinationTable) -> None:
        """But for what the index says about pairs, which the table does not keep."""
        points = measured(shipped, (), shipped.platform)
        published = Published(shipped.installable, frozenset(shipped.compiled_for_numpy), {})

        again = table(points, published)

        assert again.combinations == shipped.combinations
        kept = [one for one in again.intervals if one.package not in {"jax", "jaxlib"}]
        assert kept == [one for one in shipped.intervals if one.package not in {"jax", "jaxlib"}]

    def test_points_of_earlier_runs_are_there(self, shipped: CombinationTable) -> None:
        first = Combination(
            tensorflow="2.15.1",
            package="numpy",
            version="2.0.2",
            python="3.11",
            step=Step.IMPORT,
            error="ImportError: numpy.core.umath failed to import",
            cause="numpy-2-with-numpy-1-binaries",
        )
        assert first in shipped.combinations
