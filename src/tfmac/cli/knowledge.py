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
@click.option("--full", is_flag=True, help="Read what is unchanged again.")
@click.option(
    "--part",
    "parts",
    type=click.Choice(["releases", "abi", "limits", "api"]),
    multiple=True,
    help="What is made; may be repeated.  [default: releases]",
)
@format_option
def build(
    *,
    packages: tuple[str, ...],
    output: Optional[str],
    full: bool,
    parts: tuple[str, ...],
    output_format: str,
) -> int:
    """Make the data anew from the package index; without PACKAGE all of it.

    The release lists take a minute; the verdicts over extensions (abi), what no metadata says
    (limits) and the public names (api) take minutes and gigabytes. Goes on where an interrupted
    run stopped. What cannot be read keeps its old record.
    """
    from tfmac import api
    from tfmac.report.knowledge import render_build
    from tfmac.schema.codec import to_json

    total = len(packages) or len(api.known_packages())
    with curation_errors(), progress_of(total, bar=set(parts) <= {"releases"}) as progress:
        report = api.build_knowledge(
            packages, parts=parts or ("releases",), folder=output, full=full, progress=progress
        )
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
@click.option(
    "--plugin", required=True, metavar="NAME==VERSION", help="Such as tensorflow-metal==1.2.0."
)
@click.option(
    "--tensorflow",
    required=True,
    metavar="NAME==VERSION",
    help="What it is loaded into: tensorflow==2.18.0, tensorflow-macos==2.12.0, jaxlib==0.4.34.",
)
@refresh_option
@format_option
def abi(*, plugin: str, tensorflow: str, refresh: bool, output_format: str) -> int:
    """Tell whether a native extension loads into a TensorFlow on Apple silicon, and why not.

    The answer is for all Pythons of the releases; what was not judged is unknown.
    """
    from tfmac import api
    from tfmac.api.compatibility import UnreadablePair
    from tfmac.report.compatibility import render_abi
    from tfmac.schema.codec import to_json

    if refresh:
        refreshed([text.partition("==")[0] for text in (plugin, tensorflow)])
    try:
        answer = api.abi(plugin, tensorflow)
    except UnreadablePair as error:
        raise click.UsageError(str(error)) from error
    as_text = render_abi(answer, width=terminal_width())
    print_result(to_json(answer) if output_format == "json" else as_text)
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
