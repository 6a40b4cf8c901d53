"""``tfmac setup``: plan, make and prove an environment for this machine."""

import os
import shlex
import sys
from typing import Optional, Union

import click

from tfmac.cli.common import (
    CommandFailed,
    change_errors,
    format_option,
    planning_errors,
    print_note,
    print_result,
    python_version_of,
    terminal_width,
    time_limit_option,
    wish_options,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.planner.choosing import Choice
from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
from tfmac.schema.reports import SetupReport


@click.command(name="setup")
@click.argument("directory", metavar="[DIR]", default=".venv-tf")
@click.option(
    "--python",
    type=python_version_of,
    metavar="VERSION",
    help="Build on this Python, such as 3.11.",
)
@wish_options
@click.option(
    "--download-python",
    is_flag=True,
    help="Where the best set needs a Python that is not here, let uv fetch it.",
)
@click.option(
    "--use-existing-python",
    is_flag=True,
    help="Take the best set for a Python that is here.",
)
@click.option("--replace", is_flag=True, help="Replace the environment that DIR holds already.")
@time_limit_option
@format_option
def command(
    *,
    directory: str,
    python: Optional[str],
    gpu: Optional[bool],
    tensorflow: Optional[str],
    keras: Optional[str],
    packages: tuple[str, ...],
    offline: bool,
    download_python: bool,
    use_existing_python: bool,
    replace: bool,
    time_limit: float,
    output_format: str,
) -> int:
    """Make an environment with the best TensorFlow for this machine in DIR, and prove it.

    Only DIR and uv's own cache are written, and with --download-python uv's Pythons. DIR is left as
    it was when anything fails.
    """
    if download_python and use_existing_python:
        raise click.UsageError("give only one of --download-python and --use-existing-python")
    directory = os.path.abspath(directory)
    _refuse_early(directory, replace=replace)
    wish, interpreters = _look(
        python=python, gpu=gpu, tensorflow=tensorflow, keras=keras, packages=packages
    )
    answer = _plan(
        wish,
        interpreters,
        download=download_python,
        use_existing=use_existing_python,
        offline=offline,
    )
    if isinstance(answer, NoPlan):
        _show_no_plan(answer, output_format)
        return ExitCode.ANSWER_IS_NO
    _show_plan(answer)
    _create(answer, directory, replace=replace, offline=offline)
    report = _prove(answer, directory, gpu=gpu, time_limit=time_limit)
    print_result(_rendered(report, output_format))
    return ExitCode.DONE if report.proved else ExitCode.APPLIED_BUT_UNPROVED


def _refuse_early(directory: str, *, replace: bool) -> None:
    """Say what stands in the way before anything is looked up."""
    from tfmac import api

    with change_errors():
        api.refuse_directory(directory, replace=replace)
    service = api.synchronised_by(directory)
    if service is not None:
        print_note(
            f"warning: {directory} is synchronised by {service}, which moves and locks files of "
            "environments; a folder outside it is safer"
        )


def _look(
    *,
    python: Optional[str],
    gpu: Optional[bool],
    tensorflow: Optional[str],
    keras: Optional[str],
    packages: tuple[str, ...],
) -> tuple[Wish, tuple[InterpreterChoice, ...]]:
    from tfmac import api

    print_note("looking at this machine and its interpreters ...")
    target, interpreters = api.this_machine()
    if target is None:
        raise CommandFailed(
            "this machine is of a kind that TensorFlow has no wheels for",
            ExitCode.NOTHING_TO_INSPECT,
        )
    wish = Wish(
        target=target,
        python=python,
        gpu=gpu,
        tensorflow=tensorflow,
        keras=keras,
        packages=packages,
    )
    return wish, interpreters


def _plan(
    wish: Wish,
    interpreters: tuple[InterpreterChoice, ...],
    *,
    download: bool,
    use_existing: bool,
    offline: bool,
) -> Union[Plan, NoPlan]:
    from tfmac import api

    with planning_errors():
        choice = api.choose(wish, interpreters)
        if isinstance(choice, NoPlan):
            return choice
        fetch = _decide_python(choice, download=download, use_existing=use_existing)
        print_note("resolving ...")
        if fetch or choice.existing is None:
            return api.plan_candidate(wish, choice.best, interpreter=None, offline=offline)
        return api.plan_candidate(
            wish, choice.existing, interpreter=choice.interpreter, offline=offline
        )


def _decide_python(choice: Choice, *, download: bool, use_existing: bool) -> bool:
    """Whether to let uv fetch a Python: only when the best set needs it and the user says so."""
    if not choice.needs_python:
        return False
    wanted = f"the best set is {choice.best.title}, and Python {choice.best.python} is not here"
    if download:
        print_note(f"{wanted}; uv fetches it")
        return True
    if not use_existing and sys.stdin.isatty() and sys.stderr.isatty():
        print_note(wanted + (f"; without it: {choice.loss}" if choice.loss else ""))
        if click.confirm(f"Let uv fetch Python {choice.best.python}?", default=True, err=True):
            return True
    if choice.existing is None:
        raise CommandFailed(
            f"{wanted}; no Python that is here fits. Install Python {choice.best.python}, or give "
            "--download-python to let uv fetch it",
            ExitCode.ANSWER_IS_NO,
        )
    print_note(f"using a Python that is here: {choice.loss}")
    return False


def _show_no_plan(answer: NoPlan, output_format: str) -> None:
    """Print the reasons: they are the result."""
    from tfmac import api
    from tfmac.report.plan import render_no_plan
    from tfmac.schema.codec import to_json

    document = api.no_plan_document(answer)
    text = render_no_plan(document, width=terminal_width())
    print_result(to_json(document) if output_format == "json" else text)


def _show_plan(plan: Plan) -> None:
    """Show the plan on standard error: the result is the proof."""
    from tfmac import api
    from tfmac.report.plan import render_plan

    print_note(render_plan(api.plan_document(plan), width=terminal_width()))


def _create(plan: Plan, directory: str, *, replace: bool, offline: bool) -> None:
    """Make the environment; a plan without an interpreter is one whose download was agreed to."""
    from tfmac import api

    print_note(f"making {directory} ...")
    with change_errors():
        api.create(
            plan,
            directory,
            replace=replace,
            download_python=plan.interpreter is None,
            offline=offline,
            progress=sys.stderr,
        )


def _prove(plan: Plan, directory: str, *, gpu: Optional[bool], time_limit: float) -> SetupReport:
    from tfmac import api

    print_note("proving it: importing TensorFlow, placing work, fitting a small model ...")
    try:
        return api.prove(directory, plan, gpu=gpu, time_limit=time_limit)
    except KeyboardInterrupt as interrupt:
        raise CommandFailed(
            f"interrupted during the proof: {directory} is complete but not proved; "
            f"tfmac doctor --deep --env {shlex.quote(directory)} proves it",
            ExitCode.APPLIED_BUT_UNPROVED,
        ) from interrupt


def _rendered(report: SetupReport, output_format: str) -> str:
    from tfmac.report.setup import render
    from tfmac.schema.codec import to_json

    if output_format == "json":
        return to_json(report)
    return render(report, width=terminal_width())
