"""``pylock.toml`` (PEP 751): every file with its address and hash, for any installer."""

from tfmac.planner.emit.machines import marker_of
from tfmac.planner.emit.notes import notes
from tfmac.planner.emit.pins import heading
from tfmac.planner.emit.quoting import toml_string
from tfmac.schema.plans import Plan


def pylock_toml(plan: Plan) -> str:
    """Write a lock file for the plan's machine and Python; a plan without artifacts has none.

    The files of another machine are not in it, so it says for which it holds.
    """
    if plan.artifacts is None:
        raise ValueError("a lock file needs the plan's artifacts")
    lines = [
        heading(plan),
        *notes(plan),
        'lock-version = "1.0"',
        f"environments = [{toml_string(marker_of(plan.target))}]",
        f"requires-python = {toml_string(f'=={plan.python}.*')}",
        'created-by = "tfmac"',
        "",
        plan.artifacts.strip("\n"),
    ]
    return "\n".join(lines) + "\n"
