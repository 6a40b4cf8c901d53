"""Runs the commands of a tool, and says why one failed in the tool's own words."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Optional, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.pip_configuration import redact
from tfmac.environments.process import run_tool
from tfmac.environments.tools.uv import KINDS
from tfmac.environments.uv import failure_of

_QUOTED_LINES = 40
# Words of pip, conda and mamba that are a sure sign.
_NO_INDEX = re.compile(
    r"Failed to establish a new connection|Could not resolve host|CondaHTTPError|OfflineError"
    r"|Download error|ConnectTimeoutError"
)


def run_command(
    asked: str,
    command: Sequence[str],
    *,
    variables: Mapping[str, str],
    shown: Optional[TextIO],
    held: Sequence[int],
) -> None:
    """Run a command; raise ``EnvironmentChangeFailed`` that says what was ``asked``."""
    try:
        end = run_tool(command, variables=variables, shown=shown, held=held)
    except OSError as error:
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED, f"cannot {asked}: {command[0]}: {error.strerror}"
        ) from error
    if end.status != 0:
        messages = f"{end.output}\n{end.messages}".strip().splitlines()
        said = redact("\n".join(messages[-_QUOTED_LINES:]))
        raise EnvironmentChangeFailed(
            _kind_of(said), f"cannot {asked}: {said or f'exit status {end.status}'}"
        )


def clean_variables() -> dict[str, str]:
    """Return this program's variables, without those that lend an interpreter packages.

    What lies outside of an environment must not pass for installed in it.
    """
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    return {**variables, "PYTHONNOUSERSITE": "1"}


def _kind_of(said: str) -> ChangeFailure:
    if _NO_INDEX.search(said) is not None:
        return ChangeFailure.NO_INDEX
    return KINDS.get(failure_of(said), ChangeFailure.TOOL_FAILED)
