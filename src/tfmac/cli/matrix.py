"""``tfmac matrix``: what goes with what."""

from typing import Optional

import click

from tfmac.cli.common import print_note, print_result, target_option
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.refreshing import refresh_option, refreshed
from tfmac.schema.platform import Target


@click.command(name="matrix")
@click.option(
    "--plugin",
    metavar="NAME",
    help="All releases of this extension, such as tensorflow-metal or tensorflow-text.",
)
@target_option
@refresh_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How the answer is printed.",
)
def command(
    *, plugin: Optional[str], target: Optional[Target], refresh: bool, output_format: str
) -> int:
    """Print what goes with each TensorFlow release: Python, macOS, Keras, NumPy, Metal plug-in.

    For Apple silicon or the machine of --for; with --plugin the verdict over every pair.
    """
    from tfmac import api
    from tfmac.api.compatibility import UnknownExtension
    from tfmac.report import compatibility
    from tfmac.schema.codec import to_json

    if refresh:
        refreshed(())
    if plugin is None:
        stacks = api.stack_matrix(target)
        document, table = to_json(stacks), compatibility.stack_table(stacks)
    else:
        if target is not None and not target.apple_silicon:
            raise click.UsageError("the verdicts over extensions are for Apple silicon")
        try:
            pairs = api.abi_matrix(plugin)
        except UnknownExtension as error:
            raise click.UsageError(str(error)) from error
        document, table = to_json(pairs), compatibility.pair_table(pairs)
    if output_format == "json":
        print_result(document)
    elif output_format == "markdown":
        print_result(compatibility.as_markdown(table))
    else:
        print_result(compatibility.as_text(table))
        if plugin is not None:
            print_note(compatibility.LEGEND)
    return ExitCode.DONE
