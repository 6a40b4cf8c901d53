"""``tfmac knowledge``: what is known, how new it is, and bringing it up to date."""

from typing import Optional

import click

from tfmac.cli.common import format_option, print_result, target_option, terminal_width
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.refreshing import curation_errors, progress_of, refresh_option, refreshed
from tfmac.schema.platform import Target


@click.group(name="knowledge")
def command() -> None:
    """Show, check and refresh what tfmac knows of releases and what goes together.

    Answers come from the data that is installed with tfmac; only build and --refresh ask the
    package index.
    """


@command.command()
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option("--output", metavar="DIR", help="Folder of the data.  [default: the user's cache]")
@click.option("--full", is_flag=True, help="Read unchanged releases again.")
@format_option
def build(
    *, packages: tuple[str, ...], output: Optional[str], full: bool, output_format: str
) -> int:
    """Make the release lists anew from the package index; without PACKAGE all of them.

    Goes on where an interrupted run stopped. What cannot be read keeps its old record.
    """
    from tfmac import api
    from tfmac.report.knowledge import render_build
    from tfmac.schema.codec import to_json

    total = len(packages) or len(api.known_packages())
    with curation_errors(), progress_of(total) as progress:
        report = api.build_knowledge(packages, folder=output, full=full, progress=progress)
    as_text = render_build(report, width=terminal_width())
    print_result(to_json(report) if output_format == "json" else as_text)
    unread = any(built.problem is not None for built in report.files)
    return ExitCode.COULD_NOT_FINISH if unread else ExitCode.DONE


@command.command()
@click.argument("package")
@click.argument("version", required=False)
@target_option
@refresh_option
@format_option
def show(
    *,
    package: str,
    version: Optional[str],
    target: Optional[Target],
    refresh: bool,
    output_format: str,
) -> int:
    """Print the releases of PACKAGE, for Apple silicon or the machine of --for; or one VERSION."""
    from tfmac import api
    from tfmac.report.knowledge import render_package
    from tfmac.schema.codec import to_json

    if refresh:
        refreshed((package,))
    with curation_errors():
        found = api.knowledge_of(package, target, version=version)
    as_text = render_package(found, width=terminal_width(), details=version is not None)
    print_result(to_json(found) if output_format == "json" else as_text)
    return ExitCode.DONE


@command.command()
@refresh_option
@format_option
def status(*, refresh: bool, output_format: str) -> int:
    """Print how much is known and how new it is."""
    from tfmac import api
    from tfmac.report.knowledge import render_status
    from tfmac.schema.codec import to_json

    if refresh:
        refreshed(())
    found = api.knowledge_status()
    as_text = render_status(found, width=terminal_width())
    print_result(to_json(found) if output_format == "json" else as_text)
    return ExitCode.DONE


@command.command()
@format_option
def check(*, output_format: str) -> int:
    """Read every data file; ends with 1 when one is damaged or a record names no source."""
    from tfmac import api
    from tfmac.report.knowledge import render_check
    from tfmac.schema.codec import to_json

    found = api.check_knowledge()
    as_text = render_check(found, width=terminal_width())
    print_result(to_json(found) if output_format == "json" else as_text)
    return ExitCode.ANSWER_IS_NO if found.problems else ExitCode.DONE
