"""``tfmac cause``: the page of a cause, or the list of all."""

from typing import Optional

import click

from tfmac.cli.common import format_option, print_result, terminal_width
from tfmac.cli.exit_codes import ExitCode


@click.command(name="cause")
@click.argument("name", required=False)
@format_option
def command(*, name: Optional[str], output_format: str) -> int:
    """Print what a cause is, how it shows and what has to change; without NAME, list all."""
    from tfmac import api
    from tfmac.knowledge.failures import UnknownCauseError
    from tfmac.report import causes
    from tfmac.schema.codec import to_json

    if name is None:
        listing = api.causes()
        text = causes.render_list(listing, width=terminal_width())
        print_result(to_json(listing) if output_format == "json" else text)
        return ExitCode.DONE
    try:
        page = api.cause(name)
    except UnknownCauseError as error:
        raise click.UsageError(f"{error}{_near(name)}; tfmac cause lists all") from error
    text = causes.render(page, width=terminal_width())
    print_result(to_json(page) if output_format == "json" else text)
    return ExitCode.DONE


def _near(name: str) -> str:
    import difflib

    from tfmac import api

    near = difflib.get_close_matches(name, [one.cause for one in api.causes().causes], n=1)
    return f"; did you mean {near[0]}?" if near else ""
