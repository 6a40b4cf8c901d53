"""Environments made by conda, mamba or micromamba; packages come from pip.

An environment of conda holds its own path in files of every kind, so it is made where it will be.
Nothing has to be activated, neither for the program nor for the environment's interpreter.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import Optional, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system
from tfmac.environments.tools.commands import clean_variables, run_command
from tfmac.environments.tools.pip import PipInstaller
from tfmac.schema.actions import BuildPins, CreateEnvironment, InstallPins

CHANNEL = "conda-forge"
# What an activated shell, or the one that conda was set up for, names.
_VARIABLES = ("CONDA_EXE", "MAMBA_EXE")
# The quickest first: it is one file and has no base environment.
_PROGRAMS = ("micromamba", "mamba", "conda")
_MINOR = re.compile(r"3\.\d+")


def find_conda(variables: Mapping[str, str]) -> Optional[str]:
    """Return the program of the conda family to use, None where there is none.

    First what ``CONDA_EXE`` or ``MAMBA_EXE`` name, then ``micromamba``, ``mamba``, ``conda`` on
    PATH.
    """
    for name in _VARIABLES:
        path = variables.get(name, "")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    for name in _PROGRAMS:
        found = shutil.which(name, path=variables.get("PATH", ""))
        if found is not None:
            return os.path.abspath(found)
    return None


class CondaTool:
    """Makes environments with a program of the conda family, on a Python of conda-forge.

    ``platform`` is conda's name of the machine that they are for, as ``osx-arm64``: a conda that
    is itself made for Intel would make them for Intel.
    """

    movable = False

    def __init__(
        self,
        program: str,
        shown: Optional[TextIO] = None,
        *,
        platform: Optional[str] = None,
        offline: bool = False,
    ) -> None:
        self._program = program
        self._shown = shown
        self._platform = platform
        self._offline = offline
        self._pip = PipInstaller(shown, offline=offline)

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an environment that has Python, what it needs, and pip.

        An empty one is written here, and the program installs into it: not every release of
        micromamba makes an environment in a folder that exists, and ``create`` would add what the
        user's configuration wants in each new environment.
        """
        if _MINOR.fullmatch(action.python) is None:
            raise EnvironmentChangeFailed(
                ChangeFailure.TOOL_FAILED,
                f"conda brings its own Python: it takes a version as 3.12, not {action.python}",
            )
        _make_empty(action.path)
        command = [
            *(self._program, "install", "--yes", "--prefix", action.path),
            *("--override-channels", "--channel", CHANNEL),
            *(("--offline",) if self._offline else ()),
            *(f"python={action.python}", "pip"),
        ]
        variables = clean_variables()
        if self._platform is not None:
            # Older programs have no option for it; all of them read the variable.
            variables["CONDA_SUBDIR"] = self._platform
        asked = f"make an environment on Python {action.python}"
        run_command(asked, command, variables=variables, shown=self._shown, held=held)

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins, with the environment's pip."""
        self._pip.install(action, held)

    def build(self, action: BuildPins, held: Sequence[int]) -> None:
        """Build the pins against what is installed, with the environment's pip."""
        self._pip.build(action, held)

    def settle(self, environment: str, directory: str) -> None:
        """Nothing can be done: it is not movable."""

    def cache_folder(self) -> Optional[str]:
        """Return None: what conda downloads is small beside what pip installs."""
        return None


def _make_empty(path: str) -> None:
    """Write what makes a folder an environment of conda: an empty history."""
    try:
        os.makedirs(os.path.join(path, "conda-meta"))
        with open(os.path.join(path, "conda-meta", "history"), "xb"):
            pass
    except OSError as error:
        raise from_system(error, f"make {path}") from error
