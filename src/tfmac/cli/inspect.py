"""``tfmac inspect``: what a model file is, who wrote it, and who can load it."""

import click

from tfmac.cli.common import CommandFailed, format_option, print_result, terminal_width
from tfmac.cli.exit_codes import ExitCode


@click.command(name="inspect")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--reader",
    "readers",
    multiple=True,
    metavar="READER",
    help="Judge for this reader, such as tensorflow==2.18.1,keras==3.8.0; may be repeated.  "
    "[default: those that matter]",
)
@click.option("--all-layers", is_flag=True, help="Show every layer, however many there are.")
@format_option
def command(
    *, paths: tuple[str, ...], readers: tuple[str, ...], all_layers: bool, output_format: str
) -> int:
    """Tell what model files are, who wrote them, what is in them and what loads them.

    PATH is a file or a folder; a SavedModel's folder is one model, any other is searched.
    Nothing in a file is executed, and TensorFlow is not needed.
    """
    from tfmac import api
    from tfmac.api.models import ChildCannotStart, InvalidReader, ModelsExtraMissing, NoModels
    from tfmac.schema.codec import to_json
    from tfmac.schema.models import NOT_MODELS

    try:
        report = api.inspect_model(*paths, readers=readers)
    except NoModels as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    except InvalidReader as error:
        raise click.UsageError(str(error)) from error
    except (ModelsExtraMissing, ChildCannotStart) as error:
        raise CommandFailed(str(error), ExitCode.COULD_NOT_FINISH) from error
    if output_format == "json":
        print_result(to_json(report))
    else:
        from tfmac.report.models import render

        text = render(report, width=terminal_width(), all_layers=all_layers, asked=bool(readers))
        print_result(text)
    if report.unfinished:
        return ExitCode.COULD_NOT_FINISH
    unsound = any(one.problems or one.format in NOT_MODELS for one in report.models)
    return ExitCode.ANSWER_IS_NO if unsound else ExitCode.DONE
