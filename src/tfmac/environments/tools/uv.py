"""Environments made by uv."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Optional, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.tools.protocol import interpreter_of, named
from tfmac.environments.tools.requirements import requirement_options
from tfmac.environments.uv import Uv, UvError, UvFailure
from tfmac.schema.actions import BuildPins, CreateEnvironment, InstallPins

KINDS = {
    UvFailure.NO_SPACE: ChangeFailure.NO_SPACE,
    UvFailure.NOT_PERMITTED: ChangeFailure.NOT_WRITABLE,
    UvFailure.NO_INDEX: ChangeFailure.NO_INDEX,
}


def change_failed(error: UvError) -> EnvironmentChangeFailed:
    """Say why uv did not change an environment."""
    return EnvironmentChangeFailed(KINDS.get(error.failure, ChangeFailure.TOOL_FAILED), str(error))


class UvTool:
    """Makes environments with uv."""

    movable = True

    def __init__(self, uv: Uv, shown: Optional[TextIO] = None) -> None:
        self._uv = uv
        self._shown = shown

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an empty environment, on a Python that uv fetches only if the action says so."""
        # Relocatable: it is built beside the place where it will be.
        options = ["--quiet", "--allow-existing", "--relocatable", "--python", action.python]
        with _failing():
            self._uv.run(
                f"make an environment on {action.python}",
                ["venv", *options, "--", action.path],
                shown=self._shown,
                downloads=action.download,
                held=held,
            )

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        with requirement_options(action.pins) as requirements:
            asked = f"install into {action.environment}"
            self._install(asked, action.environment, requirements, held)
        self._add_pip(action.environment, held)

    def build(self, action: BuildPins, held: Sequence[int]) -> None:
        """Build the pins against what is installed.

        uv would take what it has built before out of its cache, so it gets none: offline, only
        sources that lie in a local folder can be built.
        """
        options = ["--no-cache", "--link-mode", "copy"]
        for pin in action.pins:
            options += ["--no-build-isolation-package", pin.name, "--no-binary", pin.name]
        with requirement_options(action.pins) as requirements:
            asked = f"build {named(action.pins)}"
            self._install(asked, action.environment, [*requirements, *options], held)

    def settle(self, environment: str, directory: str) -> None:
        """Nothing is left to do: uv writes no absolute paths into relocatable environments."""

    def cache_folder(self) -> Optional[str]:
        """Return uv's cache, None where uv does not say."""
        try:
            return self._uv.cache_folder()
        except UvError:
            return None

    def _install(
        self, asked: str, environment: str, options: Sequence[str], held: Sequence[int]
    ) -> None:
        arguments = [
            *("pip", "install", "--no-deps", "--python", interpreter_of(environment)),
            # The pins are exact: what was allowed was decided when they were chosen.
            *("--prerelease", "allow"),
            *options,
        ]
        with _failing():
            self._uv.run_on_index(asked, arguments, shown=self._shown, held=held)

    def _add_pip(self, environment: str, held: Sequence[int]) -> None:
        """Put a pip beside the pins, which uv does not.

        Without one, ``pip install`` in the activated environment would be another environment's.
        An index that has no pip is no reason to fail: ``uv pip`` works as well.
        """
        arguments = ["pip", "install", "--python", interpreter_of(environment), "pip"]
        with contextlib.suppress(UvError):
            self._uv.run_on_index("add pip", arguments, held=held)


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except UvError as error:
        raise change_failed(error) from error
