"""``--refresh`` and the progress of reading a package index, for the commands that have them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Callable, TypeVar

import click

from tfmac.cli.common import CommandFailed, print_note
from tfmac.cli.exit_codes import ExitCode

CORE = ("keras", "tensorflow", "tensorflow-macos", "tensorflow-metal", "tf-keras")
"""Whose newer releases matter to a plan and a diagnosis."""

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
def progress_of(total: int, *, bar: bool = True) -> Iterator[Callable[[str], None]]:
    """Show a bar on a terminal, else each line of progress; both on standard error."""
    if not (bar and sys.stderr.isatty()):
        yield print_note
        return
    with click.progressbar(length=total, label="package index", file=sys.stderr) as shown:
        yield lambda _: shown.update(1)
