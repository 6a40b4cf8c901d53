"""``constraints.txt``: what metadata lacks, for ``uv add --constraints`` and ``pip --constraint``.

It installs nothing and pins only what has to fit: a project's own choice stays free.
"""

from tfmac.planner.emit.bounds import bounds
from tfmac.planner.emit.pins import heading
from tfmac.planner.emit.quoting import comment
from tfmac.schema.plans import Plan


def constraints_txt(plan: Plan) -> str:
    """Write each constraint under its reason."""
    lines = [heading(plan)]
    for bound in bounds(plan):
        lines += [comment(bound.comment), bound.requirement]
    return "\n".join(lines) + "\n"
