"""A diagnosis as text."""

from collections.abc import Iterable, Iterator, Sequence

from tfmac.report import layout
from tfmac.report.proof import render_proof
from tfmac.schema.findings import Constraint, ConstraintKind, Evidence, Finding, Outcome, Severity
from tfmac.schema.reports import Diagnosis, TensorFlowState

_STATES = {
    TensorFlowState.ABSENT: "is not installed",
    TensorFlowState.CANNOT_LOAD: "cannot load",
    TensorFlowState.NO_GPU: "nothing is known that keeps it from working, on the CPU",
    TensorFlowState.GPU_UNPROVED: "loads as far as is known; only a run (--deep) proves the GPU",
    TensorFlowState.PROVED: "works, and the GPU is proved",
}

# With an error that does not keep the import from succeeding.
_WITH_ERRORS = {
    TensorFlowState.NO_GPU: "loads as far as is known, with what is wrong below",
    TensorFlowState.GPU_UNPROVED: "loads as far as is known, with what is wrong below",
}
# What the same states mean after TensorFlow was really used.
_PROBED = {
    TensorFlowState.NO_GPU: "was used on the CPU; it lists no GPU",
    TensorFlowState.GPU_UNPROVED: "lists a GPU that is not proved",
}
_DIED = dict.fromkeys(
    (TensorFlowState.NO_GPU, TensorFlowState.GPU_UNPROVED, TensorFlowState.PROVED),
    "was imported and died when it was used",
)


def render(diagnosis: Diagnosis, *, width: int) -> str:
    """Lay out a diagnosis for a terminal of ``width`` columns."""
    lines = _head(diagnosis, width)
    lines += render_findings(diagnosis.findings, width=width)
    if diagnosis.probe is not None:
        lines += ["", *render_proof(diagnosis.probe, width=width)]
    lines += ["", *_tail(diagnosis, width)]
    return "\n".join(lines) + "\n"


def render_findings(findings: Iterable[Finding], *, width: int) -> list[str]:
    """Lay out findings one below the other, each after an empty line."""
    return [line for finding in findings for line in ("", *_finding(finding, width))]


def _head(diagnosis: Diagnosis, width: int) -> list[str]:
    environment, tensorflow = diagnosis.environment, diagnosis.tensorflow
    python = f"Python {environment.python}" if environment.python else "Python unknown"
    names = [*tensorflow.distributions, *filter(None, [tensorflow.plugin])]
    if diagnosis.keras is not None:
        names = [*diagnosis.keras.distributions]
    state = _STATES[diagnosis.state]
    if any(one.severity is Severity.ERROR for one in diagnosis.findings):
        state = _WITH_ERRORS.get(diagnosis.state, state)
    if diagnosis.probe is not None:
        probed = _PROBED if diagnosis.probe.death is None else _DIED
        state = probed.get(diagnosis.state, state)
    what = f"{' + '.join(names)}: {state}" if names else f"TensorFlow {state}"
    return [
        *layout.labelled("looked at", [environment.root], width=width, indent=0),
        *layout.labelled(
            "",
            [f"{environment.kind}, {python}, {environment.machine}; {environment.chosen_because}"],
            width=width,
            indent=0,
        ),
        *layout.labelled("found", [what], width=width, indent=0),
    ]


def _finding(finding: Finding, width: int) -> list[str]:
    lines = [f"{layout.severity(finding.severity)}: {layout.strong(finding.message)}"]
    confidence = finding.confidence.value
    lines += layout.labelled("cause", [f"{finding.cause} ({confidence})"], width=width)
    lines += layout.labelled("seen", _evidence(finding.evidence), width=width)
    lines += layout.labelled("change", map(_constraint, finding.constraints), width=width)
    lines += layout.labelled("see", finding.references, width=width)
    return lines


def _evidence(evidence: Sequence[Evidence]) -> Iterator[str]:
    """Each statement, with its source once where several in a row have the same."""
    for one, following in zip(evidence, [*evidence[1:], None]):
        same = following is not None and following.source == one.source
        yield one.statement if same else f"{one.statement} [{one.source}]"


_VERBS = {
    ConstraintKind.REQUIREMENT: "",
    ConstraintKind.REMOVE: "remove ",
    ConstraintKind.PYTHON: "Python ",
    ConstraintKind.ARCHITECTURE: "architecture ",
    ConstraintKind.MACOS: "macOS ",
    ConstraintKind.VARIABLE: "variable ",
}


def _constraint(constraint: Constraint) -> str:
    return f"{_VERBS[constraint.kind]}{constraint.value} ({constraint.reason})"


def _tail(diagnosis: Diagnosis, width: int) -> list[str]:
    counts = [
        layout.counted(sum(one.severity is value for one in diagnosis.findings), value.value)
        for value in Severity
    ]
    ran = sum(one.outcome is Outcome.RAN for one in diagnosis.outcomes)
    lines = [f"{', '.join(counts)}; {layout.counted(ran, 'check')} ran"]
    for outcome in (Outcome.SKIPPED, Outcome.CRASHED):
        texts = [
            f"{one.check}: {one.reason}" for one in diagnosis.outcomes if one.outcome is outcome
        ]
        lines += layout.labelled(outcome.value, texts, width=width, indent=0)
    lines += layout.labelled("next", _next(diagnosis), width=width, indent=0)
    return lines


def _next(diagnosis: Diagnosis) -> Iterator[str]:
    """What to do now; a page for each cause, and a way out when something cannot work."""
    errors = [one for one in diagnosis.findings if one.severity is Severity.ERROR]
    for cause in dict.fromkeys(one.cause for one in diagnosis.findings):
        yield f"tfmac cause {cause}"
    if errors or diagnosis.state is TensorFlowState.ABSENT:
        yield "tfmac setup DIR  makes a right environment in a folder of its own"
