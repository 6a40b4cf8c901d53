"""A plan, or why there is none, as text."""

from tfmac.report import layout
from tfmac.schema.plans import Alternative
from tfmac.schema.reports import NoPlanDocument, PlanDocument

# Shown with their versions in the first lines; the others are counted and listed below.
_LEADING = (
    *("tensorflow", "tensorflow-macos", "tensorflow-metal", "tensorflow-metal-plugin"),
    *("torch", "jax", "keras", "tf-keras", "numpy"),
)


def render_plan(plan: PlanDocument, *, width: int) -> str:
    """Lay out a plan: the set, why, what was left, and all pins."""
    device = "with the GPU" if plan.gpu else "on the CPU"
    lines = [layout.strong(f"plan for {plan.target}: {plan.stack.value}, {device}"), ""]
    python = f"{plan.python} ({plan.interpreter})" if plan.interpreter else plan.python
    rows = [("Python", python)]
    pins = {pin.name: pin.version for pin in plan.pins}
    rows += [(name, pins[name]) for name in _LEADING if name in pins]
    rows += [("built here", name) for name in plan.built]
    rows += [("variable", str(one)) for one in plan.variables]
    lines += layout.table(rows)
    lines += ["", *layout.labelled("why", _statements(plan), width=width)]
    lines += layout.labelled(
        "rejected",
        [
            f"{one.stack}: {one.reason}" + (f" (cause {one.cause})" if one.cause else "")
            for one in plan.rejected
        ],
        width=width,
    )
    lines += layout.labelled(
        "also fits", [_alternative(one) for one in plan.alternatives], width=width
    )
    others = [f"{name}=={version}" for name, version in pins.items() if name not in _LEADING]
    lines += layout.labelled(
        f"and {len(others)}", [" ".join(others)] if others else [], width=width
    )
    return "\n".join(lines) + "\n"


def _alternative(one: Alternative) -> str:
    """Say what another stack is and what speaks for and against it; the sources are in the JSON."""
    device = "GPU" if one.gpu else "CPU"
    resolved = "" if one.resolved else ", not resolved"
    said = "".join(f"; {reason.statement}" for reason in one.reasons)
    return f"{one.title} (--stack {one.stack.value}, {device}{resolved}){said}"


def _statements(plan: PlanDocument) -> list[str]:
    return [f"{one.statement} [{one.source}]" for one in plan.rationale]


def render_no_plan(answer: NoPlanDocument, *, width: int) -> str:
    """Lay out the wishes that collide and the nearest way out."""
    lines = [layout.strong(f"no plan for {answer.target}")]
    for conflict in answer.conflicts:
        lines += layout.labelled("wishes", [" and ".join(conflict.wishes)], width=width)
        lines += layout.labelled("because", [conflict.reason], width=width)
        if conflict.cause:
            lines += layout.labelled("cause", [conflict.cause], width=width)
    if answer.nearest:
        lines += layout.labelled("nearest", [answer.nearest], width=width)
    return "\n".join(lines) + "\n"
