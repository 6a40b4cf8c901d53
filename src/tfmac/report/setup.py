"""The end of a set-up as text: the proof, and how to use the environment."""

import shlex
from collections.abc import Iterator

from tfmac.report import layout
from tfmac.report.diagnosis import render_findings
from tfmac.report.proof import render_proof
from tfmac.schema.reports import SetupReport


def render(report: SetupReport, *, width: int) -> str:
    """Lay out what was proved in a new environment, what was found in it, and how to use it."""
    lines: list[str] = []
    if report.diagnosis.probe is not None:
        lines += render_proof(report.diagnosis.probe, width=width)
    lines += render_findings(report.diagnosis.findings, width=width)
    verdict = "proved: it works" if report.proved else "NOT proved: see above"
    state = report.diagnosis.tensorflow.state.value
    lines += ["", layout.strong(f"{report.directory}: {verdict} ({state})"), ""]
    lines += layout.verbatim("activate", [_activation(report.directory)])
    lines += layout.verbatim("Jupyter", _jupyter(report.directory))
    lines += layout.verbatim("VS Code", [_editor(report.directory)])
    return "\n".join(lines) + "\n"


def _activation(directory: str) -> str:
    return f"source {shlex.quote(directory + '/bin/activate')}"


def _jupyter(directory: str) -> Iterator[str]:
    python = shlex.quote(f"{directory}/bin/python")
    name = directory.rstrip("/").rpartition("/")[2].strip(".") or "tensorflow"
    yield f"{python} -m pip install ipykernel"
    yield f"{python} -m ipykernel install --user --name {shlex.quote(name)}"


def _editor(directory: str) -> str:
    return f"Python: Select Interpreter, then {directory}/bin/python"
