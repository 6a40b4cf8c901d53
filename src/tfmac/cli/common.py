"""Options and output that several commands share."""

import errno
import importlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

import click

from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.platform import InvalidTarget, Target

if TYPE_CHECKING:
    from tfmac.schema.facts import Facts

Command = TypeVar("Command", bound=Callable[..., Any])


class CommandFailed(click.ClickException):
    """An expected failure: one line for the user and a documented exit code."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc]  # click declares it on the class

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - click's own signature
        """Print the line on standard error."""
        click.echo(printable(f"tfmac: {self.message}"), err=True, file=file)


def target_of(text: str) -> Target:
    """Read the value of ``--for``; what is no target is a usage error."""
    try:
        return Target.parse(text)
    except InvalidTarget as error:
        raise click.BadParameter(str(error)) from error


def python_version_of(text: str) -> str:
    """Read a Python version such as ``3.12`` or ``3.12.4``."""
    parts = text.split(".")
    if len(parts) not in {2, 3} or not all(map(str.isdigit, parts)) or parts[0] != "3":
        raise click.BadParameter(f"{text!r} is not a Python version: write it as 3.12")
    return text


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


def own_environment_options(command: Command) -> Command:
    """Add the options that name an environment of this machine."""
    for option in (
        click.option("--env", metavar="DIR", help="Look at the environment in this folder."),
        click.option("--python", metavar="PATH", help="Look at this interpreter's environment."),
    ):
        command = option(command)
    return command


def environment_options(command: Command) -> Command:
    """Add the options that name the environment to look at, be it another machine's."""
    options = (
        click.option(
            "--site-packages",
            metavar="DIR",
            help="Look at an unpacked environment tree of another machine.",
        ),
        click.option(
            "--python-version",
            type=python_version_of,
            metavar="VERSION",
            help="The Python that the tree of --site-packages is for.",
        ),
    )
    command = target_option(command)
    for option in reversed(options):
        command = option(command)
    return own_environment_options(command)


def target_option(command: Command) -> Command:
    """Add ``--for``."""
    return click.option(
        "--for",
        "target",
        type=target_of,
        metavar="TARGET",
        help="The machine that is meant: macos-14-arm64, macos-12-x86_64, linux-x86_64.",
    )(command)


def cwd_option(command: Command) -> Command:
    """Add ``--cwd``."""
    return click.option(
        "--cwd",
        metavar="DIR",
        default=".",
        help="Where modules that hide packages are sought.  [default: here]",
    )(command)


def share_option(command: Command) -> Command:
    """Add ``--share``."""
    return click.option(
        "--share", is_flag=True, help="Take user names, home folders and credentials out."
    )(command)


def time_limit_option(command: Command) -> Command:
    """Add ``--time-limit``."""
    return click.option(
        "--time-limit",
        type=click.FloatRange(min=1),
        default=600.0,
        show_default=True,
        metavar="SECONDS",
        help="How long the proof may take.",
    )(command)


def own_home() -> str:
    """The user's home folder, for ``--share``."""
    return os.path.expanduser("~")


def gather(
    *,
    python: Optional[str],
    env: Optional[str],
    site_packages: Optional[str] = None,
    python_version: Optional[str] = None,
    target: Optional[Target] = None,
    cwd: Optional[str] = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> "Facts":
    """Observe the environment that the options name, as far as the chosen checks need it."""
    from tfmac import api
    from tfmac.observe.locate import NothingToInspect

    named = [name for name in (python, env, site_packages) if name is not None]
    if len(named) > 1:
        raise click.UsageError("give only one of --python, --env and --site-packages")
    if python_version and not site_packages:
        raise click.UsageError("--python-version goes with --site-packages")
    if cwd is not None and not os.path.isdir(cwd):
        raise CommandFailed(f"--cwd {cwd} is not a folder", ExitCode.NOTHING_TO_INSPECT)
    try:
        return api.collect_facts(
            python=python,
            env=env,
            site_packages=site_packages,
            python_version=python_version,
            target=target,
            cwd=None if cwd is None else os.path.abspath(cwd),
            only=only,
            skip=skip,
        )
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error


def read_facts(path: str) -> "Facts":
    """Read a facts document; a file that is none is a usage error that names it."""
    from tfmac.schema.codec import InvalidDocument, from_json
    from tfmac.schema.facts import Facts

    try:
        with open(path, "rb") as file:
            return from_json(file.read(), Facts, name=path)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", ExitCode.NOTHING_TO_INSPECT) from error
    except InvalidDocument as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from error


def printable(text: str) -> str:
    r"""Write out the bytes of file names that are no UTF-8: ``\xe9``, as in JSON (PEP 383)."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def rendered(document: Any, output_format: str, report: str, *, share: bool = False) -> str:  # noqa: ANN401 - any document
    """Give a document as JSON, or as the text that a module of ``tfmac.report`` makes of it.

    With ``share`` what is private is taken out before.
    """
    from tfmac.schema.codec import to_json
    from tfmac.schema.redaction import redact

    if share:
        document = redact(document, home=own_home())
    if output_format == "json":
        return to_json(document)
    text: str = importlib.import_module(f"tfmac.report.{report}").render(
        document, width=terminal_width()
    )
    return text


def print_result(text: str) -> None:
    """Print a result on standard output, without colour where nobody sees it or wants it.

    Whether anybody reads it to its end changes nothing; a full disk does.
    """
    colour = False if os.environ.get("NO_COLOR") else None
    try:
        click.echo(printable(text), nl=not text.endswith("\n"), color=colour)
    except BrokenPipeError:
        _discard_output()
    except OSError as error:
        _discard_output()
        raise CommandFailed(
            f"the result cannot be written: {error.strerror}", ExitCode.COULD_NOT_FINISH
        ) from error


def _discard_output() -> None:
    """Let go of what is still buffered: Python would fail to write it once more at its end."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_note(text: str) -> None:
    """Print progress or a note on standard error."""
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(printable(text), err=True, color=colour)


def terminal_width() -> int:
    """How wide text may be: the terminal, at most 110 columns so that lines stay readable."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 110))


def write_result(path: str, text: str) -> None:
    """Write a result to a file, wholly or not at all; what cannot be written fails with its name.

    Devices and pipes are written as they are: there is nothing to keep whole.
    """
    written = printable(click.unstyle(text))
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(written)
        else:
            _replace(os.path.realpath(path), written)
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be written: {error.strerror}", ExitCode.COULD_NOT_FINISH
        ) from error


def _replace(path: str, text: str) -> None:
    """Put a new file in a file's place, with the same permissions."""
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    beside = f"{path}.{os.getpid()}.new"
    # "x" follows no link that somebody laid there; the mode is that of a new file.
    file = open(beside, "x", encoding="utf-8")  # noqa: SIM115 - closed before it takes its place
    try:
        with file:
            file.write(text)
        with suppress(FileNotFoundError):
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise


@contextmanager
def planning_errors() -> Iterator[None]:
    """Turn what can go wrong while planning into messages and exit codes."""
    from tfmac.planner.demands import InvalidWish
    from tfmac.planner.resolver import IndexUnreachable, ResolutionFailed

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

    codes = {
        ChangeFailure.EXISTS: ExitCode.USAGE,
        ChangeFailure.NOT_AN_ENVIRONMENT: ExitCode.USAGE,
        ChangeFailure.NOTHING_KEPT: ExitCode.NOTHING_TO_INSPECT,
    }
    try:
        yield
    except EnvironmentChangeFailed as error:
        code = codes.get(error.kind, ExitCode.COULD_NOT_FINISH)
        raise CommandFailed(str(error), code) from error
