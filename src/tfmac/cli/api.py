"""``tfmac api``: where a public name of TensorFlow or Keras lived, and what stands in for it."""

import click

from tfmac.cli.common import format_option, print_result, terminal_width
from tfmac.cli.exit_codes import ExitCode


@click.command(name="api")
@click.argument("name")
@format_option
def command(*, name: str, output_format: str) -> int:
    """Print in which releases NAME lived, with its parameters, and what stands in for it.

    NAME is written as in a program: tf.keras.utils.np_utils, keras.Model.fit_generator.
    """
    from tfmac import api
    from tfmac.knowledge.api_history import InvalidApiName
    from tfmac.schema.codec import to_json

    try:
        page = api.api_name(name)
    except InvalidApiName as error:
        raise click.UsageError(str(error)) from error
    if output_format == "json":
        print_result(to_json(page))
    else:
        from tfmac.report.api_history import render

        print_result(render(page, width=terminal_width()))
    return ExitCode.DONE
