"""``pixi.toml``: Python from conda-forge, the exact pins from the package index."""

from collections.abc import Iterator

from packaging.requirements import Requirement

from tfmac.planner.emit.machines import conda_platform
from tfmac.planner.emit.notes import built_notes
from tfmac.planner.emit.pins import exact, heading
from tfmac.planner.emit.quoting import toml_string
from tfmac.schema.plans import Plan
from tfmac.schema.platform import OperatingSystem


def pixi_toml(plan: Plan) -> str:
    """Write a workspace for the plan's machine."""
    lines = [
        heading(plan),
        *built_notes(plan),
        "[workspace]",
        f"name = {toml_string(plan.stack.value)}",
        f"channels = [{toml_string('conda-forge')}]",
        f"platforms = [{toml_string(conda_platform(plan.target))}]",
        *_system(plan),
        *_variables(plan),
        "",
        "[dependencies]",
        f"python = {toml_string(f'{plan.python}.*')}",
        "",
        "[pypi-dependencies]",
    ]
    for pin in plan.pins:
        requirement = Requirement(exact(pin))
        lines.append(f"{toml_string(requirement.name)} = {toml_string(str(requirement.specifier))}")
    return "\n".join(lines) + "\n"


def _system(plan: Plan) -> Iterator[str]:
    """Say the macOS: without it pixi takes wheels for its own default.

    Newer pixi has another place for it and reads this one too; older pixi reads only this one.
    """
    if plan.target.system is OperatingSystem.MACOS and plan.target.version is not None:
        version = ".".join([*plan.target.version.split("."), "0"][:2])
        yield from ("", "[system-requirements]", f"macos = {toml_string(version)}")


def _variables(plan: Plan) -> Iterator[str]:
    """Set the plan's variables in whatever runs in the workspace's environment."""
    if plan.variables:
        yield from ("", "[activation.env]")
        for one in plan.variables:
            yield f"{toml_string(one.name)} = {toml_string(one.value)}"
