"""A plan as a file for another tool."""

from tfmac.schema.plans import Plan


def requirements_text(plan: Plan) -> str:
    """A requirements file with exact pins, and hashes where the plan has them."""
    lines = [
        f"# {plan.stack.value} for {plan.target}, Python {plan.python}; made by tfmac plan",
    ]
    for pin in plan.pins:
        hashes = [f"    --hash={digest}" for digest in pin.hashes]
        lines.append(" \\\n".join([str(pin), *hashes]))
    return "\n".join(lines) + "\n"
