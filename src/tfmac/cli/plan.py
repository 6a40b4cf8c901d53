"""``tfmac plan``: the best set for a machine."""

import os
from typing import Optional, Union

import click
from click.core import ParameterSource

from tfmac import api
from tfmac.cli.common import (
    CommandFailed,
    format_option,
    planning_errors,
    print_note,
    print_result,
    target_option,
    terminal_width,
    write_result,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.refreshing import CORE, refresh_option, refreshed
from tfmac.cli.wishes import WishOptions, wish_options
from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
from tfmac.schema.platform import Target

_LINE = 1000
"""The first line of a file of ours is shorter."""


@click.command(name="plan")
@target_option
@wish_options
@refresh_option
@click.option(
    "--emit",
    type=click.Choice(list(api.plan_formats())),
    help="Print the plan as a file for another tool.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the result to a file. Without --emit and --format its name decides: "
    "requirements.txt, constraints.txt, pylock.toml, environment.yml, pixi.toml, pyproject.toml, "
    "and plan.json for the whole plan.",
)
@format_option
@click.pass_context
def command(
    context: click.Context,
    *,
    target: Optional[Target],
    wishes: WishOptions,
    refresh: bool,
    emit: Optional[str],
    output: Optional[str],
    output_format: str,
) -> int:
    """Plan the best set of TensorFlow, plug-in, Python and Keras for a machine, with reasons.

    Without --for it is this machine. Nothing is installed.
    """
    if refresh:
        refreshed(CORE)
    form = _form(context, emit, output)
    output_format = _document(context, output, output_format)
    if form is not None and output is not None:
        _refuse_own_work(output, form)
    here, interpreters = (None, ()) if target is not None else api.this_machine()
    judged = target or here
    if judged is None:
        raise CommandFailed(
            "this machine is of a kind that TensorFlow has no wheels for; name another with --for",
            ExitCode.NOTHING_TO_INSPECT,
        )
    with planning_errors():
        wish = wishes.wish(judged)
    # The JSON document is a plan's file too: tfmac create installs by it.
    hashes = output_format == "json" if form is None else api.plan_formats()[form].hashes
    answer = _answered(wish, hashes=hashes, interpreters=interpreters, offline=wishes.offline)
    if form is not None and isinstance(answer, Plan):
        with planning_errors():
            text = api.plan_file(answer, form, offline=wishes.offline)
    else:
        text = _rendered(answer, output_format)
    if output is None or isinstance(answer, NoPlan):
        print_result(text)
    else:
        write_result(output, text)
        print_note(f"written to {output}")
    return ExitCode.ANSWER_IS_NO if isinstance(answer, NoPlan) else ExitCode.DONE


def _form(context: click.Context, emit: Optional[str], output: Optional[str]) -> Optional[str]:
    """Tell the form of file that is wanted: the one named, else that of the file's name."""
    if emit is not None:
        if context.params["output_format"] == "json":
            raise click.UsageError("--emit and --format json are two forms; give one")
        return emit
    named = context.get_parameter_source("output_format") is not ParameterSource.DEFAULT
    return None if output is None or named else api.plan_format_of(output)


def _document(context: click.Context, output: Optional[str], output_format: str) -> str:
    """Tell the form of the document: a file's name decides where nothing else does."""
    named = context.get_parameter_source("output_format") is not ParameterSource.DEFAULT
    is_json = output is not None and output.lower().endswith(".json")
    return "json" if is_json and not named else output_format


def _answered(
    wish: Wish, *, hashes: bool, offline: bool, interpreters: tuple[InterpreterChoice, ...] = ()
) -> Union[Plan, NoPlan]:
    """Plan, with expected failures turned into their exit codes."""
    with planning_errors():
        return api.plan(wish, interpreters=interpreters, hashes=hashes, offline=offline)


def _refuse_own_work(path: str, form: str) -> None:
    """Keep a file that the user wrote: some formats are those of a project's own main file."""
    if not (api.plan_formats()[form].by_hand and os.path.isfile(path)):
        return
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            ours = api.is_plan_file(file.readline(_LINE))
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be read: {error.strerror}", ExitCode.COULD_NOT_FINISH
        ) from error
    if not ours:
        raise CommandFailed(
            f"{path} is there and not from tfmac plan, so it is kept; give -o another name, or "
            f"print with --emit {form}",
            ExitCode.USAGE,
        )


def _rendered(answer: Union[Plan, NoPlan], output_format: str) -> str:
    from tfmac.report.plan import render_no_plan, render_plan
    from tfmac.schema.codec import to_json

    width = terminal_width()
    if isinstance(answer, NoPlan):
        reasons = api.no_plan_document(answer)
        return to_json(reasons) if output_format == "json" else render_no_plan(reasons, width=width)
    document = api.plan_document(answer)
    return to_json(document) if output_format == "json" else render_plan(document, width=width)
