"""``tfmac versions``: the versions that matter, for a bug report."""

from typing import Any

import click

from tfmac.cli.common import (
    environment_options,
    format_option,
    gather,
    own_home,
    print_result,
    share_option,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.refreshing import CORE, refresh_option, refreshed


@click.command(name="versions")
@environment_options
@refresh_option
@format_option
@share_option
def command(
    *,
    refresh: bool,
    output_format: str,
    share: bool,
    **environment: Any,  # noqa: ANN401 - the options of environment_options
) -> int:
    """Print the versions that matter in an environment, known conflicts marked."""
    from tfmac import api
    from tfmac.schema.codec import to_json
    from tfmac.schema.redaction import redact

    if refresh:
        refreshed(CORE)
    versions = api.versions(gather(skip=api.NOT_ABOUT_VERSIONS, **environment))
    if share:
        versions = redact(versions, home=own_home())
    if output_format == "json":
        print_result(to_json(versions))
    else:
        from tfmac.report.versions import render

        print_result(render(versions))
    return ExitCode.DONE
