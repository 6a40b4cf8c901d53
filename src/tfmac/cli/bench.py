"""``tfmac bench``: how fast a model is on which device, and from which batch size on."""

import io
import os
import sys
from typing import TYPE_CHECKING, Optional

import click

from tfmac.cli.common import (
    CommandFailed,
    format_option,
    own_environment_options,
    print_note,
    print_result,
    terminal_width,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.bench import BenchReport, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence


def _sizes(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdigit() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text!r}: write batch sizes as 1,8,32")
    return tuple(int(part) for part in parts)


def _names(
    _context: click.Context, _option: click.Parameter, text: Optional[str]
) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else ()


@click.command(name="bench")
@click.argument("model", required=False, metavar="[MODEL | SCRIPT.py[:NAME]]")
@click.option(
    "--batch",
    "batches",
    default="1,8,32,128",
    show_default=True,
    callback=_sizes,
    metavar="SIZES",
    help="The batch sizes.",
)
@click.option(
    "--backend",
    "backends",
    callback=_names,
    metavar="NAMES",
    help="tensorflow, torch, jax, or several with commas.  "
    "[default: all that are installed; for a script, KERAS_BACKEND or tensorflow]",
)
@click.option(
    "--devices",
    default="gpu,cpu",
    show_default=True,
    callback=_names,
    metavar="NAMES",
    help="The devices; the others are compared with the last.",
)
@click.option("--fit", "only_fit", is_flag=True, help="Time training alone.")
@click.option("--predict", "only_predict", is_flag=True, help="Time prediction alone.")
@click.option("--inputs", metavar="FILE.npz", help="Inputs for the model, by name or in order.")
@click.option(
    "--repeats",
    type=click.IntRange(min=6),
    default=7,
    show_default=True,
    help="How many times each device is timed at each size.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.01),
    default=0.25,
    show_default=True,
    help="How long one timing lasts.",
)
@click.option("--png", metavar="FILE", help="Draw a picture too; needs tfmac[plots].")
@own_environment_options
@click.option(
    "--time-limit",
    type=click.FloatRange(min=1),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long all may take.",
)
@format_option
def command(
    *,
    model: Optional[str],
    batches: tuple[int, ...],
    backends: tuple[str, ...],
    devices: tuple[str, ...],
    only_fit: bool,
    only_predict: bool,
    inputs: Optional[str],
    repeats: int,
    seconds: float,
    png: Optional[str],
    python: Optional[str],
    env: Optional[str],
    time_limit: float,
    output_format: str,
) -> int:
    """Time a model's fit and predict on the GPU and on the CPU, and say which to use.

    MODEL is a file that Keras reads, or a script with a model in it; without one three small models
    are timed. The devices take turns, so that both see the same warm machine.
    """
    from tfmac import api
    from tfmac.api.subjects import BACKENDS
    from tfmac.observe.locate import NothingToInspect

    for name in backends:
        if name not in BACKENDS:
            raise click.UsageError(f"--backend {name}: it is one of {', '.join(BACKENDS)}")
    if not devices:
        raise click.UsageError("--devices names none")
    if inputs is not None and model is None:
        raise click.UsageError("--inputs goes with a MODEL")
    _refuse_folder_that_is_not_there(png)
    progress = _Progress()
    try:
        report = api.bench(
            model,
            python=python,
            env=env,
            inputs=inputs,
            batches=batches,
            backends=backends,
            devices=devices,
            modes=_modes(fit=only_fit, predict=only_predict),
            repeats=repeats,
            block_seconds=seconds,
            time_limit=time_limit,
            progress=progress.show,
        )
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    finally:
        progress.end()
    print_result(_rendered(report, output_format))
    if png is not None:
        _draw(report, png)
    if not report.finished or report.devices_without_times:
        return ExitCode.COULD_NOT_FINISH
    return ExitCode.DONE


class _Progress:
    """A bar on standard error that begins with the first step."""

    def __init__(self) -> None:
        self._bar = click.progressbar(
            length=1, label="bench", file=sys.stderr, item_show_func=lambda text: text or ""
        )
        self._bar.__enter__()

    def show(self, done: int, total: int, text: str) -> None:
        """Say how far it is, and with what."""
        self._bar.length = total
        self._bar.update(done - self._bar.pos, text)

    def end(self) -> None:
        """Leave the line."""
        self._bar.__exit__(None, None, None)


def _modes(*, fit: bool, predict: bool) -> "Sequence[Mode]":
    if fit == predict:
        return tuple(Mode)
    return (Mode.FIT,) if fit else (Mode.PREDICT,)


def _refuse_folder_that_is_not_there(path: Optional[str]) -> None:
    folder = os.path.dirname(os.path.abspath(path)) if path is not None else "."
    if not os.path.isdir(folder):
        raise click.UsageError(f"--png {path}: there is no folder {folder}")


def _rendered(report: BenchReport, output_format: str) -> str:
    if output_format == "json":
        from tfmac.schema.codec import to_json

        return to_json(report)
    from tfmac.report.bench import render

    return render(report, width=terminal_width())


def _draw(report: BenchReport, path: str) -> None:
    """Write the picture; a report is never lost for it."""
    from tfmac.api.timing import PlotsExtraMissing, draw_bench

    drawn = io.BytesIO()
    try:
        draw_bench(report, drawn)
        with open(path, "wb") as file:
            file.write(drawn.getvalue())
    except PlotsExtraMissing as error:
        raise CommandFailed(str(error), ExitCode.COULD_NOT_FINISH) from error
    except OSError as error:
        raise CommandFailed(
            f"{path} cannot be written: {error.strerror}", ExitCode.COULD_NOT_FINISH
        ) from error
    print_note(f"drawn: {path}")
