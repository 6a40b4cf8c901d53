"""What goes with what, as text and as Markdown."""

from collections.abc import Sequence
from typing import Optional

from tfmac.report import layout
from tfmac.schema.abi import AbiAnswer, AbiMatrix, AbiVerdict, StackMatrix, StackRow

_SIGNS = {
    AbiVerdict.LOADS: "yes",
    AbiVerdict.CANNOT_LOAD: "no",
    AbiVerdict.LOADS_BUT_UNSAFE: "unsafe",
    AbiVerdict.UNKNOWN: "?",
}
_MOST_NAMES = 5
LEGEND = (
    "yes: the loader accepts it; no: it cannot load; unsafe: it loads, and something stands "
    "against it; ?: unknown. tfmac knowledge abi tells why."
)

Table = Sequence[Sequence[str]]


def render_abi(answer: AbiAnswer, *, width: int) -> str:
    """Lay out one verdict with its reasons and sources."""
    lines = [
        layout.strong(f"{answer.extension} in {answer.framework}: {answer.verdict.value}")
        + f" ({answer.strength.value})"
    ]
    if answer.carrier is not None:
        lines += layout.labelled("code", [f"{answer.carrier} carries it"], width=width)
    lines += layout.labelled("because", answer.reasons, width=width)
    lines += layout.verbatim("message", answer.message.splitlines() if answer.message else [])
    lines += layout.verbatim("libraries", answer.unresolved_libraries)
    names = answer.missing_symbols[:_MOST_NAMES]
    more = len(answer.missing_symbols) - len(names)
    lines += layout.verbatim("names", [*names, *([f"and {more} more"] if more else [])])
    pythons = ", ".join(answer.common_python) or "none has wheels of both"
    lines += layout.labelled("Python", [pythons], width=width)
    lines += layout.labelled("macOS", [answer.minimum_macos or "unknown"], width=width)
    lines += layout.verbatim("sources", [source.name for source in answer.sources])
    return "\n".join(lines) + "\n"


def stack_table(matrix: StackMatrix) -> Table:
    """What goes with each TensorFlow release, with a row of headings."""
    names = sorted({name for row in matrix.rows for name in row.requires})
    head = ("TensorFlow", "Python", "macOS", *names, "tensorflow-metal", "its Python")
    return [head, *(_stack_cells(row, names) for row in matrix.rows)]


def _stack_cells(row: StackRow, names: Sequence[str]) -> tuple[str, ...]:
    plugin = row.plugin.partition("==")[2] if row.plugin else "none"
    unsafe = row.plugin_verdict is AbiVerdict.LOADS_BUT_UNSAFE
    return (
        row.tensorflow.replace("==", " "),
        layout.span(row.pythons),
        row.minimum_macos or "any",
        *(_bounds(row.requires.get(name)) for name in names),
        f"{plugin} (unsafe)" if unsafe else plugin,
        layout.span(row.plugin_pythons) if row.plugin else "-",
    )


def _bounds(specifier: Optional[str]) -> str:
    """The bounds alone: single excluded releases make no table readable."""
    if specifier is None:
        return "-"
    clauses = [one for one in specifier.split(",") if one and not one.startswith("!=")]
    return ",".join(clauses) or "any"


def pair_table(matrix: AbiMatrix) -> Table:
    """All verdicts: a row for each framework, newest first, a column for each extension."""
    columns = list(dict.fromkeys(pair.extension for pair in matrix.pairs))
    rows = list(dict.fromkeys(pair.framework for pair in matrix.pairs))
    found = {(pair.framework, pair.extension): pair.verdict for pair in matrix.pairs}
    head = (matrix.extension, *(name.partition("==")[2] for name in columns))
    return [
        head,
        *(
            (row.replace("==", " "), *(_SIGNS[found[row, column]] for column in columns))
            for row in reversed(rows)
        ),
    ]


def as_text(table: Table) -> str:
    """Align a table's columns."""
    return "\n".join(layout.table(table, indent=0)) + "\n"


def as_markdown(table: Table) -> str:
    """Write a table for a Markdown page."""
    head, *rows = table
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
