"""The options by which a user says what an environment is to have."""

import functools
from typing import Any, Callable, Optional, TypeVar

import click
import msgspec

from tfmac.cli.common import CommandFailed, python_version_of
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.model_content import Content
from tfmac.schema.models import NOT_MODELS
from tfmac.schema.plans import Demand, Preference, StackKind, Wish
from tfmac.schema.platform import Target

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--python", type=python_version_of, metavar="VERSION", help="This Python, such as 3.11."
    ),
    click.option(
        "--gpu/--no-gpu",
        default=None,
        help="Whether the GPU is wished.  [default: if there is a stack for it]",
    ),
    click.option("--tensorflow", metavar="SPEC", help="Such as 2.18, ==2.18.1 or >=2.17."),
    click.option("--keras", metavar="SPEC", help="Such as 3.8 or <3."),
    click.option(
        "--with",
        "packages",
        multiple=True,
        metavar="REQUIREMENT",
        help="Another package that has to fit; may be repeated.",
    ),
    click.option(
        "--requirements",
        "files",
        multiple=True,
        metavar="FILE",
        help="A requirements file of yours, all of which has to fit; may be repeated.",
    ),
    click.option(
        "--for-model",
        metavar="FILE",
        help="A model file that has to load.",
    ),
    click.option(
        "--stack",
        type=click.Choice([kind.value for kind in StackKind]),
        help="This combination of packages.  [default: the best that meets the other wishes]",
    ),
    click.option(
        "--prefer",
        type=click.Choice([one.value for one in Preference]),
        default=Preference.NEWEST.value,
        show_default=True,
        help="The newest versions, or those that were run with this TensorFlow.",
    ),
    click.option(
        "--profile",
        type=click.Choice(["classic"]),
        help="A well-known recipe: conda, Python 3.9, tensorflow-macos, Keras 2.",
    ),
    click.option("--offline", is_flag=True, help="Use only what uv has in its cache."),
)


class WishOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user has said, before it is read."""

    python: Optional[str] = None
    gpu: Optional[bool] = None
    tensorflow: Optional[str] = None
    keras: Optional[str] = None
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    for_model: Optional[str] = None
    stack: Optional[str] = None
    prefer: str = Preference.NEWEST.value
    profile: Optional[str] = None
    offline: bool = False

    @property
    def given(self) -> bool:
        """Whether anything is wished at all."""
        return self != WishOptions(offline=self.offline)

    def wish(self, target: Target, *, also: tuple[str, ...] = ()) -> Wish:
        """Read the wishes for a machine; ``also`` are packages that another option needs."""
        from tfmac import api

        wish = Wish(
            target=target,
            python=self.python,
            gpu=self.gpu,
            tensorflow=self.tensorflow,
            keras=self.keras,
            stack=StackKind(self.stack) if self.stack else None,
            demands=(
                *(Demand(text=text) for text in (*self.packages, *also)),
                *(demand for path in self.files for demand in _demands_of(path)),
            ),
            model=_model(self.for_model) if self.for_model is not None else None,
            preference=Preference(self.prefer),
        )
        return api.with_profile(wish, self.profile) if self.profile else wish


def wish_options(command: Command) -> Command:
    """Add the wishes; the command gets them as one argument ``wishes``."""

    @functools.wraps(command)
    def collected(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - click's own signature
        wishes = WishOptions(**{name: options.pop(name) for name in WishOptions.__struct_fields__})
        return command(*arguments, wishes=wishes, **options)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # it is called as click does


def _model(path: str) -> Content:
    """Read a model file; one that cannot be read is a clear no, not a wish left out."""
    from tfmac import api
    from tfmac.api.models import ChildCannotStart, ModelsExtraMissing, NoModels

    try:
        content = api.read_model(path)
    except NoModels as error:
        raise CommandFailed(f"--for-model: {error}", ExitCode.NOTHING_TO_INSPECT) from error
    except (ModelsExtraMissing, ChildCannotStart) as error:
        raise CommandFailed(str(error), ExitCode.COULD_NOT_FINISH) from error
    if content.format in NOT_MODELS:
        raise click.UsageError(f"--for-model {path}: it is no model, but {content.format.value}")
    if content.problems:
        said = "; ".join(problem.statement for problem in content.problems)
        raise click.UsageError(f"--for-model {path}: it cannot be read to its end: {said}")
    return content


def _demands_of(path: str) -> tuple[Demand, ...]:
    """Read a requirements file; what cannot be read is a wrong call that names it."""
    from tfmac import api

    try:
        return api.demands_of_file(path)
    except ValueError as error:
        raise click.UsageError(f"--requirements {error}") from error
