"""``tfmac migrate``: an old model in, a current ``.keras`` out, with the proof of it."""

import difflib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

import click
import msgspec

from tfmac.api.migration import Migration, Settings
from tfmac.cli.common import (
    CommandFailed,
    format_option,
    print_note,
    print_result,
    terminal_width,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.migration import MigratedModel, MigrationReport, Verified


class _Options(msgspec.Struct, frozen=True, kw_only=True):
    """How every model of a call is to be migrated."""

    keras: Optional[str]
    python: Optional[str]
    architecture: Optional[str]
    custom: tuple[str, ...]
    strip_optimizer: bool
    verify: bool
    keep_unverified: bool
    force: bool
    download_python: bool
    offline: bool

    def settings(self) -> Settings:
        """Settle what is left to the machine."""
        from tfmac import api
        from tfmac.api.migration import Making

        for one in self.custom:
            module, colon, name = one.partition(":")
            if not (module and colon and name):
                raise click.UsageError(f"--custom {one}: write it as module:Class")
        return Settings(
            keras=api.wanted_keras(self.keras, python=self.python),
            architecture=self.architecture,
            custom=self.custom,
            folder=os.getcwd(),
            strip_optimizer=self.strip_optimizer,
            force=self.force,
            verify=self.verify,
            keep_unverified=self.keep_unverified,
            making=Making(
                offline=self.offline, download_python=self.download_python, progress=sys.stderr
            ),
        )


@click.command(name="migrate")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("-o", "--output", metavar="OUT.keras", help="The new file.  [default: beside FILE]")
@click.option("--out", "folder", metavar="DIR", help="Migrate all models of FILE... into DIR.")
@click.option(
    "--keras",
    metavar="SPEC",
    help="The Keras to write for: 3.8.0, '>=3.5,<3.9'.  "
    "[default: the newest that your Python can have]",
)
@click.option("--python", metavar="PATH", help="The interpreter that the new file is for.")
@click.option(
    "--architecture",
    metavar="FILE",
    help="The JSON, or a whole model, that says what weights are of.",
)
@click.option(
    "--custom",
    multiple=True,
    metavar="MODULE:NAME",
    help="A class or a function of your own that the model needs; may be repeated.",
)
@click.option("--strip-optimizer", is_flag=True, help="Leave the optimizer and its state out.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option(
    "--verify/--no-verify",
    default=True,
    show_default=True,
    help="Run the old and the new model on the same inputs and compare.",
)
@click.option("--keep-unverified", is_flag=True, help="Keep a new file that was not proved.")
@click.option("--force", is_flag=True, help="Replace an output that is there already.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many models at once, with --out.  [default: one for each core]",
)
@click.option("--cluster", metavar="ADDRESS", help="Run on this Dask cluster: tcp://HOST:PORT.")
@click.option("--download-python", is_flag=True, help="Let uv fetch a Python for the proof.")
@click.option("--offline", is_flag=True, help="Use only what uv has in its cache.")
@format_option
def command(
    *,
    paths: tuple[str, ...],
    output: Optional[str],
    folder: Optional[str],
    workers: Optional[int],
    cluster: Optional[str],
    dry_run: bool,
    output_format: str,
    **options: Any,  # noqa: ANN401 - the rest of click's arguments
) -> int:
    """Translate an old Keras model into a .keras file, and prove that it computes the same.

    FILE is an HDF5 file, a .keras of Keras 2, a SavedModel of Keras 2, or weights with the
    --architecture that they are of. Neither TensorFlow nor Keras is needed to translate it; the
    proof makes an environment for each of the two releases, once, and runs the model in it: with
    what a model holds (Lambda layers) prove only your own. With --out, a folder or a pattern such
    as 'models/**/*.h5' is migrated, and what was done before is not done again.
    """
    if folder is None:
        _refuse_zoo_options(paths, workers, cluster)
    elif output is not None or dry_run:
        raise click.UsageError("--out goes neither with -o nor with --dry-run")
    with _errors():
        settings = _Options(**options).settings()
        if folder is not None:
            report = _zoo(paths, folder, settings, workers=workers, cluster=cluster)
        elif dry_run:
            migration = _translated(paths[0], output, settings)
            if output_format == "text":
                print_result("\n".join(difference(migration)))
            report = _report(migration.model)
        else:
            report = _report(_migrated(paths[0], output, settings))
    _print(report, output_format)
    return _code(report, proved=settings.verify and not dry_run)


def _refuse_zoo_options(
    paths: tuple[str, ...], workers: Optional[int], cluster: Optional[str]
) -> None:
    if len(paths) > 1:
        raise click.UsageError(f"{len(paths)} files: give --out DIR to migrate them all")
    if workers is not None or cluster is not None:
        raise click.UsageError("--workers and --cluster go with --out DIR")


@contextmanager
def _errors() -> Iterator[None]:
    """Word what can go wrong, each with its exit code."""
    from tfmac.api.migration import (
        CannotWrite,
        ChildCannotStart,
        ClusterExtraMissing,
        ClusterUnreachable,
        EnvironmentChangeFailed,
        ModelsExtraMissing,
        MoreThanSearched,
        NoSuchKeras,
        OutputExists,
        ZooRefused,
    )
    from tfmac.observe.locate import NothingToInspect

    try:
        yield
    except (NoSuchKeras, OutputExists, ZooRefused) as error:
        hint = "; --force replaces it" if isinstance(error, OutputExists) else ""
        raise click.UsageError(f"{error}{hint}") from error
    except (FileNotFoundError, NothingToInspect) as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error
    except (
        CannotWrite,
        ChildCannotStart,
        ModelsExtraMissing,
        ClusterExtraMissing,
        ClusterUnreachable,
        EnvironmentChangeFailed,
        MoreThanSearched,
    ) as error:
        raise CommandFailed(str(error), ExitCode.COULD_NOT_FINISH) from error


def _migrated(path: str, output: Optional[str], settings: Settings) -> MigratedModel:
    from tfmac import api

    if settings.verify:
        print_note("migrating, then running both models: the first time this takes minutes ...")
    return api.migrate_model(path, output, settings)


def _translated(path: str, output: Optional[str], settings: Settings) -> Migration:
    from tfmac import api

    return api.migration_difference(path, output, settings)


def _zoo(
    paths: tuple[str, ...],
    folder: str,
    settings: Settings,
    *,
    workers: Optional[int],
    cluster: Optional[str],
) -> MigrationReport:
    from tfmac import api

    with click.progressbar(length=1, label="migrating", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        return api.migrate_models(
            paths, folder, settings, workers=workers, cluster=cluster, progress=progress
        )


def difference(migration: Migration) -> Iterator[str]:
    """Show what the translation changes, as a difference of the two configurations."""
    before, after = (
        json.dumps(one, indent=1, sort_keys=True, default=str).splitlines()
        for one in (migration.before, migration.after)
    )
    for line in difflib.unified_diff(before, after, "before", "after", lineterm="", n=2):
        colour = {"+": "green", "-": "red"}.get(line[:1])
        yield click.style(line, fg=colour) if colour else line


def _report(model: MigratedModel) -> MigrationReport:
    from tfmac._version import __version__
    from tfmac.schema.codec import SCHEMA_VERSION

    return MigrationReport(schema_version=SCHEMA_VERSION, tfmac=__version__, models=(model,))


def _print(report: MigrationReport, output_format: str) -> None:
    from tfmac.schema.codec import to_json

    if output_format == "json":
        print_result(to_json(report))
        return
    from tfmac.report.migration import render

    print_result(render(report, width=terminal_width()))


def _code(report: MigrationReport, *, proved: bool) -> int:
    """A model that cannot be migrated weighs more than one that is not proved."""
    if not all(one.migrated for one in report.models):
        return ExitCode.ANSWER_IS_NO
    if proved and any(one.verified is not Verified.YES for one in report.models):
        return ExitCode.APPLIED_BUT_UNPROVED
    return ExitCode.DONE
