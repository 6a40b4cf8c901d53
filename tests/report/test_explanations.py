"""Explanations as text."""

import os
from pathlib import Path

import click
import pytest

from tfmac.report import explanations
from tfmac.schema.explanations import (
    Explanation,
    ExplanationReport,
    Harmless,
    Quote,
    Recognised,
    Step,
)
from tfmac.schema.findings import Confidence

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "explanations"
WIDTH = 90
CAUSE = Explanation(
    cause="numpy-2-with-numpy-1-binaries",
    title="NumPy 2 is installed beside extension modules that were compiled for NumPy 1.",
    confidence=Confidence.CERTAIN,
    quotes=(Quote(line=12, text="ValueError: numpy.dtype size changed, " + "x" * 60),),
    why="NumPy 2 changed what compiled extensions see of it.",
    steps=(
        Step(
            text="Keep NumPy below 2.",
            condition="with tensorflow <2.18",
            commands=("/env/bin/python -m pip install tensorflow==2.15.1 'numpy<2'",),
        ),
        Step(text="Or say so in the program.", condition="otherwise", code=("import numpy",)),
    ),
    constraints=(),
    references=("https://example.com/1",),
    confirmed_by=("what is installed",),
)
HARMLESS = Harmless(
    cause="harmless-startup-lines",
    quotes=(Quote(line=1, text="Could not identify NUMA node"),),
    why="These lines only tell what was found.",
)
RECOGNISED = Recognised(
    exceptions=("ValueError",),
    paths=("/env/lib/python3.12/site-packages",),
    keras=3,
    system="macos",
    platform="macos-arm64",
    macos="14.2",
)
NOTHING = Recognised(exceptions=(), paths=(), keras=None, system=None, platform=None, macos=None)


def report(
    *causes: Explanation, recognised: Recognised = RECOGNISED, here: bool = False
) -> ExplanationReport:
    return ExplanationReport(
        schema_version=1,
        tfmac="test",
        lines=20,
        causes=causes,
        harmless=(HARMLESS,) if causes else (),
        versions={"python": "3.12.4", "numpy": "2.0.1"} if causes else {},
        recognised=recognised,
        written_here=here,
        advice_for="macos-14.2-arm64, Python 3.12",
    )


REPORTS = {
    "cause": report(CAUSE),
    "two-causes-here": report(CAUSE, CAUSE, here=True),
    "nothing": report(recognised=NOTHING),
}


@pytest.mark.parametrize("name", REPORTS)
def test_an_explanation_looks_as_it_did(name: str) -> None:
    """The plain text is that of the file, so that a change is seen and meant."""
    path = GOLDEN / f"{name}.txt"
    text = click.unstyle(explanations.render(REPORTS[name], width=WIDTH))
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
