"""All operations in child processes: whatever ends one of them, the rest is measured."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from builders.operations_stand_in import begun, stand_in
from tfmac.measurement.operation_runs import RunInUse
from tfmac.measurement.operations import Outcome, carry_out, plan
from tfmac.schema.operation_parity import OperationRun, OperationVerdict


def measured(run: OperationRun) -> Outcome:
    return carry_out(run, plan(run), tfmac="1", progress=lambda _done, _all: None)


def verdicts(outcome: Outcome) -> dict[str, str]:
    return {case.name: case.verdict.value for case in outcome.cases}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_child_that_dies_or_hangs_is_the_result_of_its_case(tmp_path: Path, jobs: int) -> None:
    """The cases behind it are done by another child, each once."""
    cases = ("sound", "dies a", "wrong", "hangs", "dies on the reference", "last")
    run = msgspec.structs.replace(stand_in(tmp_path, *cases), jobs=jobs)
    outcome = measured(run)
    assert verdicts(outcome) == {
        "sound": "same",
        "dies a": "crashed",
        "wrong": "wrong",
        "hangs": "hung",
        "dies on the reference": "failed",
        "last": "same",
    }
    assert outcome.failure is None
    assert sorted(begun(tmp_path)) == sorted(cases)
    said = {case.name: case.detail for case in outcome.cases}
    assert said["dies a"] == "it was killed by SIGSEGV"
    assert said["hangs"] == "no end within 1 s"
    assert said["dies on the reference"] == "on the reference: it was killed by SIGSEGV"


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    """Each result is one step; what an earlier run did stands there at once."""
    run = stand_in(tmp_path, "one", "dies", "three")
    seen: list[tuple[int, int]] = []
    carry_out(run, plan(run), tfmac="1", progress=lambda *counts: seen.append(counts))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_lost_device_is_the_result_of_the_case_that_lost_it(tmp_path: Path) -> None:
    """A new process may have the device again."""
    outcome = measured(stand_in(tmp_path, "one", "lost", "three"))
    assert verdicts(outcome) == {"one": "same", "lost": "crashed", "three": "same"}
    assert outcome.failure is None


def test_a_device_that_is_gone_ends_the_run_with_what_there_is(tmp_path: Path) -> None:
    """The next child finds no device: nothing of the rest is called wrong."""
    outcome = measured(stand_in(tmp_path, "one", "gone", "three"))
    assert verdicts(outcome) == {"one": "same"}
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.text) == ("no-such-device", "no GPU any more")


def test_full_memory_gets_a_second_try(tmp_path: Path) -> None:
    """Another program may have filled it for a moment."""
    outcome = measured(stand_in(tmp_path, "one", "full_once", "three"))
    assert verdicts(outcome) == {"one": "same", "full_once": "same", "three": "same"}
    assert outcome.failure is None


def test_full_memory_that_stays_ends_the_run(tmp_path: Path) -> None:
    """A full GPU says nothing of the operation."""
    outcome = measured(stand_in(tmp_path, "one", "full_always", "three"))
    assert verdicts(outcome) == {"one": "same"}
    assert outcome.failure is not None
    assert outcome.failure.kind == "out-of-memory"


def test_children_that_end_between_cases(tmp_path: Path) -> None:
    """The result before the end stands; another child goes on."""
    outcome = measured(stand_in(tmp_path, "exits 1", "exits 2", "three"))
    assert set(verdicts(outcome).values()) == {"same"}
    assert begun(tmp_path) == ["exits 1", "exits 2", "three"]


def test_a_finished_run_begins_anew(tmp_path: Path) -> None:
    """Whoever asks again wants to know it of now; ``resume`` takes over what there is."""
    run = stand_in(tmp_path, "one", "wrong")
    measured(run)
    assert measured(run).resumed == 0
    again = measured(msgspec.structs.replace(run, resume=True))
    assert again.resumed == 2
    assert verdicts(again) == {"one": "same", "wrong": "wrong"}
    assert len(begun(tmp_path)) == 4


def test_a_run_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    """Only what has no result is run; ``resume=False`` begins anew."""
    run = stand_in(tmp_path, "one", "full_always", "three")
    measured(run)
    assert measured(run).resumed == 1
    assert begun(tmp_path).count("one") == 1
    assert measured(msgspec.structs.replace(run, resume=False)).resumed == 0
    assert begun(tmp_path).count("one") == 2


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    """Power may go while a line is written: the lines before it count."""
    run = stand_in(tmp_path, "one", "two", "full_always")
    (path,) = [Path(measured(run).run_file)]
    lines = path.read_bytes()
    path.write_bytes(lines[: lines.rindex(b'"two"') + 3])
    assert measured(run).resumed == 1
    assert begun(tmp_path).count("two") == 2


def test_another_list_of_cases_is_another_run(tmp_path: Path) -> None:
    """Results are never mixed with those of something else."""
    first = measured(stand_in(tmp_path, "one", "full_always"))
    second = measured(stand_in(tmp_path, "one", "two"))
    assert first.run_file != second.run_file
    assert second.resumed == 0


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    """The second is refused as long as the first is there."""
    run = stand_in(tmp_path, "waits")
    refused: list[bool] = []

    def progress(_done: int, _all: int) -> None:
        if not refused:
            refused.append(True)
            with pytest.raises(RunInUse):
                measured(run)
            (tmp_path / "begun.go").touch()

    carry_out(run, plan(run), tfmac="1", progress=progress)


def kept_lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in (folder / "runs").glob("*.jsonl"))


def test_a_killed_parent_leaves_its_results(tmp_path: Path) -> None:
    """SIGKILL gives nobody a chance to tidy up; the next run goes on behind the last result."""
    run = stand_in(tmp_path, "one", "two", "waits", "four")
    code = (
        "import sys, msgspec\n"
        "from tfmac.measurement.operations import carry_out, plan\n"
        "from tfmac.schema.operation_parity import OperationRun\n"
        "run = msgspec.json.decode(sys.argv[1], type=OperationRun)\n"
        "carry_out(run, plan(run), tfmac='1', progress=lambda *_: None)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, msgspec.json.encode(run).decode()])
    try:
        while kept_lines(tmp_path) < 2:
            assert parent.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        (tmp_path / "begun.go").touch()
    outcome = measured(run)
    assert outcome.resumed == 2
    assert set(verdicts(outcome)) == {"one", "two", "waits", "four"}
    assert all(case.verdict is OperationVerdict.SAME for case in outcome.cases)
