"""Registers an environment with Jupyter, as a kernel of the user's."""

import os
import re
import sys
from collections.abc import Mapping
from typing import Optional, TextIO

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system
from tfmac.environments.tools.commands import clean_variables, run_command
from tfmac.environments.tools.protocol import interpreter_of
from tfmac.formats.jupyter import (
    MOST_BYTES,
    InvalidKernel,
    is_kernel_name,
    read_kernel,
    user_folder,
)
from tfmac.schema.actions import RegisterKernel

_NO_IPYKERNEL = re.compile(r"No module named '?ipykernel\b")


def register_kernel(
    action: RegisterKernel, *, progress: Optional[TextIO], replace: bool = False
) -> str:
    """Let Jupyter offer an environment to the user; return the path of the ``kernel.json``.

    ipykernel, which has to be in the environment, writes it; what it says goes to ``progress``. A
    kernel of that name that starts another environment stays, unless ``replace`` gives it up.
    Raise ``ValueError`` for a name that Jupyter does not allow, else ``EnvironmentChangeFailed``.
    """
    path = refuse_kernel(action, replace=replace)
    folder = _users_folder()
    _install(action, {**clean_variables(), "JUPYTER_DATA_DIR": folder}, progress)
    if not os.path.isfile(path):
        raise EnvironmentChangeFailed(
            ChangeFailure.TOOL_FAILED, f"ipykernel said nothing against it, but made no {path}"
        )
    return path


def refuse_kernel(action: RegisterKernel, *, replace: bool = False) -> str:
    """Raise as ``register_kernel`` would before it begins; return the path of ``kernel.json``."""
    if not is_kernel_name(action.name):
        raise ValueError(
            f"{action.name!r} is no name for a kernel: letters, digits, dots, hyphens and "
            "underscores are allowed"
        )
    # Jupyter compares names without case, and writes them in small letters.
    path = os.path.join(_users_folder(), "kernels", action.name.lower(), "kernel.json")
    if not replace:
        _refuse_to_overwrite(path, action)
    return path


def _users_folder() -> str:
    variables = {**os.environ, "HOME": os.path.expanduser("~")}
    folder = user_folder(variables, mac=sys.platform == "darwin")
    return os.path.abspath(folder or os.curdir)


def _refuse_to_overwrite(path: str, action: RegisterKernel) -> None:
    """Raise ``EnvironmentChangeFailed`` where a kernel of that name is not this environment's."""
    try:
        with open(path, "rb") as file:
            program = read_kernel(file.read(MOST_BYTES + 1)).argv[0]
    except FileNotFoundError:
        return
    except OSError as error:
        raise from_system(error, f"register the kernel {action.name}") from error
    except InvalidKernel as error:
        raise _exists(action, path, f"cannot be read ({error})") from error
    folder = os.path.dirname(interpreter_of(action.environment))
    # Folders, not interpreters: those of virtual environments are links to another's.
    if os.path.realpath(os.path.dirname(program)) != os.path.realpath(folder):
        raise _exists(action, path, f"starts {program}")


def _exists(action: RegisterKernel, path: str, said: str) -> EnvironmentChangeFailed:
    return EnvironmentChangeFailed(
        ChangeFailure.EXISTS,
        f"there is a kernel {action.name} already, and it {said}: {path}; choose another name",
    )


def _install(
    action: RegisterKernel, variables: Mapping[str, str], progress: Optional[TextIO]
) -> None:
    python = interpreter_of(action.environment)
    command = [
        *(python, "-m", "ipykernel", "install", "--user"),
        # In one word each: a name may begin with a hyphen.
        *(f"--name={action.name}", f"--display-name={action.name} (tfmac)"),
    ]
    asked = f"register the kernel {action.name}"
    try:
        run_command(asked, command, variables=variables, shown=progress, held=())
    except EnvironmentChangeFailed as error:
        if _NO_IPYKERNEL.search(str(error)) is None:
            raise
        raise EnvironmentChangeFailed(
            error.kind,
            f"cannot {asked}: {python} has no ipykernel, which notebooks run by: install it",
        ) from error
