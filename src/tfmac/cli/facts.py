"""``tfmac facts``: everything that doctor saw."""

from typing import Any, Optional

import click

from tfmac.cli.common import (
    cwd_option,
    environment_options,
    gather,
    own_home,
    print_result,
    share_option,
    write_result,
)
from tfmac.cli.exit_codes import ExitCode


@click.command(name="facts")
@environment_options
@cwd_option
@click.option("-o", "--output", metavar="FILE", help="Write to a file.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["json", "text"]),
    default="json",
    show_default=True,
    help="JSON is what doctor --facts reads.",
)
@share_option
def command(
    *,
    output: Optional[str],
    output_format: str,
    share: bool,
    **environment: Any,  # noqa: ANN401 - the options of environment_options
) -> int:
    """Print what doctor looks at, as JSON for a bug report.

    `tfmac doctor --facts FILE` judges it on any machine and finds the same.
    """
    from tfmac.schema.codec import to_json
    from tfmac.schema.redaction import redact

    facts = gather(**environment)
    if share:
        facts = redact(facts, home=own_home())
    if output_format == "text":
        from tfmac.report.facts import render

        text = render(facts)
    else:
        text = to_json(facts)
    if output is None:
        print_result(text)
    else:
        write_result(output, text)
    return ExitCode.DONE
