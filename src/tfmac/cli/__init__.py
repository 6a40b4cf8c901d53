"""The command line: one file a command. Only this package prints or exits."""

import gc
import importlib
import os
import sys
from typing import Optional

import click

from tfmac._version import __version__
from tfmac.cli.exit_codes import ExitCode

_COMMANDS = (
    "setup",
    "doctor",
    "explain",
    "run",
    "plan",
    "create",
    "fix",
    "undo",
    "check",
    "parity",
    "bench",
    "inspect",
    "migrate",
    "versions",
    "facts",
    "cause",
    "api",
    "matrix",
    "knowledge",
)


class _Commands(click.Group):
    """Imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands in the order of a first use."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Optional[click.Command]:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"tfmac.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tfmac", message="%(prog)s %(version)s")
def program() -> None:
    """TensorFlow and Keras that work on Apple-silicon Macs.

    Plans, installs and proves an environment, and says what is wrong with an existing one.
    """


def main() -> None:
    """Run the command line; every expected failure ends in one clear line and its exit code."""
    # A tenth of a second's work makes tens of thousands of small objects and no garbage worth
    # looking for: without the collector doctor is some 5 % faster (bench/doctor.py).
    gc.disable()
    try:
        sys.exit(_run())
    finally:
        gc.enable()


def _run() -> int:
    try:
        code = program.main(prog_name="tfmac", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("tfmac: interrupted", err=True)
        return ExitCode.COULD_NOT_FINISH
    except SystemExit:
        # How click ends when nobody reads what is said on the way to a result.
        return ExitCode.COULD_NOT_FINISH
    except Exception as error:
        if os.environ.get("TFMAC_TRACEBACK"):
            raise
        click.echo(
            f"tfmac crashed: {type(error).__name__}: {error}\n"
            "This is a defect of tfmac. TFMAC_TRACEBACK=1 shows where; please report it.",
            err=True,
        )
        return ExitCode.COULD_NOT_FINISH
    return code if isinstance(code, int) else ExitCode.DONE
