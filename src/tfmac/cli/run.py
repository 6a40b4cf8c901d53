"""``tfmac run``: a user's program, unchanged, and after a failure what it means."""

import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Optional

import click

from tfmac.cli.common import CommandFailed, own_environment_options, print_note, terminal_width
from tfmac.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from tfmac.api.running import Ended

_TIMED_OUT = 124
"""What timeout(1) ends with."""


@click.command(
    name="run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@own_environment_options
@click.option("-m", "module", is_flag=True, help="SCRIPT is a module, as in python -m.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End the program after so long; the exit code is then 124.",
)
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED, metavar="SCRIPT ...")
def command(
    *,
    python: Optional[str],
    env: Optional[str],
    module: bool,
    timeout: Optional[float],
    arguments: tuple[str, ...],
) -> int:
    """Run a program with your interpreter, and explain on stderr what ended it, if it fails.

    What follows SCRIPT is the program's own. Its output, exit code and signals are passed on as
    they are; nothing is put into your environment.
    """
    from tfmac.api.running import CannotStart, NothingToInspect, explain_end, run_program

    if python is not None and env is not None:
        raise click.UsageError("give only one of --python and --env")
    given = ["-m", *arguments] if module else list(arguments)
    try:
        ran = run_program(given, python=python, env=env, timeout=timeout)
    except (CannotStart, NothingToInspect) as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    if ran.ended.timed_out:
        print_note(f"tfmac: ended after {timeout:g} seconds")
    try:
        report = explain_end(ran)
        if report is not None:
            from tfmac.report.explanations import render

            print_note("\n" + render(report, width=terminal_width()).rstrip())
    except Exception as error:  # noqa: BLE001 - whatever it is, the program's end is passed on
        print_note(f"tfmac: this could not be explained: {type(error).__name__}: {error}")
    return _ended_as(ran.ended)


def _ended_as(ended: "Ended") -> int:
    """Give the program's exit code; die as it has died."""
    if ended.timed_out:
        return _TIMED_OUT
    if ended.signal is None:
        return ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    # The program has left its own core file, where it should.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ended.signal not in {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(ended.signal, signal.SIG_DFL)
    os.kill(os.getpid(), ended.signal)
    return 128 + ended.signal
