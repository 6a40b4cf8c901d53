"""A fragment of ``pyproject.toml``: one file for Macs and Linux, locked by uv.

The plug-in is asked for where it exists, TensorFlow under the name that it has on each machine.
What the plan pinned beyond its requirements is left to uv's own lock file.
"""

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tfmac.knowledge import tensorflow
from tfmac.planner.emit.bounds import NAMES, bounds
from tfmac.planner.emit.machines import marker_of
from tfmac.planner.emit.notes import notes
from tfmac.planner.emit.pins import heading
from tfmac.planner.emit.quoting import comment, toml_string
from tfmac.planner.stacks import METAL
from tfmac.schema.plans import Plan
from tfmac.schema.platform import APPLE_SILICON, Architecture, OperatingSystem, Target

# The machines that a project is shared between, besides the plan's own.
_SHARED = (
    APPLE_SILICON,
    Target(system=OperatingSystem.LINUX, architecture=Architecture.X86_64),
    Target(system=OperatingSystem.LINUX, architecture=Architecture.ARM64),
)


def pyproject_toml(plan: Plan) -> str:
    """Write the tables of a project that has no package of its own."""
    cores = _tensorflow_by_machine(plan)
    markers = [toml_string(marker_of(machine)) for machine in cores]
    lines = [
        heading(plan),
        *notes(plan),
        comment("Put these tables into your own file, or rename the project."),
        "[project]",
        'name = "tensorflow-environment"',
        'version = "0"',
        f"requires-python = {toml_string(f'=={plan.python}.*')}",
        *_array("dependencies", [toml_string(text) for text in _dependencies(plan, cores)]),
        "",
        "[tool.uv]",
        *_array("environments", markers),
        *_array("required-environments", markers),
        "constraint-dependencies = [",
        *(
            f"    {line}"
            for bound in bounds(plan)
            for line in (comment(bound.comment), f"{toml_string(bound.requirement)},")
        ),
        "]",
    ]
    return "\n".join(lines) + "\n"


def _array(key: str, items: Sequence[str]) -> list[str]:
    return [f"{key} = [", *(f"    {item}," for item in items), "]"]


def _tensorflow_by_machine(plan: Plan) -> dict[Target, str]:
    """Name what to ask for on each machine that has this TensorFlow for this Python."""
    own = next((text for text in plan.requirements if _name(text) in NAMES), None)
    if own is None:
        return {plan.target: ""}
    version = plan.version(_name(own))
    found = {}
    for machine in _SHARED:
        for offer in tensorflow.offers(machine, prereleases=True):
            if offer.version == version and plan.python in offer.pythons:
                found[machine] = f"{offer.name}=={version}"
    kind = (plan.target.system, plan.target.architecture)
    shared = next((one for one in found if (one.system, one.architecture) == kind), plan.target)
    return {**found, shared: own}


def _dependencies(plan: Plan, cores: dict[Target, str]) -> Iterator[str]:
    """Give the plan's requirements, each for the machines that it is for."""
    for text in dict.fromkeys(filter(None, cores.values())):
        machines = [machine for machine, core in cores.items() if core == text]
        yield text if len(machines) == len(cores) else _only_on(text, machines)
    plugin = plan.version(METAL)
    if plugin is not None:
        yield _only_on(f"{METAL}=={plugin}", [APPLE_SILICON])
    yield from (text for text in plan.requirements if _name(text) not in {*NAMES, METAL})


def _only_on(text: str, machines: Sequence[Target]) -> str:
    markers = [marker_of(machine) for machine in machines]
    if len(markers) > 1:
        markers = [f"({one})" for one in markers]
    return f"{text} ; {' or '.join(markers)}"


def _name(text: str) -> str:
    return canonicalize_name(Requirement(text).name)
