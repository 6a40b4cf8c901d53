"""Plans as files: for other tools, and read back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

from msgspec.structs import replace

if TYPE_CHECKING:
    from tfmac.planner.emit import Format
    from tfmac.planner.resolver import Resolver
    from tfmac.schema.plans import InterpreterChoice, Plan
    from tfmac.schema.platform import Target

_MOST_BYTES = 8_000_001
"""More than a plan has; its reader says what is too much."""


def read_plan_file(path: str) -> Plan:
    """Read a plan back from a file that ``plan_file``, or ``tfmac plan --format json``, made.

    Raises ``OSError``, and ``InvalidPlanFile``, a ``ValueError``.
    """
    from tfmac.planner.plan_files import read_plan

    with open(path, "rb") as file:
        return read_plan(file.read(_MOST_BYTES), path)


def plan_for_machine(
    plan: Plan,
    machine: Target,
    interpreters: Sequence[InterpreterChoice],
    *,
    needs_interpreter: bool,
) -> Plan:
    """Take a plan that was made elsewhere to a machine, on one of its interpreters.

    Raises ``PlanForOtherMachine``, a ``ValueError``.
    """
    from tfmac.planner.transfer import taken_to

    return taken_to(plan, machine, interpreters, needs_interpreter=needs_interpreter)


def plan_formats() -> Mapping[str, Format]:
    """List the forms of file that a plan can be given in for other tools, by their names."""
    from tfmac.planner.emit import FORMATS

    return FORMATS


def plan_format_of(path: str) -> Optional[str]:
    """Tell the format of a plan's file from the file's name, None where the name says none."""
    from tfmac.planner.emit import format_of_file

    return format_of_file(os.path.basename(path))


def is_plan_file(first_line: str) -> bool:
    """Whether a file begins as those of ``plan_file`` do."""
    from tfmac.planner.emit.pins import is_heading

    return is_heading(first_line)


def plan_file(
    plan: Plan, form: str, *, resolver: Optional[Resolver] = None, offline: bool = False
) -> str:
    """Give a plan as a file for another tool; ``form`` is one of ``plan_formats``.

    Requirements have hashes where the plan has them. For a lock file the resolver is asked where
    the pinned files lie; that raises ``IndexUnreachable`` and ``ResolutionFailed``.
    """
    chosen = plan_formats()[form]
    if chosen.artifacts and plan.artifacts is None:
        from tfmac.api.planning import default_resolver

        resolver = resolver or default_resolver(plan.python, plan.interpreter, offline=offline)
        plan = replace(plan, artifacts=resolver.artifacts(plan))
    return chosen.write(plan)
