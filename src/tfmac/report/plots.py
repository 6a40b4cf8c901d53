"""A plot of a few lines in characters: logarithmic axes, one letter a line."""

import math
from collections.abc import Sequence

import msgspec

_MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHARED = "*"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A named line through points (x, y), both above zero."""

    name: str
    points: tuple[tuple[float, float], ...]


def plot(lines: Sequence[Line], *, width: int, height: int = 12, unit: str = "") -> list[str]:
    """Draw lines; their points bear a letter, dots lead from one to the next.

    Where points of several lines fall on one place a star stands. Nothing is drawn of nothing.
    """
    lines = [line for line in lines if line.points]
    if not lines:
        return []
    xs = sorted({x for line in lines for x, _ in line.points})
    ys = [y for line in lines for _, y in line.points]
    bottom, top = _decades(min(ys), max(ys))
    labels = [_label(value) for value in _ticks(bottom, top)]
    margin = max(map(len, labels)) + 4
    grid = _Grid(xs, (bottom, top), columns=max(20, width - margin), rows=height)
    for line in lines:
        grid.connect(line.points)
    for mark, line in zip(_MARKS, lines):
        grid.mark(mark, line.points)
    drawn = grid.text(dict(zip(_ticks(bottom, top), labels)), margin)
    legend = [f"{mark} {line.name}" for mark, line in zip(_MARKS, lines)]
    said = "   ".join(legend)
    return [*([" " * (margin - 2) + unit] if unit else []), *drawn, " " * margin + said]


class _Grid:
    def __init__(
        self, xs: Sequence[float], bounds: tuple[float, float], *, columns: int, rows: int
    ) -> None:
        self._xs = xs
        self._low, self._high = (math.log10(one) for one in bounds)
        self._columns = columns
        self._rows = rows
        self._cells = [[" "] * columns for _ in range(rows)]

    def column(self, x: float) -> int:
        """Return the column of a batch size, by its logarithm."""
        first, last = math.log(self._xs[0]), math.log(self._xs[-1])
        share = (math.log(x) - first) / (last - first) if last > first else 0.5
        return round(share * (self._columns - 1))

    def row(self, y: float) -> int:
        """Return the row of a value, by its logarithm; the first row is the top."""
        share = (math.log10(y) - self._low) / (self._high - self._low)
        return round((1 - share) * (self._rows - 1))

    def connect(self, points: Sequence[tuple[float, float]]) -> None:
        """Lead dots from point to point."""
        ordered = sorted(points)
        for (x0, y0), (x1, y1) in zip(ordered, ordered[1:]):
            start, end = self.column(x0), self.column(x1)
            for column in range(start + 1, end):
                share = (column - start) / (end - start)
                y = math.exp(math.log(y0) + share * (math.log(y1) - math.log(y0)))
                self._cells[self.row(y)][column] = "·"

    def mark(self, mark: str, points: Sequence[tuple[float, float]]) -> None:
        """Put a line's letter on its points."""
        for x, y in points:
            row, column = self.row(y), self.column(x)
            there = self._cells[row][column]
            self._cells[row][column] = mark if there in {" ", "·"} else _SHARED

    def text(self, ticks: "dict[float, str]", margin: int) -> list[str]:
        """Return the rows with the axes."""
        named = {self.row(value): label for value, label in ticks.items()}
        lines = []
        for number, cells in enumerate(self._cells):
            axis = "┤" if number in named else "│"
            lines.append(f"{named.get(number, ''):>{margin - 2}} {axis}{''.join(cells)}".rstrip())
        corner = " " * (margin - 1) + "└" + "─" * self._columns
        return [*lines, corner, self._below(margin)]

    def _below(self, margin: int) -> str:
        """Return the line with the batch sizes; one that has no place is left out."""
        row = [" "] * (margin + self._columns)
        free = 0
        for x in self._xs:
            label = f"{x:g}"
            start = min(margin + self.column(x), len(row) - len(label))
            if start >= free:
                row[start : start + len(label)] = label
                free = start + len(label) + 1
        return "".join(row).rstrip()


def _decades(low: float, high: float) -> tuple[float, float]:
    """Return whole powers of ten around the values."""
    bottom = math.floor(math.log10(low))
    top = math.ceil(math.log10(high))
    return 10.0**bottom, 10.0 ** max(top, bottom + 1)


def _ticks(bottom: float, top: float) -> list[float]:
    first, last = round(math.log10(bottom)), round(math.log10(top))
    return [10.0**power for power in range(first, last + 1)]


def _label(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
