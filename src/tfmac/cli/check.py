"""``tfmac check``: does it compute, where, and is it right."""

import os
from typing import Optional

import click

from tfmac.cli.common import (
    CommandFailed,
    cwd_option,
    format_option,
    gather,
    own_environment_options,
    print_note,
    print_result,
    rendered,
    share_option,
    time_limit_option,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.device_check import CheckVerdict
from tfmac.schema.proof import Core


@click.command(name="check")
@own_environment_options
@cwd_option
@click.option(
    "--backend",
    type=click.Choice([core.value for core in Core]),
    help="What has to compute.  [default: TensorFlow, else what Keras 3 has]",
)
@click.option("--gpu", is_flag=True, help="Exit with 1 unless the GPU is proved.")
@time_limit_option
@format_option
@share_option
def command(
    *,
    python: Optional[str],
    env: Optional[str],
    cwd: str,
    backend: Optional[str],
    gpu: bool,
    time_limit: float,
    output_format: str,
    share: bool,
) -> int:
    """Use what is installed, and say where it ran and whether it is right.

    Imports TensorFlow (or PyTorch or JAX), lists its devices, computes a product that is placed on
    each kind of device and on no other, fits, saves and loads a small Keras model.
    """
    from tfmac import api
    from tfmac.observe.locate import NothingToInspect

    facts = gather(python=python, env=env, cwd=cwd)
    print_note("using it in a child process ...")
    try:
        report = api.check(
            facts,
            time_limit=time_limit,
            cwd=os.path.abspath(cwd),
            core=Core(backend) if backend else None,
        )
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    print_result(rendered(report, output_format, "device_check", share=share))
    proved = {CheckVerdict.GPU} if gpu else {CheckVerdict.GPU, CheckVerdict.CPU}
    return ExitCode.DONE if report.verdict in proved else ExitCode.ANSWER_IS_NO
