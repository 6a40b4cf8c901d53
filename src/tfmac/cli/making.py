"""What ``setup`` and ``create`` share: from wishes to a plan, and from a plan to an environment."""

import functools
import sys
from typing import Any, Callable, NamedTuple, Optional, TypeVar, Union

import click
import msgspec

from tfmac.cli.common import (
    CommandFailed,
    change_errors,
    planning_errors,
    print_note,
    print_result,
    terminal_width,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.cli.wishes import WishOptions
from tfmac.planner.choosing import Choice
from tfmac.schema.actions import Manager
from tfmac.schema.plans import InterpreterChoice, NoPlan, Plan, Wish
from tfmac.schema.platform import Target

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--manager",
        type=click.Choice([one.value for one in Manager]),
        help="What makes the environment.  [default: uv; that of --profile]",
    ),
    click.option(
        "--kernel", metavar="NAME", help="Let Jupyter offer the environment under this name."
    ),
    click.option(
        "--download-python",
        is_flag=True,
        help="Where the best set needs a Python that is not here, let uv fetch it.",
    ),
    click.option(
        "--use-existing-python",
        is_flag=True,
        help="Take the best set for a Python that is here.",
    ),
    click.option("--replace", is_flag=True, help="Replace the environment that DIR holds already."),
)
_KERNEL_PACKAGE = "ipykernel"


class MakingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How an environment is to be made."""

    manager: Optional[str] = None
    kernel: Optional[str] = None
    download_python: bool = False
    use_existing_python: bool = False
    replace: bool = False

    def manager_for(self, wishes: WishOptions) -> Manager:
        """Give the manager that was named, or that of the recipe, or the one that is here."""
        from tfmac import api

        if self.manager is not None:
            return Manager(self.manager)
        if wishes.profile is not None:
            return api.manager_of_profile(wishes.profile)
        return api.default_manager(offline=wishes.offline)


class Here(NamedTuple):
    """This machine, and its interpreters of the chip's own kind, the newest first."""

    target: Target
    interpreters: tuple[InterpreterChoice, ...]


def making_options(command: Command) -> Command:
    """Add the options of making; the command gets them as one argument ``making``."""

    @functools.wraps(command)
    def collected(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - click's own signature
        making = MakingOptions(
            **{name: options.pop(name) for name in MakingOptions.__struct_fields__}
        )
        if making.download_python and making.use_existing_python:
            raise click.UsageError("give only one of --download-python and --use-existing-python")
        return command(*arguments, making=making, **options)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # it is called as click does


def refuse_early(directory: str, making: MakingOptions, manager: Manager) -> None:
    """Say what stands in the way before anything is looked up."""
    from tfmac import api

    with change_errors():
        api.environment_tool(manager)
        api.refuse_directory(directory, replace=making.replace)
        if making.kernel is not None:
            try:
                api.refuse_kernel(directory, making.kernel)
            except ValueError as error:
                raise click.UsageError(f"--kernel {error}") from error
    service = api.synchronised_by(directory)
    if service is not None:
        print_note(
            f"warning: {directory} is synchronised by {service}, which moves and locks files of "
            "environments; a folder outside it is safer"
        )


def here() -> Here:
    """Look at this machine."""
    from tfmac import api

    print_note("looking at this machine and its interpreters ...")
    target, interpreters = api.this_machine()
    if target is None:
        raise CommandFailed(
            "this machine is of a kind that TensorFlow has no wheels for",
            ExitCode.NOTHING_TO_INSPECT,
        )
    return Here(target, interpreters)


def planned(
    machine: Here, wishes: WishOptions, making: MakingOptions, manager: Manager
) -> Union[Plan, NoPlan]:
    """Plan for this machine, on a Python that is here, that uv may fetch, or that conda brings."""
    also = (_KERNEL_PACKAGE,) if making.kernel is not None else ()
    with planning_errors():
        wish = wishes.wish(machine.target, also=also)
        return _planned(wish, machine, making, manager=manager, offline=wishes.offline)


def _planned(
    wish: Wish,
    machine: Here,
    making: MakingOptions,
    *,
    manager: Manager,
    offline: bool,
) -> Union[Plan, NoPlan]:
    from tfmac import api

    own_python = manager is Manager.CONDA
    interpreters = () if own_python else machine.interpreters
    choice = api.choose(wish, interpreters)
    if isinstance(choice, NoPlan):
        return choice
    fetch = own_python or _fetches(choice, making, manager)
    print_note("resolving ...")
    taken = None if fetch else choice.existing
    return api.plan_candidate(
        wish,
        taken or choice.best,
        interpreter=choice.interpreter if taken else None,
        others=interpreters,
        fetched=fetch,
        offline=offline,
    )


def _fetches(choice: Choice, making: MakingOptions, manager: Manager) -> bool:
    """Whether to let uv fetch a Python: only when the best set needs it and the user says so."""
    if not choice.needs_python:
        return False
    wanted = f"the best set is {choice.best.title}, and Python {choice.best.python} is not here"
    can_fetch = manager is not Manager.VENV
    if making.download_python and can_fetch:
        print_note(f"{wanted}; uv fetches it")
        return True
    may_ask = can_fetch and not making.use_existing_python
    if may_ask and sys.stdin.isatty() and sys.stderr.isatty():
        print_note(wanted + (f"; without it: {choice.loss}" if choice.loss else ""))
        if click.confirm(f"Let uv fetch Python {choice.best.python}?", default=True, err=True):
            return True
    if choice.existing is None:
        fetch = "--download-python" if can_fetch else "--manager uv --download-python"
        raise CommandFailed(
            f"{wanted}; no Python that is here fits. Install Python {choice.best.python}, or give "
            f"{fetch} to let uv fetch it",
            ExitCode.ANSWER_IS_NO,
        )
    print_note(f"using a Python that is here: {choice.loss}")
    return False


def show_no_plan(answer: NoPlan, output_format: str) -> None:
    """Print the reasons: they are the result."""
    from tfmac import api
    from tfmac.report.plan import render_no_plan
    from tfmac.schema.codec import to_json

    document = api.no_plan_document(answer)
    text = render_no_plan(document, width=terminal_width())
    print_result(to_json(document) if output_format == "json" else text)


def show_plan(plan: Plan) -> None:
    """Show a plan on standard error: the result is what is made of it."""
    from tfmac import api
    from tfmac.report.plan import render_plan

    print_note(render_plan(api.plan_document(plan), width=terminal_width()))


def made(
    plan: Plan,
    directory: str,
    making: MakingOptions,
    *,
    manager: Manager,
    offline: bool,
) -> Optional[str]:
    """Make the environment; give the file of its Jupyter kernel where one is wished.

    A plan without an interpreter is one whose download was agreed to.
    """
    from tfmac import api

    _refuse_kernel(plan, making.kernel)
    print_note(f"making {directory} ...")
    with change_errors():
        api.create(
            plan,
            directory,
            manager=manager,
            replace=making.replace,
            download_python=plan.interpreter is None,
            offline=offline,
            progress=sys.stderr,
        )
    if making.kernel is None:
        return None
    from tfmac.environments.failures import EnvironmentChangeFailed

    try:
        return api.register_kernel(directory, making.kernel, progress=sys.stderr)
    except EnvironmentChangeFailed as error:
        raise CommandFailed(
            f"{directory} is complete, but Jupyter was not told of it: {error}",
            ExitCode.COULD_NOT_FINISH,
        ) from error


def _refuse_kernel(plan: Plan, name: Optional[str]) -> None:
    """Refuse a kernel that could not be registered before anything is made."""
    if name is not None and plan.version(_KERNEL_PACKAGE) is None:
        raise click.UsageError(
            f"--kernel {name} needs {_KERNEL_PACKAGE}, which the plan does not have; plan with "
            f"--with {_KERNEL_PACKAGE}"
        )
