"""``requirements.txt``: exact pins, for pip and uv."""

from tfmac.planner.emit.notes import notes
from tfmac.planner.emit.pins import exact, heading
from tfmac.schema.plans import Plan


def requirements_txt(plan: Plan) -> str:
    """Write exact pins, and hashes where the plan has them."""
    lines = [heading(plan), *notes(plan)]
    for pin in plan.pins:
        hashes = [f"    --hash={digest}" for digest in pin.hashes]
        lines.append(" \\\n".join([exact(pin), *hashes]))
    return "\n".join(lines) + "\n"
