"""A new environment as text: what was made, the proof, and how to use it."""

import shlex
from collections.abc import Iterator
from typing import Optional

from tfmac.report import layout
from tfmac.report.diagnosis import render_findings
from tfmac.report.proof import render_proof
from tfmac.schema.actions import Manager
from tfmac.schema.facts import EnvironmentKind
from tfmac.schema.reports import CreationReport, SetupReport


def render_made(report: CreationReport) -> str:
    """Lay out what was made, how to use it, and how to prove it."""
    made = f"{report.directory}: made by {report.manager.value}, {len(report.plan.pins)} packages"
    lines = [layout.strong(made), ""]
    lines += _usage(report.directory, report.kernel, conda=report.manager is Manager.CONDA)
    prove = f"tfmac doctor --deep --env {shlex.quote(report.directory)}"
    lines += layout.verbatim("prove", [prove])
    return "\n".join(lines) + "\n"


def render_proved(report: SetupReport, *, width: int) -> str:
    """Lay out what was proved in a new environment, what was found in it, and how to use it."""
    lines: list[str] = []
    if report.diagnosis.probe is not None:
        lines += render_proof(report.diagnosis.probe, width=width)
    lines += render_findings(report.diagnosis.findings, width=width)
    verdict = "proved: it works" if report.proved else "NOT proved: see above"
    state = report.diagnosis.state.value
    lines += ["", layout.strong(f"{report.directory}: {verdict} ({state})"), ""]
    conda = report.diagnosis.environment.kind == EnvironmentKind.CONDA.value
    lines += _usage(report.directory, report.kernel, conda=conda)
    return "\n".join(lines) + "\n"


def _usage(directory: str, kernel: Optional[str], *, conda: bool) -> Iterator[str]:
    yield from layout.verbatim("activate", [_activation(directory, conda=conda)])
    yield from layout.verbatim("Jupyter", [kernel] if kernel else _jupyter(directory))
    yield from layout.verbatim("VS Code", [_editor(directory)])


def _activation(directory: str, *, conda: bool) -> str:
    if conda:
        return f"conda activate {shlex.quote(directory)}"
    return f"source {shlex.quote(directory + '/bin/activate')}"


def _jupyter(directory: str) -> Iterator[str]:
    python = shlex.quote(f"{directory}/bin/python")
    name = directory.rstrip("/").rpartition("/")[2].strip(".") or "tensorflow"
    yield f"{python} -m pip install ipykernel"
    yield f"{python} -m ipykernel install --user --name {shlex.quote(name)}"


def _editor(directory: str) -> str:
    return f"Python: Select Interpreter, then {directory}/bin/python"
