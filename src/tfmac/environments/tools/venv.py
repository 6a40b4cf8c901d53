"""Environments made by the standard library's venv, and the pip that it puts there."""

from collections.abc import Sequence
from typing import Optional, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.rebase import rebase
from tfmac.environments.tools.commands import clean_variables, run_command
from tfmac.environments.tools.pip import PipInstaller
from tfmac.schema.actions import BuildPins, CreateEnvironment, InstallPins


class VenvTool:
    """Makes environments with ``python -m venv`` and pip."""

    movable = True

    def __init__(self, shown: Optional[TextIO] = None, *, offline: bool = False) -> None:
        self._shown = shown
        self._pip = PipInstaller(shown, offline=offline)

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an environment that has nothing but pip."""
        if action.download:
            raise EnvironmentChangeFailed(
                ChangeFailure.TOOL_FAILED, "only uv can download a Python: install the package uv"
            )
        command = [action.python, "-m", "venv", action.path]
        run_command(
            "make an environment",
            command,
            variables=clean_variables(),
            shown=self._shown,
            held=held,
        )

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        self._pip.install(action, held)

    def build(self, action: BuildPins, held: Sequence[int]) -> None:
        """Build the pins against what is installed."""
        self._pip.build(action, held)

    def settle(self, environment: str, directory: str) -> None:
        """Write the directory's path where venv and pip have written the environment's."""
        rebase(environment, directory)

    def cache_folder(self) -> Optional[str]:
        """Return None: pip is not asked for its cache."""
        return None
