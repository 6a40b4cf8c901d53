"""Runs uv with a closed set of options, and says why it failed.

Everything that depends on the working directory (a project's ``pyproject.toml`` or ``uv.toml``)
and every variable that would change an answer is kept away from uv: a plan is the same wherever
it is made. Where packages come from is the user's choice and stays: uv's own user and system
settings, or pip's (``tfmac.environments.pip_configuration``).
"""

import enum
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Optional, TextIO

import msgspec

from tfmac.environments.pip_configuration import (
    IndexSettings,
    Surroundings,
    index_settings,
    redact,
)
from tfmac.environments.process import run_tool
from tfmac.schema.platform import OperatingSystem, Target

# The packages of TensorFlow's neighbourhood that nobody builds by the way: their sources need
# compilers, HDF5, Bazel. Without a wheel for the target they count as not available.
WHEELS_ONLY = (
    "cryptography",
    "grpcio",
    "h5py",
    "jaxlib",
    "libclang",
    "ml-dtypes",
    "numpy",
    "pandas",
    "scipy",
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-macos",
)
_QUOTED_LINES = 40
_CHECK_SECONDS = 20
# Variables by which uv gives another answer than the one that was asked for.
_DROPPED = (
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_CUSTOM_COMPILE_COMMAND",
    "UV_EXCLUDE",
    "UV_FORK_STRATEGY",
    "UV_MANAGED_PYTHON",
    "UV_NO_BINARY",
    "UV_NO_BUILD",
    "UV_NO_MANAGED_PYTHON",
    "UV_OVERRIDE",
    "UV_PRERELEASE",
    "UV_PROJECT",
    "UV_PYTHON",
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_PREFERENCE",
    "UV_REQUIRE_HASHES",
    "UV_RESOLUTION",
    "UV_SYSTEM_PYTHON",
    "UV_TORCH_BACKEND",
    "UV_VENV_CLEAR",
    "UV_VENV_SEED",
    "UV_WORKING_DIR",
    "MACOSX_DEPLOYMENT_TARGET",
    "__PYVENV_LAUNCHER__",
)


class UvFailure(enum.Enum):
    """Why uv failed, as far as its own words are a sure sign."""

    NO_SPACE = "no-space"
    NOT_PERMITTED = "not-permitted"
    NO_INDEX = "no-index"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"


# In this order: uv also finds "no solution" when it could not ask the index.
_SIGNS = (
    (UvFailure.NO_SPACE, r"No space left on device|Disk quota exceeded|not enough space"),
    (
        UvFailure.NOT_PERMITTED,
        r"Permission denied|Read-only file system|Operation not permitted",
    ),
    (
        UvFailure.NO_INDEX,
        (
            r"error sending request for url|dns error|operation timed out|network was disabled"
            r"|Failed to fetch|could not be queried due to|HTTP status (client|server) error"
            r"|Network connectivity is disabled"
        ),
    ),
    (UvFailure.IMPOSSIBLE, r"No solution found when resolving"),
)


class UvError(Exception):
    """uv did not do what it was asked; ``said`` is the end of its own messages."""

    def __init__(self, asked: str, failure: UvFailure, said: str) -> None:
        super().__init__(f"uv could not {asked}: {said}")
        self.asked = asked
        self.failure = failure
        self.said = said


def failure_of(messages: str) -> UvFailure:
    """Return what uv's messages surely mean, ``UNKNOWN`` without a sure sign."""
    # uv wraps long lines of a derivation.
    text = " ".join(messages.split())
    for failure, sign in _SIGNS:
        if re.search(sign, text, re.IGNORECASE):
            return failure
    return UvFailure.UNKNOWN


class Uv(msgspec.Struct, frozen=True, kw_only=True):
    """A uv binary that runs, with the index settings that it needs."""

    path: str
    settings: IndexSettings = IndexSettings()
    offline: bool = False
    """Whether uv may use nothing but its own cache and local files."""

    def run(
        self,
        asked: str,
        arguments: Sequence[str],
        *,
        target: Optional[Target] = None,
        given: str = "",
        shown: Optional[TextIO] = None,
        downloads: bool = False,
        held: Sequence[int] = (),
    ) -> str:
        """Run uv and return its output; raise ``UvError`` that says what was ``asked``.

        ``downloads`` allows uv to fetch a Python; ``held`` are files that it keeps open.
        """
        command = [self.path, "--project", os.sep]
        command += [] if downloads else ["--no-python-downloads"]
        command += ["--no-progress"] if shown is None else []
        command += ["--offline"] if self.offline else []
        command += arguments
        variables = self._variables(target, colour=shown is not None and shown.isatty())
        try:
            end = run_tool(command, variables=variables, given=given, shown=shown, held=held)
        except OSError as error:
            raise UvError(asked, UvFailure.UNKNOWN, f"{self.path}: {error.strerror}") from error
        if end.status != 0:
            said = redact("\n".join(end.messages.splitlines()[-_QUOTED_LINES:]))
            raise UvError(asked, failure_of(end.messages), said or f"exit status {end.status}")
        return end.output

    def run_on_index(
        self,
        asked: str,
        arguments: Sequence[str],
        *,
        target: Optional[Target] = None,
        given: str = "",
        shown: Optional[TextIO] = None,
        held: Sequence[int] = (),
    ) -> str:
        """Run a command that looks packages up: where the user keeps them."""
        wheels = [option for name in WHEELS_ONLY for option in ("--only-binary", name)]
        command = [*arguments, *self.settings.options, *wheels]
        return self.run(asked, command, target=target, given=given, shown=shown, held=held)

    def cache_folder(self) -> str:
        """Return where uv keeps what it has downloaded."""
        return self.run("say where its cache is", ["cache", "dir"]).strip()

    def _variables(self, target: Optional[Target], *, colour: bool) -> dict[str, str]:
        variables = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        variables.update(self.settings.variables)
        if not colour:
            variables["NO_COLOR"] = "1"
            for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
                variables.pop(name, None)
        if target is not None and target.system is OperatingSystem.MACOS and target.version:
            whole = ".".join([*target.version.split("."), "0"][:2])
            variables["MACOSX_DEPLOYMENT_TARGET"] = whole
        return variables


def find_uv(settings: Optional[IndexSettings] = None, *, offline: bool = False) -> Optional[Uv]:
    """Return the uv of the package ``uv``, else the one on PATH; None when neither runs.

    Without ``settings`` the index is taken from this machine's configuration of uv or pip.
    """
    for path in (_packaged_uv(), shutil.which("uv")):
        if path is not None and _runs(path):
            settings = settings or index_settings(Surroundings.here())
            return Uv(path=path, settings=settings, offline=offline)
    return None


def _packaged_uv() -> Optional[str]:
    try:
        import uv  # noqa: PLC0415 (only when uv is wanted, and it may be missing)

        return os.fspath(uv.find_uv_bin())
    except (ImportError, OSError):
        return None


def _runs(path: str) -> bool:
    try:
        process = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0
