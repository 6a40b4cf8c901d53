"""The report of ``tfmac parity`` as its user sees it; see test_golden.py for how to renew it."""

import os
from pathlib import Path

import click
import pytest

from tfmac.report.parity import render
from tfmac.schema.parity import (
    Comparison,
    ParityDevice,
    ParityFailure,
    ParityFramework,
    ParityInputs,
    ParityModel,
    ParityReport,
    ParityStage,
    ParityVerdict,
    Reason,
    StageResult,
)

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "parity"
FRAMEWORK = ParityFramework(
    framework="tensorflow",
    version="2.18.1",
    keras="3.8.0",
    python="3.11.9",
    reference=ParityDevice(name="CPU:0", described="CPU"),
    tested=ParityDevice(name="GPU:0", described="METAL"),
)
MODEL = ParityModel(
    name="functional", kind="Functional", layers=7, parameters=12345, precision="float32"
)
INPUTS = (ParityInputs(name="batch 4", arrays=("(4, 16, 16, 3) float32",)),)
FAR = Comparison(
    stage=ParityStage.GRADIENTS,
    inputs="batch 4",
    what="functional/attention",
    kind="MultiHeadAttention",
    detail="the gradient of its input",
    outcome="wrong",
    rms=0.0123,
    element=0.5,
    slope=0.012,
    bound_rms=3.1e-5,
    bound_element=3.1e-4,
    bound_slope=7.6e-6,
    spread=0.0,
    nearer="reference",
)
ONE_ELEMENT = Comparison(
    stage=ParityStage.FORWARD,
    inputs="batch 3, odd sizes",
    what="functional/conv2d",
    kind="Conv2D",
    outcome="wrong",
    rms=6e-6,
    element=0.02,
    slope=0.0,
    bound_rms=7.6e-6,
    bound_element=7.6e-5,
    bound_slope=7.6e-6,
    spread=0.0,
)
UNSTEADY = Comparison(
    stage=ParityStage.TRAINING_FORWARD,
    inputs="batch 4, weights of step 3",
    what="functional/lstm",
    kind="LSTM",
    outcome="not-deterministic",
    step=3,
    rms=0.04,
    bound_rms=7.6e-6,
    spread=0.03,
)
NOT_A_NUMBER = Comparison(
    stage=ParityStage.OPTIMIZER,
    inputs="batch 4",
    what="Adam",
    detail="its dense/kernel_velocity",
    outcome="wrong",
    step=2,
    broken="NaN in 12 of 48 elements",
)


def _report(verdict: ParityVerdict, *found: Comparison, **parts: object) -> ParityReport:
    stages = tuple(
        StageResult(
            stage=one.stage,
            inputs=one.inputs,
            compared=7,
            outcomes={"same": 4, "within-tolerance": 2, one.outcome: 1},
            worst=one,
        )
        for one in found
    )
    every = {
        "schema_version": 1,
        "tfmac": "0",
        "subject": "train.py:build_model",
        "interpreter": "env/bin/python",
        "verdict": verdict,
        "framework": FRAMEWORK,
        "model": MODEL,
        "inputs": INPUTS,
        "culprit": next(iter(found), None),
        "departures": found,
        "stages": stages,
        **parts,
    }
    return ParityReport(**every)  # type: ignore[arg-type]


REPORTS = {
    "parity-same": _report(
        ParityVerdict.SAME,
        stages=(
            StageResult(
                stage=ParityStage.FORWARD, inputs="batch 4", compared=7, outcomes={"same": 7}
            ),
        ),
        switched_off=(Reason(what="functional/dropout", why="random numbers differ"),),
    ),
    "parity-wrong": _report(
        ParityVerdict.WRONG, FAR, NOT_A_NUMBER, reproduction="parity_minimal.py"
    ),
    "parity-one-element": _report(ParityVerdict.WRONG, ONE_ELEMENT),
    "parity-not-deterministic": _report(ParityVerdict.NOT_DETERMINISTIC, UNSTEADY),
    "parity-not-a-number": _report(ParityVerdict.WRONG, NOT_A_NUMBER),
    "parity-died": _report(
        ParityVerdict.COULD_NOT_FINISH,
        model=None,
        failure=ParityFailure(
            kind="died",
            error="it was killed by SIGKILL",
            at="gradients (batch 4)",
            detail="Traceback\n  somewhere\n",
        ),
        untested=(Reason(what="functional/rnn/cell", why="in a loop", stage="forward"),),
    ),
}


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_reads_as_before(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    text = click.unstyle(render(REPORTS[name], width=100))
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_the_verdict_is_the_first_word(name: str) -> None:
    report = REPORTS[name]

    assert click.unstyle(render(report, width=80)).startswith(f"{report.verdict.value}: ")
