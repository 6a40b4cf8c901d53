"""The answer of ``tfmac check`` as text."""

from tfmac.report import layout
from tfmac.report.explanations import render_explanation
from tfmac.report.proof import render_proof
from tfmac.schema.device_check import CheckReport, CheckVerdict

_VERDICTS = {
    CheckVerdict.GPU: "the GPU computes, and what it computes is right",
    CheckVerdict.CPU: "the CPU computes, and what it computes is right; no GPU is listed",
    CheckVerdict.GPU_NOT_PROVED: "a GPU is listed and did not pass; the CPU computes rightly",
    CheckVerdict.NOT_WORKING: "it does not work",
}
_NEXT = {
    CheckVerdict.GPU: "tfmac bench shows from which batch size the GPU is faster",
    CheckVerdict.CPU: "tfmac doctor says why no GPU is there",
    CheckVerdict.GPU_NOT_PROVED: (
        "tfmac doctor says what is known, tfmac parity --ops what is wrong"
    ),
    CheckVerdict.NOT_WORKING: "tfmac doctor says what is wrong, tfmac fix repairs it",
}


def render(report: CheckReport, *, width: int) -> str:
    """Lay out a check for a terminal of ``width`` columns."""
    environment = report.environment
    python = f"Python {environment.python}" if environment.python else "Python unknown"
    lines = [
        *layout.labelled("looked at", [environment.root], width=width, indent=0),
        *layout.labelled("", [f"{python}, {environment.machine}"], width=width, indent=0),
        *layout.labelled("verdict", [_VERDICTS[report.verdict]], width=width, indent=0),
        "",
        *render_proof(report.proof, width=width),
    ]
    for place, cause in enumerate(report.causes):
        lines += ["", *render_explanation(cause, width=width, first=place == 0)]
    lines += ["", *layout.labelled("next", [_NEXT[report.verdict]], width=width, indent=0)]
    return "\n".join(lines) + "\n"
