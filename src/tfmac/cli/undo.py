"""``tfmac undo``: put back what the last repair has replaced."""

import os
import sys
from typing import Optional

import click

from tfmac.cli.common import change_errors, format_option, print_result
from tfmac.cli.exit_codes import ExitCode


@click.command(name="undo")
@click.option("--env", metavar="DIR", help="The environment.  [default: the active one]")
@click.option("--forget", is_flag=True, help="Delete what is kept instead; it cannot be undone.")
@format_option
def command(*, env: Optional[str], forget: bool, output_format: str) -> int:
    """Put back what the last fix of an environment has replaced.

    What a killed fix has left half-made is finished or taken back first, and said.
    """
    from tfmac import api
    from tfmac.report.repair import render_undo
    from tfmac.schema.codec import to_json

    root = env or os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if root is None:
        raise click.UsageError("no environment is active: name one with --env")
    with change_errors():
        report = api.undo_repair(os.path.abspath(root), forget=forget, progress=sys.stderr)
    print_result(to_json(report) if output_format == "json" else render_undo(report))
    return ExitCode.DONE
