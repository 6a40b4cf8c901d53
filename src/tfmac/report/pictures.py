"""A report of ``tfmac bench`` as a picture, by matplotlib (the extra ``tfmac[plots]``)."""

from typing import BinaryIO

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tfmac.schema.bench import BenchReport, Mode, Point

# Told apart by those who do not see red and green, and by their marks.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKS = ("o", "s", "^", "D", "v", "P")
_DASHES = {"CPU": "--", "GPU": "-"}


def draw(report: BenchReport, stream: BinaryIO) -> None:
    """Draw samples a second against the batch size: a column for each model, a row for each mode.

    Lines are medians, bands their bounds.
    """
    timed = [point for point in report.points if point.step_seconds is not None]
    models = list(dict.fromkeys(point.model for point in report.points)) or [""]
    modes = list(dict.fromkeys(point.mode for point in report.points)) or [Mode.FIT]
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(1 + 4 * len(models), 1 + 3 * len(modes)), layout="constrained")
        axes = figure.subplots(len(modes), len(models), squeeze=False, sharex=True)
        for row, mode in enumerate(modes):
            for column, model in enumerate(models):
                chosen = [one for one in timed if (one.model, one.mode) == (model, mode)]
                _panel(axes[row][column], report, chosen)
                axes[row][column].set_title(f"{model}: {mode.value}")
            axes[row][0].set_ylabel("samples per second")
        for column in range(len(models)):
            axes[-1][column].set_xlabel("batch size")
        figure.savefig(stream, format="png", dpi=150)


def _panel(axes: Axes, report: BenchReport, points: list[Point]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.grid(visible=True, which="both", alpha=0.25)
    sizes = sorted({one.batch for one in report.points})
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.minorticks_off()
    for number, one in enumerate(report.configurations):
        mine = sorted(
            (p for p in points if (p.backend, p.device) == (one.backend, one.device)),
            key=lambda point: point.batch,
        )
        if mine:
            _line(axes, f"{one.backend} {one.device}", mine, number)
    if points:
        axes.legend(fontsize=8)
    else:
        axes.text(0.5, 0.5, "nothing timed", ha="center", va="center", transform=axes.transAxes)


def _line(axes: Axes, name: str, points: list[Point], number: int) -> None:
    sizes = [point.batch for point in points]
    spreads = [point.step_seconds for point in points if point.step_seconds is not None]
    colour = _COLOURS[number % len(_COLOURS)]
    axes.plot(
        sizes,
        [size / spread.median for size, spread in zip(sizes, spreads)],
        label=name,
        color=colour,
        marker=_MARKS[number % len(_MARKS)],
        markersize=4,
        linestyle=_DASHES.get(name.rpartition(" ")[2][:3], "-"),
    )
    axes.fill_between(
        sizes,
        [size / spread.upper for size, spread in zip(sizes, spreads)],
        [size / spread.lower for size, spread in zip(sizes, spreads)],
        color=colour,
        alpha=0.2,
        linewidth=0,
    )
