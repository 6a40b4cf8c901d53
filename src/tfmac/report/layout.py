"""The look that all text output shares: labels in a column, wrapped text, aligned tables.

Colour repeats what the words say already; click takes it out where it cannot be shown.
"""

import itertools
import textwrap
from collections.abc import Iterable, Sequence

import click

from tfmac.schema.findings import Severity

LABEL_WIDTH = 10

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def severity(value: Severity) -> str:
    """A severity as a coloured word."""
    return click.style(value.value, fg=_COLOURS[value], bold=True)


def strong(text: str) -> str:
    """Text that carries the answer."""
    return click.style(text, bold=True)


def labelled(label: str, texts: Iterable[str], *, width: int, indent: int = 2) -> list[str]:
    """Lay out texts beside a label that stands once, wrapped with a hanging indent."""
    lines: list[str] = []
    margin = " " * (indent + LABEL_WIDTH)
    for number, text in enumerate(texts):
        first = " " * indent + (label if number == 0 else "").ljust(LABEL_WIDTH)
        lines += _wrapped(text, first, margin, width)
    return lines


def verbatim(label: str, texts: Iterable[str], *, indent: int = 2) -> list[str]:
    """Lay out what is to be copied beside a label that stands once: no line is wrapped."""
    margins = itertools.chain([label], itertools.repeat(""))
    return [" " * indent + margin.ljust(LABEL_WIDTH) + text for margin, text in zip(margins, texts)]


def _wrapped(text: str, first: str, margin: str, width: int) -> list[str]:
    """Wrap each line of a text; long names are never broken, so that they can be copied."""
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        wrapped = textwrap.wrap(
            part.strip(),
            width=width,
            initial_indent=first if not lines else margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += wrapped or [first.rstrip() if not lines else ""]
    return lines


def table(rows: Sequence[Sequence[str]], *, indent: int = 2) -> list[str]:
    """Align columns by their longest cell; the last column is not padded."""
    if not rows:
        return []
    widths = [max(len(click.unstyle(row[i])) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(row, widths)
        ]
        lines.append((" " * indent + "  ".join([*cells, row[-1]])).rstrip())
    return lines


def counted(number: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def span(versions: Sequence[str]) -> str:
    """The first and the last of some versions."""
    if not versions:
        return "none"
    return versions[0] if len(versions) == 1 else f"{versions[0]}-{versions[-1]}"
