"""Options and output that several commands share."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, Optional, TypeVar

import click

from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.facts import Facts
from tfmac.schema.platform import InvalidTarget, Target

Command = TypeVar("Command", bound=Callable[..., Any])


class CommandFailed(click.ClickException):
    """An expected failure: one line for the user and a documented exit code."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = code

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        """Print the line on standard error."""
        click.echo(f"tfmac: {self.message}", err=True, file=file)


class _TargetType(click.ParamType):
    name = "target"

    def convert(
        self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]  # noqa: ANN401
    ) -> Target:
        if isinstance(value, Target):
            return value
        try:
            return Target.parse(value)
        except InvalidTarget as error:
            self.fail(str(error), param, ctx)


class _PythonVersionType(click.ParamType):
    name = "version"

    def convert(
        self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]  # noqa: ANN401
    ) -> str:
        parts = str(value).split(".")
        if len(parts) in {2, 3} and all(part.isdigit() for part in parts) and parts[0] == "3":
            return str(value)
        self.fail(f"{value!r} is not a Python version: write it as 3.12", param, ctx)


TARGET = _TargetType()
PYTHON_VERSION = _PythonVersionType()


def format_option(command: Command) -> Command:
    """Add ``--format text|json``."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the answer is printed.",
    )(command)


def environment_options(command: Command) -> Command:
    """Add the options that name the environment to look at."""
    options = (
        click.option("--python", metavar="PATH", help="Look at this interpreter's environment."),
        click.option("--env", metavar="DIR", help="Look at the environment in this folder."),
        click.option(
            "--site-packages",
            metavar="DIR",
            help="Look at an unpacked environment tree of another machine.",
        ),
        click.option(
            "--python-version",
            type=PYTHON_VERSION,
            help="The Python that the tree of --site-packages is for.",
        ),
        click.option(
            "--for",
            "target",
            type=TARGET,
            help="Judge for this machine: macos-14-arm64, macos-12-x86_64, linux-x86_64.",
        ),
        click.option(
            "--cwd",
            metavar="DIR",
            default=".",
            help="Where modules that hide packages are sought.  [default: here]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def wish_options(command: Command) -> Command:
    """Add the wishes that ``plan`` and ``setup`` share."""
    options = (
        click.option(
            "--gpu/--no-gpu",
            default=None,
            help="Whether the GPU is wished.  [default: if there is a stack for it]",
        ),
        click.option("--tensorflow", metavar="SPEC", help="Such as 2.18, ==2.18.1 or >=2.17."),
        click.option("--keras", metavar="SPEC", help="Such as 3.8 or <3."),
        click.option(
            "--with",
            "packages",
            multiple=True,
            metavar="REQUIREMENT",
            help="Another package that has to fit; may be repeated.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def share_option(command: Command) -> Command:
    """Add ``--share``."""
    return click.option(
        "--share", is_flag=True, help="Take user names, home folders and credentials out."
    )(command)


def gather(
    parts: Optional[frozenset[str]] = None,
    *,
    python: Optional[str],
    env: Optional[str],
    site_packages: Optional[str],
    python_version: Optional[str],
    target: Optional[Target],
    cwd: str,
) -> Facts:
    """Observe the environment that the options name; ``parts`` None reads all of them."""
    from tfmac import api
    from tfmac.observe.locate import NothingToInspect

    named = [name for name in (python, env, site_packages) if name is not None]
    if len(named) > 1:
        raise click.UsageError("give only one of --python, --env and --site-packages")
    if python_version and not site_packages:
        raise click.UsageError("--python-version goes with --site-packages")
    if not os.path.isdir(cwd):
        raise CommandFailed(f"--cwd {cwd} is not a folder", ExitCode.NOTHING_TO_INSPECT)
    try:
        return api.collect_facts(
            python=python,
            env=env,
            site_packages=site_packages,
            python_version=python_version,
            target=target,
            cwd=os.path.abspath(cwd),
            parts=parts,
        )
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error


def read_facts(path: str) -> Facts:
    """Read a facts document; a file that is none is a usage error that names it."""
    from tfmac.schema.codec import InvalidDocument, from_json

    try:
        with open(path, "rb") as file:
            return from_json(file.read(), Facts, name=path)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", ExitCode.NOTHING_TO_INSPECT) from error
    except InvalidDocument as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from error


def print_result(text: str) -> None:
    """Print a result on standard output, without colour where nobody sees it or wants it."""
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(text, nl=not text.endswith("\n"), color=colour)


def print_note(text: str) -> None:
    """Print progress or a note on standard error."""
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(text, err=True, color=colour)


def terminal_width() -> int:
    """How wide text may be: the terminal, at most 110 columns so that lines stay readable."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 110))


@contextmanager
def written_file(path: str) -> Iterator[Any]:
    """Open a file for the result; a path that cannot be written fails with its name."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be written: {error.strerror}", ExitCode.COULD_NOT_FINISH
        ) from error


@contextmanager
def planning_errors() -> Iterator[None]:
    """Turn what can go wrong while planning into messages and exit codes."""
    from tfmac.planner.resolver import IndexUnreachable, ResolutionFailed
    from tfmac.planner.wishes import InvalidWish

    try:
        yield
    except InvalidWish as error:
        raise click.UsageError(str(error)) from error
    except IndexUnreachable as error:
        raise CommandFailed(
            f"the package index cannot be reached: {error}", ExitCode.COULD_NOT_FINISH
        ) from error
    except ResolutionFailed as error:
        raise CommandFailed(str(error), ExitCode.COULD_NOT_FINISH) from error


@contextmanager
def change_errors() -> Iterator[None]:
    """Turn a change that was refused or failed into its message and exit code."""
    from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed

    refusals = {ChangeFailure.EXISTS, ChangeFailure.NOT_AN_ENVIRONMENT}
    try:
        yield
    except EnvironmentChangeFailed as error:
        code = ExitCode.USAGE if error.kind in refusals else ExitCode.COULD_NOT_FINISH
        raise CommandFailed(str(error), code) from error
