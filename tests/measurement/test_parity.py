"""From what a child of ``tfmac parity`` writes to a report."""

from typing import Any, Optional

from tfmac.measurement.parity import report_of
from tfmac.schema.parity import ParityReport, ParityStage, ParityVerdict, Reason

STAGE = {"event": "stage", "stage": "gradients", "inputs": "batch 4"}
DEPARTS = {
    "event": "departs",
    "stage": "gradients",
    "inputs": "batch 4",
    "what": "model/dense",
    "kind": "Dense",
    "outcome": "wrong",
    "rms": 0.05,
    "bound_rms": 1e-5,
}
SUMMARY = {
    "event": "summary",
    "stage": "gradients",
    "inputs": "batch 4",
    "compared": 3,
    "outcomes": {"same": 2, "wrong": 1},
    "worst": {key: value for key, value in DEPARTS.items() if key != "event"},
}


def _report(*events: "dict[str, Any]", death: Optional[str] = None) -> ParityReport:
    return report_of(events, death, "last words", subject="model.keras", interpreter="python")


def test_a_verdict_with_its_culprit() -> None:
    verdict = {"event": "verdict", "verdict": "wrong", "culprit": SUMMARY["worst"]}

    report = _report(STAGE, DEPARTS, SUMMARY, verdict)

    assert report.verdict is ParityVerdict.WRONG
    assert report.failure is None
    assert report.culprit is not None
    assert (report.culprit.what, report.culprit.stage) == ("model/dense", ParityStage.GRADIENTS)
    assert [stage.outcomes for stage in report.stages] == [{"same": 2, "wrong": 1}]


def test_a_sound_model_has_no_culprit() -> None:
    report = _report({"event": "verdict", "verdict": "same", "culprit": None})

    assert (report.verdict, report.culprit, report.failure) == (ParityVerdict.SAME, None, None)


def test_a_child_that_dies_leaves_what_it_saw_and_where_it_was() -> None:
    report = _report(DEPARTS, STAGE, death="it was killed by SIGKILL")

    assert report.verdict is ParityVerdict.COULD_NOT_FINISH
    assert report.culprit == report.departures[0]
    assert report.failure is not None
    assert report.failure.error == "it was killed by SIGKILL"
    assert (report.failure.at, report.failure.detail) == ("gradients (batch 4)", "last words")


def test_what_the_child_says_of_its_failure_comes_before_how_it_died() -> None:
    failed = {"event": "failed", "kind": "out-of-memory", "error": "full", "traceback": "at line 1"}

    report = _report(STAGE, failed, death="it ended with status 1")

    assert report.failure is not None
    assert (report.failure.kind, report.failure.error) == ("out-of-memory", "full")


def test_reasons_are_told_once_and_foreign_lines_are_left_out() -> None:
    off = {"event": "off", "what": "model/dropout", "why": "random"}

    report = _report(off, off, {"event": "summary", "stage": "of another program"})

    assert report.switched_off == (Reason(what="model/dropout", why="random"),)
    assert report.stages == ()
