"""Taking a plan that was made elsewhere to a machine: whether it is for it, and on which Python."""

from collections.abc import Sequence

import msgspec
from packaging.version import Version

from tfmac.schema.plans import InterpreterChoice, Plan
from tfmac.schema.platform import Target


class PlanForOtherMachine(ValueError):
    """A plan that an environment of this machine cannot be made from, with the reason."""


def taken_to(
    plan: Plan,
    machine: Target,
    interpreters: Sequence[InterpreterChoice],
    *,
    needs_interpreter: bool,
) -> Plan:
    """Give a plan with an interpreter of this machine, or without one where none is needed.

    A plan for a macOS holds for newer ones: wheels do. Raises ``PlanForOtherMachine``.
    """
    own = (plan.target.system, plan.target.architecture)
    if own != (machine.system, machine.architecture) or _older(machine, plan.target):
        raise PlanForOtherMachine(f"the plan is for {plan.target}, and this machine is {machine}")
    interpreter = next((one for one in interpreters if one.minor == plan.python), None)
    if interpreter is None and needs_interpreter:
        raise PlanForOtherMachine(
            f"the plan is for Python {plan.python}, and none is here; --download-python lets uv "
            "fetch it"
        )
    return msgspec.structs.replace(plan, interpreter=interpreter)


def _older(machine: Target, planned: Target) -> bool:
    if machine.version is None or planned.version is None:
        return False
    here, there = Version(machine.version), Version(planned.version)
    return (here.major, here.minor) < (there.major, there.minor)
