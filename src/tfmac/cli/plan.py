"""``tfmac plan``: the best set for a machine."""

from typing import Optional, Union

import click

from tfmac.cli.common import (
    CommandFailed,
    format_option,
    planning_errors,
    print_note,
    print_result,
    python_version_of,
    target_option,
    terminal_width,
    wish_options,
    write_result,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
from tfmac.schema.platform import Target


@click.command(name="plan")
@target_option
@click.option(
    "--python",
    type=python_version_of,
    metavar="VERSION",
    help="Plan for this Python, such as 3.11.",
)
@wish_options
@click.option("--emit", type=click.Choice(["requirements"]), help="Print the plan as a file.")
@click.option("-o", "--output", metavar="FILE", help="Write the result to a file.")
@format_option
def command(
    *,
    target: Optional[Target],
    python: Optional[str],
    gpu: Optional[bool],
    tensorflow: Optional[str],
    keras: Optional[str],
    packages: tuple[str, ...],
    offline: bool,
    emit: Optional[str],
    output: Optional[str],
    output_format: str,
) -> int:
    """Plan the best set of TensorFlow, plug-in, Python and Keras for a machine, with reasons.

    Without --for it is this machine. Nothing is installed.
    """
    from tfmac import api

    if emit is not None and output_format == "json":
        raise click.UsageError("--emit and --format json are two forms; give one")
    here, interpreters = (None, ()) if target is not None else api.this_machine()
    judged = target or here
    if judged is None:
        raise CommandFailed(
            "this machine is of a kind that TensorFlow has no wheels for; name another with --for",
            ExitCode.NOTHING_TO_INSPECT,
        )
    wish = Wish(
        target=judged,
        python=python,
        gpu=gpu,
        tensorflow=tensorflow,
        keras=keras,
        packages=packages,
    )
    answer = _answered(wish, hashes=emit is not None, interpreters=interpreters, offline=offline)
    text = _rendered(answer, emit, output_format)
    if output is None or isinstance(answer, NoPlan):
        print_result(text)
    else:
        write_result(output, text)
        print_note(f"written to {output}")
    return ExitCode.ANSWER_IS_NO if isinstance(answer, NoPlan) else ExitCode.DONE


def _answered(
    wish: Wish, *, hashes: bool, offline: bool, interpreters: tuple[InterpreterChoice, ...] = ()
) -> Union[Plan, NoPlan]:
    """Plan, with expected failures turned into their exit codes."""
    from tfmac import api

    with planning_errors():
        return api.plan(wish, interpreters=interpreters, hashes=hashes, offline=offline)


def _rendered(answer: Union[Plan, NoPlan], emit: Optional[str], output_format: str) -> str:
    from tfmac import api
    from tfmac.report.plan import render_no_plan, render_plan
    from tfmac.schema.codec import to_json

    width = terminal_width()
    if isinstance(answer, NoPlan):
        reasons = api.no_plan_document(answer)
        return to_json(reasons) if output_format == "json" else render_no_plan(reasons, width=width)
    if emit is not None:
        return api.requirements_file(answer)
    document = api.plan_document(answer)
    return to_json(document) if output_format == "json" else render_plan(document, width=width)
