"""``tfmac create``: make an environment from a plan's file, or from wishes."""

import os
from typing import Optional, Union

import click

from tfmac.cli.common import CommandFailed, format_option, print_result
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.making import (
    Here,
    MakingOptions,
    here,
    made,
    making_options,
    planned,
    refuse_early,
    show_no_plan,
    show_plan,
)
from tfmac.cli.wishes import WishOptions, wish_options
from tfmac.schema.actions import Manager
from tfmac.schema.plans import NoPlan, Plan
from tfmac.schema.reports import CreationReport

_DIRECTORY = ".venv-tf"
# A mistyped file must not become an environment of that name.
_ENDINGS = (".json", ".toml", ".txt")


@click.command(name="create")
@click.argument("names", metavar="[PLAN_FILE] [DIR]", nargs=-1)
@wish_options
@making_options
@format_option
def command(
    *,
    names: tuple[str, ...],
    wishes: WishOptions,
    making: MakingOptions,
    output_format: str,
) -> int:
    """Make the environment of a plan in DIR (default: .venv-tf), wholly or not at all.

    PLAN_FILE is what tfmac plan has written: its JSON, requirements.txt or pylock.toml. Without one
    it is planned from the wishes. tfmac setup proves the environment too.
    """
    path, directory = _named(names)
    if path is not None and wishes.given:
        raise click.UsageError(f"{path} is a plan already: wishes go without a plan's file")
    manager = making.manager_for(wishes)
    refuse_early(directory, making, manager)
    plan = _read(path) if path is not None else None
    machine = here()
    answer: Union[Plan, NoPlan]
    if plan is not None:
        answer = _for_here(plan, machine, making, manager)
    else:
        answer = planned(machine, wishes, making, manager)
    if isinstance(answer, NoPlan):
        show_no_plan(answer, output_format)
        return ExitCode.ANSWER_IS_NO
    show_plan(answer)
    kernel = made(answer, directory, making, manager=manager, offline=wishes.offline)
    _print(answer, directory, manager, kernel, output_format)
    return ExitCode.DONE


def _named(names: tuple[str, ...]) -> tuple[Optional[str], str]:
    """Tell the plan's file from the folder: a folder is made, a file is there."""
    if len(names) > 2:
        raise click.UsageError(f"a plan's file and a folder are expected, not {len(names)} names")
    path = names[0] if names and (len(names) == 2 or _is_file(names[0])) else None
    rest = names[1:] if path is not None else names
    return path, os.path.abspath(rest[0] if rest else _DIRECTORY)


def _is_file(name: str) -> bool:
    meant = name.lower().endswith(_ENDINGS) and not os.path.isdir(name)
    return meant or os.path.isfile(name)


def _read(path: str) -> Plan:
    from tfmac import api

    try:
        return api.read_plan_file(path)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", ExitCode.NOTHING_TO_INSPECT) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _for_here(plan: Plan, machine: Here, making: MakingOptions, manager: Manager) -> Plan:
    """Hold a plan against this machine, and choose the interpreter that it is built on."""
    from tfmac import api

    brings_python = manager is Manager.CONDA
    fetches_python = making.download_python and manager is Manager.UV
    try:
        return api.plan_for_machine(
            plan,
            machine.target,
            () if brings_python else machine.interpreters,
            needs_interpreter=not (brings_python or fetches_python),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _print(
    plan: Plan, directory: str, manager: Manager, kernel: Optional[str], output_format: str
) -> None:
    from tfmac import api
    from tfmac._version import __version__
    from tfmac.report.creation import render_made
    from tfmac.schema.codec import SCHEMA_VERSION, to_json

    report = CreationReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        directory=directory,
        manager=manager,
        plan=api.plan_document(plan),
        kernel=kernel,
    )
    print_result(to_json(report) if output_format == "json" else render_made(report))
