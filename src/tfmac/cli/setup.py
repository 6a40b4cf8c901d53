"""``tfmac setup``: plan, make and prove an environment for this machine."""

import os
import shlex
from typing import Optional

import click

from tfmac.cli.common import (
    CommandFailed,
    format_option,
    print_note,
    print_result,
    terminal_width,
    time_limit_option,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.making import (
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
from tfmac.schema.plans import NoPlan, Plan
from tfmac.schema.reports import SetupReport


@click.command(name="setup")
@click.argument("directory", metavar="[DIR]", default=".venv-tf")
@wish_options
@making_options
@time_limit_option
@format_option
def command(
    *,
    directory: str,
    wishes: WishOptions,
    making: MakingOptions,
    time_limit: float,
    output_format: str,
) -> int:
    """Make an environment with the best TensorFlow for this machine in DIR, and prove it.

    It is tfmac create with a proof. Only DIR and the manager's own cache are written, with
    --download-python uv's Pythons, and with --kernel Jupyter's list of kernels. DIR is left as it
    was when it cannot be made.
    """
    directory = os.path.abspath(directory)
    manager = making.manager_for(wishes)
    refuse_early(directory, making, manager)
    answer = planned(here(), wishes, making, manager)
    if isinstance(answer, NoPlan):
        show_no_plan(answer, output_format)
        return ExitCode.ANSWER_IS_NO
    show_plan(answer)
    kernel = made(answer, directory, making, manager=manager, offline=wishes.offline)
    report = _prove(answer, directory, gpu=wishes.gpu, time_limit=time_limit, kernel=kernel)
    print_result(_rendered(report, output_format))
    return ExitCode.DONE if report.proved else ExitCode.APPLIED_BUT_UNPROVED


def _prove(
    plan: Plan,
    directory: str,
    *,
    gpu: Optional[bool],
    time_limit: float,
    kernel: Optional[str],
) -> SetupReport:
    from tfmac import api

    print_note("proving it: importing it, placing work, fitting a small model ...")
    try:
        return api.prove(directory, plan, gpu=gpu, time_limit=time_limit, kernel=kernel)
    except KeyboardInterrupt as interrupt:
        raise CommandFailed(
            f"interrupted during the proof: {directory} is complete but not proved; "
            f"tfmac doctor --deep --env {shlex.quote(directory)} proves it",
            ExitCode.APPLIED_BUT_UNPROVED,
        ) from interrupt


def _rendered(report: SetupReport, output_format: str) -> str:
    from tfmac.report.creation import render_proved
    from tfmac.schema.codec import to_json

    if output_format == "json":
        return to_json(report)
    return render_proved(report, width=terminal_width())
