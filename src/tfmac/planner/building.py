"""From a plan to the actions that make its environment."""

from collections.abc import Iterator

from tfmac.schema.actions import (
    BuildAction,
    BuildPins,
    CreateEnvironment,
    InstallPins,
    SetVariables,
)
from tfmac.schema.plans import Plan


def building(
    directory: str, plan: Plan, *, download: bool = False, own_python: bool = False
) -> Iterator[BuildAction]:
    """Give what makes an environment by a plan in a directory.

    ``download`` lets uv fetch the Python where the plan names no interpreter; with ``own_python``
    the manager brings one.
    """
    interpreter = None if own_python else plan.interpreter
    yield CreateEnvironment(
        path=directory,
        python=interpreter.path if interpreter else plan.python,
        download=download and interpreter is None,
    )
    ready = tuple(pin for pin in plan.pins if pin.name not in plan.built)
    built = tuple(pin for pin in plan.pins if pin.name in plan.built)
    yield InstallPins(environment=directory, pins=ready)
    if built:
        yield BuildPins(environment=directory, pins=built)
    if plan.variables:
        yield SetVariables(environment=directory, variables=plan.variables)
