"""What a log shows, as text."""

from collections.abc import Iterator

from tfmac.report import layout
from tfmac.schema.explanations import Explanation, ExplanationReport, Harmless, Quote, Step

_MOST_PATHS = 3
_TO_REPORT = (
    "if it is about TensorFlow, Keras or the GPU of a Mac, please report it with what "
    "`tfmac explain --share` prints"
)


def render(report: ExplanationReport, *, width: int) -> str:
    """Lay out the causes of a log, the decisive one first, or what was recognised."""
    lines: list[str] = []
    for place, one in enumerate(report.causes):
        lines += ["", *render_explanation(one, width=width, first=place == 0)]
    if not report.causes:
        lines += _nothing(report, width)
    for harmless in report.harmless:
        if harmless.cause not in {one.cause for one in report.causes}:
            lines += ["", *_harmless(harmless, width)]
    lines += ["", *_context(report, width)]
    return "\n".join(lines).lstrip("\n") + "\n"


def render_explanation(one: Explanation, *, width: int, first: bool) -> list[str]:
    """Lay out one cause; the others after the first are marked."""
    also = "" if first else "also: "
    lines = [f"{also}{layout.strong(one.cause)} ({one.confidence.value})"]
    lines += layout.labelled("what", [one.title], width=width)
    lines += layout.verbatim("shown by", map(_quoted, one.quotes))
    lines += layout.labelled("why", [one.why] if one.why else [], width=width)
    lines += layout.labelled("confirmed", [f"by {text}" for text in one.confirmed_by], width=width)
    for step in one.steps:
        lines += _step(step, width)
    lines += layout.labelled("see", one.references, width=width)
    return lines


def _quoted(quote: Quote) -> str:
    return f"line {quote.line}: {quote.text}"


def _step(step: Step, width: int) -> list[str]:
    text = step.text if step.condition is None else f"{_capital(step.condition)}: {step.text}"
    lines = layout.labelled("do", [text], width=width)
    lines += layout.verbatim("", step.commands)
    return lines + layout.verbatim("in code" if step.code else "", step.code)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _harmless(one: Harmless, width: int) -> list[str]:
    lines = [f"{layout.strong(one.cause)} (harmless)"]
    lines += layout.verbatim("lines", map(_quoted, one.quotes))
    return lines + layout.labelled("why", [one.why] if one.why else [], width=width)


def _nothing(report: ExplanationReport, width: int) -> list[str]:
    if report.ruled_out:
        names = ", ".join(report.ruled_out)
        said = f"what is installed here rules out what the text looks like: {names}"
    else:
        said = (
            "no cause that tfmac knows shows in this text; it may be a fault of the program itself"
        )
    return [
        layout.strong("no cause found"),
        *layout.labelled("", [said], width=width),
        *layout.labelled(
            "report",
            [_TO_REPORT],
            width=width,
        ),
    ]


def _context(report: ExplanationReport, width: int) -> list[str]:
    lines = [layout.strong("recognised")]
    shown = report.recognised
    rows = list(_recognised(report))
    for label, text in rows:
        lines += layout.labelled(label, [text], width=width)
    if not rows:
        lines += layout.labelled(
            "", [f"nothing in {layout.counted(report.lines, 'line')}"], width=width
        )
    paths = list(shown.paths[:_MOST_PATHS])
    lines += layout.verbatim("paths", paths)
    if report.causes:
        lines += layout.labelled("advice", [_advice_for(report)], width=width)
    return lines


def _recognised(report: ExplanationReport) -> Iterator[tuple[str, str]]:
    shown = report.recognised
    if shown.exceptions:
        yield "errors", ", ".join(shown.exceptions)
    if report.versions:
        yield (
            "versions",
            ", ".join(f"{name} {version}" for name, version in report.versions.items()),
        )
    if shown.keras is not None:
        yield "Keras", f"generation {shown.keras}, by the paths of the traceback"
    machine = shown.platform or shown.system
    if machine is not None:
        yield "machine", f"{machine}, macOS {shown.macos}" if shown.macos else machine


def _advice_for(report: ExplanationReport) -> str:
    if report.advice_for is None:
        return "no commands: neither the text nor an option says which machine they are for"
    if report.written_here:
        return f"for this machine, which wrote the text: {report.advice_for}"
    return f"for {report.advice_for}; the text does not prove which machine wrote it"
