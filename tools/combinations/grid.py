"""Outcomes by TensorFlow minor and by version: what was run, and what lies between agreeing runs.

A row is a TensorFlow minor; its cells are the versions that were run beside any minor and the
gaps between them. The rules, which never guess:

- A cell that was run has the outcome that was seen; a cell in which runs disagree has none.
- Cells between two neighbours that were run in the same row have their outcome if both agree.
- A cell that is still unknown has the outcome of the nearest known cells of earlier and later
  minors if both agree; but not where a package is released along with TensorFlow, so that its
  versions mean another thing beside each minor.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Optional

from packaging.version import Version
from tools.combinations.bisection import breaks
from tools.combinations.settings import minor

from tfmac.schema.combinations import Combination
from tfmac.schema.knowledge import Step


class Cell(NamedTuple):
    """An outcome, with the positions of the runs that it rests on.

    ``kind`` is None where runs disagree: that is known, too, and nothing is put in its place.
    """

    kind: Optional[Step]
    runs: frozenset[int]


Row = list[Optional[Cell]]


class Grid(NamedTuple):
    """Versions oldest first, and a row of ``2 * len(versions) - 1`` cells for each minor."""

    versions: tuple[str, ...]
    rows: dict[tuple[int, int], Row]


def kind(step: Step) -> Step:
    """Give what neighbours are compared by: a broken import breaks the fit as well."""
    return Step.FIT if breaks(step) else step


RELEASE_TRAIN = frozenset({"keras", "tf-keras", "tensorboard", "tensorflow-estimator"})
"""Packages of which a release belongs to a TensorFlow minor."""


def grid(runs: Sequence[tuple[int, Combination]]) -> Grid:
    """Make the grid of one package from its runs; each comes with its position."""
    versions = tuple(sorted({one.version for _, one in runs if one.version}, key=Version))
    rows: dict[tuple[int, int], Row] = {}
    for number in sorted({minor(one.tensorflow) for _, one in runs}):
        here = [(place, one) for place, one in runs if minor(one.tensorflow) == number]
        rows[number] = _row(versions, here)
    if any(one.package in RELEASE_TRAIN for _, one in runs):
        return Grid(versions, rows)
    return Grid(versions, _between_minors(rows, 2 * len(versions) - 1))


def agreed(runs: Iterable[tuple[int, Combination]]) -> Optional[Cell]:
    """Give the one outcome of some runs, or None when there are none."""
    several = tuple(runs)
    if not several:
        return None
    kinds = {kind(one.step) for _, one in several}
    return Cell(kinds.pop() if len(kinds) == 1 else None, frozenset(place for place, _ in several))


def _row(versions: Sequence[str], runs: Sequence[tuple[int, Combination]]) -> Row:
    row: Row = [None] * (2 * len(versions) - 1)
    measured: list[int] = []
    for place, version in enumerate(versions):
        same = [(number, one) for number, one in runs if one.version == version]
        if same:
            row[2 * place] = agreed(same)
            measured.append(2 * place)
    for left, right in zip(measured, measured[1:]):
        between = common(row[left], row[right])
        for place in range(left + 1, right):
            row[place] = between
    return row


def common(one: Optional[Cell], other: Optional[Cell]) -> Optional[Cell]:
    """Give what two cells agree on."""
    if one is None or other is None or one.kind is None or one.kind is not other.kind:
        return None
    return Cell(one.kind, one.runs | other.runs)


def _between_minors(rows: Mapping[tuple[int, int], Row], width: int) -> dict[tuple[int, int], Row]:
    """Fill what is unknown from the nearest known cells of an earlier and a later minor."""
    if not rows:
        return {}
    first, last = min(rows), max(rows)
    filled: dict[tuple[int, int], Row] = {}
    for second in range(first[1], last[1] + 1):
        number = (first[0], second)
        own = rows.get(number, [None] * width)
        filled[number] = [
            own[place]
            or common(_nearest(rows, number, place, -1), _nearest(rows, number, place, 1))
            for place in range(width)
        ]
    return filled


def _nearest(
    rows: Mapping[tuple[int, int], Row], number: tuple[int, int], place: int, direction: int
) -> Optional[Cell]:
    numbers = sorted(rows, reverse=direction < 0)
    beyond = [one for one in numbers if (one > number) == (direction > 0) and one != number]
    return next((cell for one in beyond if (cell := rows[one][place]) is not None), None)
