"""``tfmac parity``: the user's own model on two devices, or all operations of Keras."""

from typing import TYPE_CHECKING, Any, Optional

import click

from tfmac.cli.common import (
    CommandFailed,
    format_option,
    own_environment_options,
    print_note,
    print_result,
    rendered,
    share_option,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.operation_parity import asked_for_operations, operation_options
from tfmac.schema.proof import Core

if TYPE_CHECKING:
    from tfmac.schema.parity import ParityReport

_NOTHING_THERE = {"no-framework", "no-such-device", "no-model", "no-keras"}


@click.command(name="parity")
@click.argument("model", required=False, metavar="[MODEL | SCRIPT.py[:NAME]]")
@click.option("--inputs", metavar="FILE.npz", help="Arrays to call the model with.")
@click.option(
    "--steps",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="How many training steps are compared.",
)
@click.option(
    "--device", metavar="NAME", help="The device to test: GPU:0, CPU:1.  [default: the first GPU]"
)
@click.option("--reference", metavar="NAME", help="What it is compared with.  [default: CPU:0]")
@click.option(
    "--backend",
    type=click.Choice([core.value for core in Core]),
    help="What Keras 3 computes with.",
)
@click.option("--minimal", metavar="FILE.py", help="Where a script goes that shows the fault.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=1),
    default=1800.0,
    show_default=True,
    metavar="SECONDS",
    help="When the comparison is ended.",
)
@operation_options
@own_environment_options
@format_option
@share_option
def command(*, model: Optional[str], output_format: str, share: bool, **options: Any) -> int:  # noqa: ANN401
    """Compare a model on the GPU and on the CPU, and name the layer that departs.

    MODEL is a file that Keras reads (.keras, .h5, a SavedModel), or a script that has a model or a
    function that makes one. Both devices get the same weights and inputs. Compared are each layer,
    its gradients, the compiled model, the loss, the optimizer and some training steps.
    """
    code = asked_for_operations(model, options, output_format, share=share)
    if code is not None:
        return code
    if model is None:
        raise click.UsageError("a model or a script is needed, or --ops")
    report = _compared(model, **options)
    print_result(rendered(report, output_format, "parity", share=share))
    return _exit_code(report)


def _compared(model: str, **options: Any) -> "ParityReport":  # noqa: ANN401
    from tfmac import api
    from tfmac.measurement.reproductions import WouldOverwrite
    from tfmac.observe.locate import NothingToInspect

    print_note("comparing in a child process ...")
    minimal = options.pop("minimal") or "parity_minimal.py"
    try:
        return api.parity(model, minimal=minimal, on_event=_told, **options)
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    except WouldOverwrite as error:
        raise click.UsageError(f"{error}; --minimal FILE.py names another place") from error


def _told(event: "dict[str, Any]") -> None:
    """Say what is compared next."""
    if event.get("event") == "stage":
        inputs = event.get("inputs")
        print_note(f"  {event.get('stage')}" + (f": {inputs}" if inputs else ""))


def _exit_code(report: "ParityReport") -> int:
    from tfmac.schema.parity import ParityVerdict

    if report.failure is not None:
        if report.failure.kind in _NOTHING_THERE and not report.stages:
            return ExitCode.NOTHING_TO_INSPECT
        return ExitCode.COULD_NOT_FINISH
    return ExitCode.DONE if ParityVerdict(report.verdict).sound else ExitCode.ANSWER_IS_NO
