"""``tfmac fix``: repair an environment, with an undo."""

import sys
from typing import Optional

import click

from tfmac.api.repair import NotRepairable, Repair
from tfmac.cli.common import (
    CommandFailed,
    change_errors,
    format_option,
    gather,
    own_environment_options,
    planning_errors,
    print_note,
    print_result,
    terminal_width,
    time_limit_option,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.repairs import RepairMode, RepairOutcome, RepairReport

_CODES = {
    RepairOutcome.NOTHING_TO_DO: ExitCode.DONE,
    RepairOutcome.NO_PLAN: ExitCode.ANSWER_IS_NO,
    RepairOutcome.PLANNED: ExitCode.DONE,
    RepairOutcome.VERIFIED: ExitCode.DONE,
    RepairOutcome.STILL_FAILING: ExitCode.APPLIED_BUT_UNPROVED,
    RepairOutcome.CHANGED_SOMETHING_ELSE: ExitCode.APPLIED_BUT_UNPROVED,
}


@click.command(name="fix")
@own_environment_options
@click.option("--gpu/--no-gpu", default=None, help="Whether the GPU is wished.")
@click.option("--in-place", is_flag=True, help="Exchange packages in the environment itself.")
@click.option("--dry-run", is_flag=True, help="Print the actions; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before changing anything.")
@click.option("--offline", is_flag=True, help="Use only what uv has in its cache.")
@time_limit_option
@format_option
def command(
    *,
    gpu: Optional[bool],
    in_place: bool,
    dry_run: bool,
    yes: bool,
    offline: bool,
    time_limit: float,
    output_format: str,
    python: Optional[str],
    env: Optional[str],
) -> int:
    """Repair an environment: what doctor finds, solved by one plan, applied as a whole.

    An environment of its own is made anew beside the old one, used, and exchanged with it; the old
    one is kept until tfmac undo --forget. A Python of the system is never changed.
    """
    from tfmac import api

    facts = gather(python=python, env=env)
    if not dry_run and _mended(facts.environment.root):
        facts = gather(python=python, env=env)
    with planning_errors():
        try:
            repair = api.prepare_repair(facts, gpu=gpu, in_place=in_place, offline=offline)
        except NotRepairable as error:
            raise click.UsageError(str(error)) from error
    report = repair.report
    if dry_run or repair.plan is None or report.mode is RepairMode.NEW:
        _print(report, output_format, dry_run=dry_run)
        return _code(report)
    _agree(report, yes=yes)
    print_note("building, then using it: this takes minutes ...")
    report = _applied(repair, time_limit=time_limit, offline=offline)
    _print(report, output_format, dry_run=False)
    return _code(report)


def _mended(root: str) -> bool:
    """Finish or take back what a killed fix has left, and say so."""
    from tfmac import api

    with change_errors():
        said = api.mend_repair(root, progress=sys.stderr)
    if said is not None:
        print_note(said)
    return said is not None


def _code(report: RepairReport) -> int:
    """Tell what cannot be repaired by packages, and what is not ours to change, from success."""
    left = report.outcome is RepairOutcome.NOTHING_TO_DO and bool(report.reasons)
    refused = report.outcome is RepairOutcome.PLANNED and report.mode is RepairMode.NEW
    return ExitCode.ANSWER_IS_NO if left or refused else _CODES[report.outcome]


def _agree(report: RepairReport, *, yes: bool) -> None:
    """Show what changes, and ask where somebody can answer."""
    from tfmac.report.repair import render_differences

    print_note(f"{report.environment} ({report.mode.value}), for {', '.join(report.causes)}:")
    print_note("\n".join(render_differences(report)))
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("nobody is there to ask: give --yes to apply it, or --dry-run")
    if not click.confirm("Apply it?", default=True, err=True):
        raise CommandFailed("nothing was changed", ExitCode.ANSWER_IS_NO)


def _applied(repair: Repair, *, time_limit: float, offline: bool) -> RepairReport:
    from tfmac import api

    with change_errors():
        return api.apply_repair(repair, time_limit=time_limit, offline=offline, progress=sys.stderr)


def _print(report: RepairReport, output_format: str, *, dry_run: bool) -> None:
    from tfmac.report.repair import render, render_actions
    from tfmac.schema.codec import to_json

    if output_format == "json":
        print_result(to_json(report))
        return
    actions = render_actions(report) if dry_run and report.actions else ""
    print_result(render(report, width=terminal_width()) + actions)
