"""``environment.yml``: Python from conda-forge, the exact pins through pip.

Neither TensorFlow for ARM Macs with its plug-in nor the versions of a plan are sure to be conda
packages, and mixing both kinds moves pins. So conda brings the interpreter alone.
"""

from tfmac.planner.emit.notes import built_notes
from tfmac.planner.emit.pins import exact, heading
from tfmac.planner.emit.quoting import yaml_string
from tfmac.schema.plans import Plan


def environment_yml(plan: Plan) -> str:
    """Write the environment; ``conda env create -n NAME`` gives it another name."""
    lines = [
        heading(plan),
        *built_notes(plan),
        f"name: {yaml_string(plan.stack.value)}",
        "channels:",
        f"  - {yaml_string('conda-forge')}",
        f"  - {yaml_string('nodefaults')}",
        "dependencies:",
        f"  - {yaml_string(f'python={plan.python}')}",
        f"  - {yaml_string('pip')}",
    ]
    if plan.pins:
        lines.append("  - pip:")
    lines += [f"      - {yaml_string(exact(pin))}" for pin in plan.pins]
    if plan.variables:
        lines.append("variables:")
    lines += [f"  {yaml_string(one.name)}: {yaml_string(one.value)}" for one in plan.variables]
    return "\n".join(lines) + "\n"
