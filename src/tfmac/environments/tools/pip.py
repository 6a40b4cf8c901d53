"""Installs into an environment with the pip that it has."""

from collections.abc import Sequence
from typing import Optional, TextIO

from tfmac.environments.tools.commands import clean_variables, run_command
from tfmac.environments.tools.protocol import interpreter_of, named
from tfmac.environments.tools.requirements import requirement_options
from tfmac.schema.actions import BuildPins, InstallPins


class PipInstaller:
    """Installs exactly the pins; ``offline`` lets pip take files of local folders alone."""

    def __init__(self, shown: Optional[TextIO], *, offline: bool) -> None:
        self._shown = shown
        self._options = ("--no-index",) if offline else ()

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        with requirement_options(action.pins) as requirements:
            self._run("install", action.environment, requirements, held)

    def build(self, action: BuildPins, held: Sequence[int]) -> None:
        """Build the pins against what is installed.

        pip would take what it has built before out of its cache, so it gets none.
        """
        options = ["--no-build-isolation", "--no-cache-dir"]
        for pin in action.pins:
            options += ["--no-binary", pin.name]
        with requirement_options(action.pins) as requirements:
            asked = f"build {named(action.pins)}"
            self._run(asked, action.environment, [*requirements, *options], held)

    def _run(
        self, asked: str, environment: str, options: Sequence[str], held: Sequence[int]
    ) -> None:
        command = [
            *(interpreter_of(environment), "-m", "pip", "install", "--no-deps"),
            *("--no-input", "--disable-pip-version-check", *self._options, *options),
        ]
        # A user's settings for other environments: here they would install elsewhere, or refuse.
        variables = {**clean_variables(), "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
        run_command(asked, command, variables=variables, shown=self._shown, held=held)
