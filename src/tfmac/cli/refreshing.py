"""``--refresh`` and the progress of reading a package index, for the commands that have them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable, TypeVar

import click

from tfmac.cli.common import CommandFailed, print_note
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.knowledge_reports import BuiltFile

Command = TypeVar("Command", bound=Callable[..., Any])


def refresh_option(command: Command) -> Command:
    """Add ``--refresh``."""
    return click.option(
        "--refresh",
        is_flag=True,
        help="Ask the package index for releases newer than the installed data.",
    )(command)


def refreshed(packages: Sequence[str]) -> None:
    """Refresh release lists; what the index does not give is noted, and the old data answers."""
    from tfmac import api

    total = len(packages) or len(api.known_packages())
    with curation_errors(), progress_of(total) as progress:
        report = api.refresh(packages, progress=progress)
    for built in report.files:
        if built.problem is not None:
            print_note(f"{built.file}: {built.problem}")


@contextmanager
def curation_errors() -> Iterator[None]:
    """Turn what stands against reading an index at all into messages and exit codes."""
    from tfmac.api.knowledge import CurationUnavailable, UnknownPackageError

    try:
        yield
    except UnknownPackageError as error:
        raise click.UsageError(f"{error}; tfmac knowledge status lists them") from error
    except CurationUnavailable as error:
        raise CommandFailed(
            f"{error}: reading a package index needs tfmac[knowledge], as in "
            "uv tool install 'tfmac[knowledge]'",
            ExitCode.COULD_NOT_FINISH,
        ) from error


@contextmanager
def progress_of(total: int) -> Iterator[Callable[[BuiltFile], None]]:
    """Show a bar on a terminal, else a line for each finished file; both on standard error."""
    if not sys.stderr.isatty():
        yield lambda built: print_note(line_of(built))
        return
    with click.progressbar(length=total, label="package index", file=sys.stderr) as bar:
        yield lambda _: bar.update(1)


def line_of(built: BuiltFile) -> str:
    """Say in a line what became of a file."""
    if built.problem is not None:
        return f"{built.file}: {built.problem}"
    unread = f", {len(built.skipped)} not read" if built.skipped else ""
    return f"{built.file}: {built.records} releases{unread}"
