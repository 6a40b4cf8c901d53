"""``tfmac doctor``: what is wrong with an environment."""

import os
from typing import Any, Optional

import click

from tfmac.cli.common import (
    cwd_option,
    environment_options,
    format_option,
    gather,
    own_home,
    print_note,
    print_result,
    read_facts,
    share_option,
    terminal_width,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.refreshing import CORE, refresh_option, refreshed
from tfmac.schema.facts import Facts
from tfmac.schema.findings import Severity
from tfmac.schema.reports import Diagnosis


@click.command(name="doctor")
@environment_options
@cwd_option
@click.option("--facts", "facts_file", metavar="FILE", help="Judge saved facts instead of looking.")
@click.option(
    "--gpu/--no-gpu",
    default=None,
    help="Whether the GPU is wished: its lack is an error, or not mentioned.",
)
@click.option("--deep", is_flag=True, help="Also import and use TensorFlow in a child process.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=1),
    default=180.0,
    show_default=True,
    metavar="SECONDS",
    help="How long --deep may take.",
)
@click.option("--only", multiple=True, metavar="NAME", help="Only this cause or family of checks.")
@click.option("--skip", multiple=True, metavar="NAME", help="Not this cause or family of checks.")
@click.option("--list", "list_checks", is_flag=True, help="List the checks and end.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity] + ["never"]),
    default=Severity.ERROR.value,
    show_default=True,
    help="The least severity that ends with exit code 1.",
)
@refresh_option
@format_option
@share_option
def command(
    *,
    facts_file: Optional[str],
    gpu: Optional[bool],
    deep: bool,
    time_limit: float,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    list_checks: bool,
    fail_on: str,
    refresh: bool,
    output_format: str,
    share: bool,
    **environment: Any,  # noqa: ANN401 - the options of environment_options
) -> int:
    """Say what is wrong with an environment, without importing TensorFlow.

    Without an option that names it, the environment is the one that tfmac is installed in beside
    TensorFlow; else the activated one; else .venv-tf, .venv or venv here; else that of python3.
    """
    from tfmac import api
    from tfmac.checks.registry import UnknownSelection

    if list_checks:
        print_result(_checks(output_format))
        return ExitCode.DONE
    if refresh:
        refreshed(CORE)
    try:
        facts = _facts(facts_file, only, skip, environment)
        if deep:
            facts = _probe(facts, facts_file, time_limit, cwd=environment["cwd"])
        diagnosis = api.diagnose(facts, gpu=gpu, only=only, skip=skip)
    except UnknownSelection as error:
        raise click.UsageError(str(error)) from error
    print_result(_rendered(diagnosis, output_format, share=share))
    return _exit_code(diagnosis, fail_on, gpu=gpu)


def _facts(
    facts_file: Optional[str],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    environment: dict[str, Any],
) -> Facts:
    if facts_file is None:
        return gather(only=only, skip=skip, **environment)
    named = ("python", "env", "site_packages", "python_version", "target")
    if any(environment[name] for name in named):
        raise click.UsageError("--facts already says which environment and machine it is")
    return read_facts(facts_file)


def _probe(facts: Facts, facts_file: Optional[str], time_limit: float, *, cwd: str) -> Facts:
    from tfmac import api

    if facts_file is not None or facts.environment.kind.value == "tree":
        raise click.UsageError("--deep needs an environment of this machine")
    print_note("using it in a child process ...")
    return api.probe(facts, time_limit=time_limit, cwd=os.path.abspath(cwd))


def _rendered(diagnosis: Diagnosis, output_format: str, *, share: bool) -> str:
    from tfmac.schema.codec import to_json
    from tfmac.schema.redaction import redact

    if share:
        diagnosis = redact(diagnosis, home=own_home())
    if output_format == "json":
        return to_json(diagnosis)
    from tfmac.report.diagnosis import render

    return render(diagnosis, width=terminal_width())


def _checks(output_format: str) -> str:
    from tfmac import api
    from tfmac.schema.codec import to_json

    listing = api.registered_checks()
    if output_format == "json":
        return to_json(listing)
    lines = (f"{one.family:13} {one.check:24} {', '.join(one.causes)}" for one in listing.checks)
    return "\n".join(lines)


def _exit_code(diagnosis: Diagnosis, fail_on: str, *, gpu: Optional[bool]) -> ExitCode:
    """1 when TensorFlow cannot be used, or for a finding that is bad enough."""
    from tfmac import api

    if any(one.outcome.value == "crashed" for one in diagnosis.outcomes):
        return ExitCode.COULD_NOT_FINISH
    if fail_on == "never":
        return ExitCode.DONE
    worst = Severity(fail_on).rank
    bad = any(one.severity.rank <= worst for one in diagnosis.findings)
    return ExitCode.ANSWER_IS_NO if bad or not api.usable(diagnosis, gpu=gpu) else ExitCode.DONE
