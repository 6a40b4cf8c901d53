"""The report of ``tfmac bench`` as its user sees it; see test_golden.py for how to renew it."""

import io
import os
from pathlib import Path

import click
import msgspec
import pytest

from builders.bench_reports import CPU, GPU, TORCH_CPU, TORCH_GPU, report, timings
from tfmac.report.bench import render
from tfmac.report.plots import Line, plot
from tfmac.schema.bench import BenchReport, Mode, NotTimed

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "timings"
FOUR = (GPU, CPU, TORCH_GPU, TORCH_CPU)
NO_GPU = msgspec.structs.replace(
    GPU,
    device="gpu",
    described="",
    version="",
    failure=NotTimed(
        kind="no-such-device",
        error="NoSuchDevice: tensorflow has no device 'gpu' here; there are: CPU:0",
    ),
)

REPORTS = {
    "bench": report(
        timings(
            {1: 5.0, 8: 5.1, 32: 5.3, 128: 6.1, 512: None},
            {1: 0.9, 8: 1.6, 32: 5.2, 128: 19.0, 512: 77.0},
            configurations=FOUR,
        ),
        timings(
            {1: 2.0, 8: 2.0, 32: 2.1, 128: 2.4, 512: 3.9},
            {1: 0.3, 8: 0.5, 32: 1.6, 128: 6.0, 512: 24.0},
            mode=Mode.PREDICT,
            configurations=FOUR,
        ),
    ),
    "bench-no-gpu": report(
        timings({1: None}, {1: 0.9}, configurations=(NO_GPU, CPU)), finished=False
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_before(name: str) -> None:
    """The text is the one in the file, colour taken out."""
    text = click.unstyle(render(REPORTS[name], width=100))

    path = GOLDEN / f"{name}.txt"
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_survives_json(name: str) -> None:
    """What is written as JSON is read as the same report."""
    data = msgspec.json.encode(REPORTS[name])

    assert msgspec.json.decode(data, type=BenchReport) == REPORTS[name]


def test_points_of_a_plot_stand_where_they_belong() -> None:
    """A larger value is higher, a larger size further right; equal points share a star."""
    rising = Line(name="rising", points=((1, 10.0), (4, 1000.0)))
    flat = Line(name="flat", points=((1, 10.0), (4, 10.0)))

    drawn = plot([rising, flat], width=40, height=5)

    assert drawn[0].endswith("A")
    assert [row.rstrip()[-1] for row in drawn[:5]].count("B") == 1
    assert drawn[4].count("*") == 1
    assert drawn[4].index("*") < drawn[0].index("A")
    assert drawn[-1].split() == ["A", "rising", "B", "flat"]


def test_nothing_is_drawn_of_nothing() -> None:
    """Lines without points have no plot."""
    assert plot([Line(name="empty", points=())], width=40) == []


# The last matplotlib for Python 3.9 calls what a later pyparsing has renamed.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_picture_is_drawn() -> None:
    """Where matplotlib is, the picture is a PNG of some size, for a partial report too."""
    pytest.importorskip("matplotlib", reason="matplotlib is an extra")
    from tfmac.api.timing import draw_bench

    for one in REPORTS.values():
        stream = io.BytesIO()
        draw_bench(one, stream)
        assert stream.getvalue().startswith(b"\x89PNG")
        assert len(stream.getvalue()) > 10_000
