"""What a repair changes, and what became of it, as text."""

from typing import Union

from tfmac.report import layout
from tfmac.schema.actions import (
    BuildPins,
    CreateEnvironment,
    ExchangePins,
    InstallPins,
    RegisterKernel,
    SetVariables,
)
from tfmac.schema.plans import Pin
from tfmac.schema.repairs import (
    Difference,
    RepairMode,
    RepairOutcome,
    RepairReport,
    UndoReport,
)

_OUTCOMES = {
    RepairOutcome.NOTHING_TO_DO: "nothing to repair",
    RepairOutcome.NO_PLAN: "no set of packages repairs it",
    RepairOutcome.PLANNED: "planned, not applied",
    RepairOutcome.VERIFIED: "verified",
    RepairOutcome.STILL_FAILING: "still failing",
    RepairOutcome.CHANGED_SOMETHING_ELSE: "changed something else",
}
_NOT_OURS = (
    "this Python belongs to the system or to other programs and is not changed; "
    "tfmac setup makes a new environment"
)


def render(report: RepairReport, *, width: int) -> str:
    """Lay out the outcome, what it was for, and what changed."""
    lines = [layout.strong(f"{report.environment}: {_OUTCOMES[report.outcome]}")]
    lines += layout.labelled("causes", report.causes, width=width)
    lines += render_differences(report)
    for conflict in report.conflicts:
        lines += layout.labelled("wishes", [" and ".join(conflict.wishes)], width=width)
        lines += layout.labelled("because", [conflict.reason], width=width)
    lines += layout.labelled("left", report.reasons, width=width)
    if report.after is not None:
        found = [f"{one.severity.value}: {one.cause}" for one in report.after.findings]
        state = report.after.state.value
        what = "TensorFlow" if report.after.keras is None else "Keras"
        lines += layout.labelled("now", [f"{what}: {state}", *found], width=width)
    if report.outcome is RepairOutcome.PLANNED and report.mode is RepairMode.NEW:
        lines += layout.labelled(
            "next",
            [_NOT_OURS],
            width=width,
        )
    elif report.after is not None:
        lines += layout.verbatim("undo", [f"tfmac undo --env {report.environment}"])
    return "\n".join(lines) + "\n"


def render_differences(report: RepairReport) -> list[str]:
    """List what changes, before and after."""
    rows = [
        (_sign(one), one.name, one.before or "-", one.after or "-") for one in report.differences
    ]
    header = [("", "distribution", "before", "after")] if rows else []
    return layout.table([*header, *rows])


def _sign(difference: Difference) -> str:
    if difference.before is None:
        return "+"
    if difference.after is None:
        return "-"
    return "~" if difference.before != difference.after else "="


def render_actions(report: RepairReport) -> str:
    """Name the actions one by one, exactly as they would be carried out."""
    in_place = any(isinstance(action, BuildPins) for action in report.actions)
    lines = []
    for action in report.actions:
        if isinstance(action, CreateEnvironment):
            lines += [_creation(action, in_place=in_place)]
        else:
            lines += _described(action)
    for action in report.actions:
        if isinstance(action, CreateEnvironment):
            lines += _completion(action, in_place=in_place)
    return "\n".join(lines) + "\n"


def _creation(action: CreateEnvironment, *, in_place: bool) -> str:
    if in_place:
        return f"set {action.path} aside, and make an environment in its place, on {action.python}"
    return f"make an environment for {action.path} beside it, on {action.python}"


def _completion(action: CreateEnvironment, *, in_place: bool) -> list[str]:
    """Say what is done with a new environment when all else is done."""
    return [
        "use it: import TensorFlow, place a product, fit, save and load a small model",
        f"keep what was set aside of {action.path} for tfmac undo"
        if in_place
        else f"let it take the place of {action.path}, which is kept for tfmac undo",
    ]


def _described(
    action: Union[InstallPins, BuildPins, SetVariables, ExchangePins, RegisterKernel],
) -> list[str]:
    if isinstance(action, InstallPins):
        return ["install into it, and nothing else:", *_listed(action.pins)]
    if isinstance(action, BuildPins):
        return ["build against what is installed there, and install:", *_listed(action.pins)]
    if isinstance(action, SetVariables):
        variables = [f"  {variable}" for variable in action.variables]
        return ["set for every Python program there, where it is not set already:", *variables]
    if isinstance(action, RegisterKernel):
        return [f"let Jupyter offer {action.environment} as the kernel {action.name}"]
    lines = [f"remove from {action.environment}: {', '.join(action.removed)}"]
    lines = lines if action.removed else []
    again = set(action.again)
    pins = [f"  {pin}{' (again)' if pin.name in again else ''}" for pin in action.pins]
    return [*lines, f"install into {action.environment}, and nothing else:", *pins]


def _listed(pins: tuple[Pin, ...]) -> list[str]:
    return [f"  {pin}" for pin in pins]


def render_undo(report: UndoReport) -> str:
    """Say what is in place now."""
    return f"{report.environment}: {report.statement}\n"
