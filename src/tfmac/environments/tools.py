"""The tools that make environments: uv, or else the standard library's venv and pip."""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from typing import Optional, Protocol, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.pip_configuration import redact
from tfmac.environments.process import run_tool
from tfmac.environments.rebase import rebase
from tfmac.environments.uv import Uv, UvError, UvFailure, failure_of
from tfmac.schema.actions import CreateEnvironment, InstallPins
from tfmac.schema.plans import Pin

_QUOTED_LINES = 20
_KINDS = {
    UvFailure.NO_SPACE: ChangeFailure.NO_SPACE,
    UvFailure.NOT_PERMITTED: ChangeFailure.NOT_WRITABLE,
    UvFailure.NO_INDEX: ChangeFailure.NO_INDEX,
}


class EnvironmentTool(Protocol):
    """Makes an environment and installs into it; raises ``EnvironmentChangeFailed``."""

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an empty environment."""
        ...

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        ...

    def settle(self, environment: str, directory: str) -> None:
        """Make an environment ready to be moved to a directory."""
        ...


def interpreter_of(environment: str) -> str:
    """Return the path of a virtual environment's interpreter."""
    return os.path.join(environment, "bin", "python")


def pin_lines(pins: Sequence[Pin]) -> str:
    """Write pins as a requirements file."""
    lines = (" ".join([str(pin), *(f"--hash={known}" for known in pin.hashes)]) for pin in pins)
    return "".join(f"{line}\n" for line in lines)


def _all_hashed(pins: Sequence[Pin]) -> bool:
    return bool(pins) and all(pin.hashes for pin in pins)


class UvTool:
    """Makes environments with uv."""

    def __init__(self, uv: Uv, shown: Optional[TextIO]) -> None:
        self._uv = uv
        self._shown = shown

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an empty environment, on a Python that uv fetches only if the action says so."""
        # Relocatable: it is built beside the place where it will be.
        options = ["--quiet", "--allow-existing", "--relocatable", "--python", action.python]
        asked = f"make an environment on {action.python}"
        arguments = ["venv", *options, "--", action.path]
        self._run(asked, arguments, held, downloads=action.download)

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        with tempfile.TemporaryDirectory(prefix="tfmac-") as folder:
            requirements = os.path.join(folder, "pins.txt")
            with open(requirements, "w", encoding="utf-8") as file:
                file.write(pin_lines(action.pins))
            arguments = [
                *("pip", "install", "--no-deps", "--requirement", requirements),
                *("--python", interpreter_of(action.environment)),
                # The pins are exact: what was allowed was decided when they were chosen.
                *("--prerelease", "allow"),
                *(("--require-hashes",) if _all_hashed(action.pins) else ()),
            ]
            try:
                self._uv.run_on_index(
                    f"install into {action.environment}", arguments, shown=self._shown, held=held
                )
            except UvError as error:
                raise change_failed(error) from error
        self._add_pip(action.environment, held)

    def settle(self, environment: str, directory: str) -> None:
        """Nothing is left to do: uv writes no absolute paths into relocatable environments."""

    def _add_pip(self, environment: str, held: Sequence[int]) -> None:
        """Put a pip beside the pins, which uv does not.

        Without one, ``pip install`` in the activated environment would be another environment's.
        An index that has no pip is no reason to fail: ``uv pip`` works as well.
        """
        arguments = ["pip", "install", "--python", interpreter_of(environment), "pip"]
        with contextlib.suppress(UvError):
            self._uv.run_on_index("add pip", arguments, held=held)

    def _run(
        self, asked: str, arguments: Sequence[str], held: Sequence[int], *, downloads: bool
    ) -> None:
        try:
            self._uv.run(asked, arguments, shown=self._shown, downloads=downloads, held=held)
        except UvError as error:
            raise change_failed(error) from error


def change_failed(error: UvError) -> EnvironmentChangeFailed:
    """Say why uv did not change an environment."""
    return EnvironmentChangeFailed(_KINDS.get(error.failure, ChangeFailure.TOOL_FAILED), str(error))


class VenvTool:
    """Makes environments with ``python -m venv`` and the pip that this puts there."""

    def __init__(self, shown: Optional[TextIO]) -> None:
        self._shown = shown

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an environment that has nothing but pip."""
        if action.download:
            raise EnvironmentChangeFailed(
                ChangeFailure.TOOL_FAILED, "only uv can download a Python: install the package uv"
            )
        self._run("make an environment", [action.python, "-m", "venv", action.path], held)

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        with tempfile.TemporaryDirectory(prefix="tfmac-") as folder:
            requirements = os.path.join(folder, "pins.txt")
            with open(requirements, "w", encoding="utf-8") as file:
                file.write(pin_lines(action.pins))
            command = [
                *(interpreter_of(action.environment), "-m", "pip", "install", "--no-deps"),
                *("--no-input", "--disable-pip-version-check", "--requirement", requirements),
                *(("--require-hashes",) if _all_hashed(action.pins) else ()),
            ]
            self._run("install", command, held)

    def settle(self, environment: str, directory: str) -> None:
        """Write the directory's path where venv and pip have written the environment's."""
        rebase(environment, directory)

    def _run(self, asked: str, command: Sequence[str], held: Sequence[int]) -> None:
        try:
            end = run_tool(command, variables=dict(os.environ), shown=self._shown, held=held)
        except OSError as error:
            raise EnvironmentChangeFailed(
                ChangeFailure.TOOL_FAILED, f"cannot {asked}: {command[0]}: {error.strerror}"
            ) from error
        if end.status != 0:
            messages = f"{end.output}\n{end.messages}".strip().splitlines()
            said = redact("\n".join(messages[-_QUOTED_LINES:]))
            raise EnvironmentChangeFailed(
                _KINDS.get(failure_of(said), ChangeFailure.TOOL_FAILED), f"cannot {asked}: {said}"
            )
