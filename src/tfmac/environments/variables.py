"""Variables that every Python program of an environment sees, activated or not.

A ``.pth`` file in the site-packages does it: a line of it that begins with ``import`` is run when
an interpreter starts (Python's documentation: "site"). What is set already stays, so that a user's
own setting wins.
"""

import glob
import os
import re
from collections.abc import Sequence

from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed, from_system
from tfmac.schema.actions import SetVariables
from tfmac.schema.plans import Variable

FILE = "tfmac_variables.pth"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def set_variables(action: SetVariables) -> None:
    """Write the variables of an action into its environment.

    Raise ``ValueError`` for what no variable can be, ``EnvironmentChangeFailed`` for an environment
    without site-packages.
    """
    line = startup_line(action.variables)
    try:
        with open(os.path.join(_site_packages(action.environment), FILE), "wb") as file:
            file.write(line)
    except OSError as error:
        raise from_system(error, f"set variables in {action.environment}") from error


def startup_line(variables: Sequence[Variable]) -> bytes:
    """Return the line that sets variables: plain ASCII, whatever their values are.

    Which encoding an interpreter reads the file in depends on its version and on the locale.
    """
    for one in variables:
        if _NAME.fullmatch(one.name) is None or "\0" in one.value:
            raise ValueError(f"no variable can be {one!r}")
    sets = (f"os.environ.setdefault({one.name!a}, {one.value!a})" for one in variables)
    return ("; ".join(["import os", *sets]) + "\n").encode("ascii")


def _site_packages(environment: str) -> str:
    """Return the folder that an environment's interpreter takes packages from.

    conda's Pythons have links with other versions' names beside it.
    """
    pattern = os.path.join(glob.escape(environment), "lib", "python3*", "site-packages")
    for path in sorted(glob.glob(pattern)):
        if not os.path.islink(os.path.dirname(path)):
            return path
    raise EnvironmentChangeFailed(
        ChangeFailure.TOOL_FAILED, f"cannot set variables in {environment}: no site-packages"
    )
