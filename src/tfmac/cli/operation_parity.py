"""The part ``--ops`` of ``tfmac parity``: all operations of Keras on two devices."""

import os
import sys
from typing import TYPE_CHECKING, Any, Optional

import click

from tfmac.cli.common import Command, CommandFailed, print_result, rendered
from tfmac.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from tfmac.schema.operation_parity import OperationParityReport, OperationRun

_OWN_OPTIONS = ("only", "dtypes", "own_operations", "resume", "jobs", "case_seconds")
_SHARED_OPTIONS = ("python", "env", "backend", "device", "reference")
# Failures of the user's choice or environment: nothing was there to be compared.
_NOTHING_THERE = {"no-framework", "no-such-device"}
_USAGE = {"no-such-operation", "script"}


def operation_options(command: Command) -> Command:
    """Add the options that ``--ops`` alone has."""
    options = (
        click.option("--ops", "operations", is_flag=True, help="Compare Keras' own operations."),
        click.option(
            "--only",
            multiple=True,
            metavar="NAME",
            help="With --ops: only this operation, all variants of it. Repeatable.",
        ),
        click.option(
            "--dtype",
            "dtypes",
            multiple=True,
            type=click.Choice(["float32", "float16", "bfloat16", "int32", "bool"]),
            help="With --ops: only this type of numbers. Repeatable.",
        ),
        click.option(
            "--ops-from",
            "own_operations",
            metavar="FILE.py",
            help="With --ops: compare the operations of this file, too.",
        ),
        click.option(
            "--resume/--fresh",
            "resume",
            default=None,
            help="With --ops: take over all results of the last run, or none of them.  "
            "[default: those of a run that was cut short]",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            metavar="N",
            help="With --ops: so many processes at a time.  [default: 2, on one processor 1]",
        ),
        click.option(
            "--case-seconds",
            type=click.FloatRange(min=1),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="With --ops: how long one operation may take.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def asked_for_operations(
    model: Optional[str], options: "dict[str, Any]", output_format: str, *, share: bool
) -> Optional[int]:
    """Do what ``--ops`` says and return the exit code; None where it was not given.

    Takes the options of ``operation_options`` out of those of the command.
    """
    own = {name: options.pop(name) for name in _OWN_OPTIONS}
    if not options.pop("operations"):
        given = [name for name, value in own.items() if value and name != "case_seconds"]
        if given or own["resume"] is not None:
            raise click.UsageError("--only, --dtype, --ops-from, --resume and --jobs go with --ops")
        return None
    if model is not None:
        raise click.UsageError("--ops compares Keras' own operations: it takes no model")
    shared = {name: options[name] for name in _SHARED_OPTIONS}
    return compare_operations(output_format=output_format, share=share, **own, **shared)


def compare_operations(
    *,
    python: Optional[str],
    env: Optional[str],
    backend: Optional[str],
    device: Optional[str],
    reference: Optional[str],
    only: "tuple[str, ...]",
    dtypes: "tuple[str, ...]",
    own_operations: Optional[str],
    resume: Optional[bool],
    jobs: Optional[int],
    case_seconds: float,
    output_format: str,
    share: bool,
) -> int:
    """Compare all operations and print the report; return the exit code."""
    from tfmac.api.subjects import interpreter_of
    from tfmac.observe.locate import NothingToInspect
    from tfmac.schema.operation_parity import OperationRun

    if own_operations is not None and not os.path.isfile(own_operations):
        raise CommandFailed(f"{own_operations} is no file", ExitCode.NOTHING_TO_INSPECT)
    try:
        interpreter = interpreter_of(python=python, env=env)
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    run = OperationRun(
        interpreter=interpreter,
        backend=backend,
        device=device,
        reference=reference or "CPU:0",
        only=only,
        dtypes=dtypes,
        own_operations=own_operations,
        resume=resume,
        jobs=jobs or min(2, os.cpu_count() or 1),
        case_seconds=case_seconds,
    )
    report = _measured(run)
    print_result(rendered(report, output_format, "operation_parity", share=share))
    return _exit_code(report)


def _measured(run: "OperationRun") -> "OperationParityReport":
    from tfmac.api.operation_parity import compare_operations as compare

    with click.progressbar(length=1, label="comparing", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        try:
            return compare(run, progress=progress)
        except KeyboardInterrupt:
            said = "stopped; what was measured is kept: the same command goes on from here"
            raise CommandFailed(said, ExitCode.COULD_NOT_FINISH) from None


def _exit_code(report: "OperationParityReport") -> int:
    if report.failure is not None:
        if report.failure.kind in _NOTHING_THERE and not report.cases:
            return ExitCode.NOTHING_TO_INSPECT
        if report.failure.kind in _USAGE:
            return ExitCode.USAGE
        return ExitCode.COULD_NOT_FINISH
    return ExitCode.ANSWER_IS_NO if report.unsound else ExitCode.DONE
