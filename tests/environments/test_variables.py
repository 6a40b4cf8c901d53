"""Every program of an environment sees the variables that it needs."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from environments.local_wheels import uv_on
from tfmac.environments.create import create_environment
from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.environments.tools.uv import UvTool
from tfmac.environments.variables import set_variables, startup_line
from tfmac.schema.actions import CreateEnvironment, SetVariables
from tfmac.schema.plans import Variable

HARD = 'it\'s "x"; import sys\n\\ größer 測 #'


def seen_by(directory: Path, name: str, **variables: str) -> str:
    code = f"import os; print(ascii(os.environ.get({name!r})))"
    said = subprocess.check_output(
        [str(directory / "bin/python"), "-c", code],
        text=True,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **variables},
    )
    return said.strip()


def made(directory: Path, variables: Sequence[Variable]) -> None:
    action = SetVariables(environment=str(directory), variables=tuple(variables))
    create_environment(
        str(directory),
        [CreateEnvironment(path=str(directory), python=sys.executable), action],
        tool=UvTool(uv_on(directory.parent)),
    )


def test_a_program_sees_them_and_a_users_own_setting_wins(tmp_path: Path) -> None:
    """Nothing is activated: the interpreter itself sets what is not set, whatever the value."""
    directory = tmp_path / "environment"
    made(
        directory,
        [Variable(name="KERAS_BACKEND", value="torch"), Variable(name="HARD_1", value=HARD)],
    )
    assert seen_by(directory, "KERAS_BACKEND") == "'torch'"
    assert seen_by(directory, "HARD_1") == ascii(HARD)
    assert seen_by(directory, "KERAS_BACKEND", KERAS_BACKEND="jax") == "'jax'"
    assert seen_by(directory, "KERAS_BACKEND", KERAS_BACKEND="") == "''"


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("1X", "x"), ("A B", "x"), ("A=B", "x"), ("A\n", "x"), ("Ä", "x"), ("A", "\0")],
)
def test_what_no_variable_can_be_is_refused(name: str, value: str) -> None:
    """It would end up as code in every program of the environment."""
    with pytest.raises(ValueError, match="no variable"):
        startup_line([Variable(name=name, value=value)])


def test_a_link_with_another_versions_name_is_not_it(tmp_path: Path) -> None:
    """conda-forge's Python 3.11 has a link ``python3.1`` beside its folder."""
    packages = tmp_path / "environment" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "environment" / "lib" / "python3.1").symlink_to("python3.11")
    action = SetVariables(
        environment=str(tmp_path / "environment"), variables=(Variable(name="A", value="b"),)
    )
    set_variables(action)
    assert list(packages.iterdir()) == [packages / "tfmac_variables.pth"]
    with pytest.raises(EnvironmentChangeFailed, match="no site-packages"):
        set_variables(SetVariables(environment=str(tmp_path), variables=()))
