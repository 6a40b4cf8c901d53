"""An environment is registered with Jupyter by its own ipykernel."""

import io
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from builders.real_environments import site_packages
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.kernels import register_kernel
from tfmac.environments.uv import find_uv
from tfmac.schema.actions import RegisterKernel

# Does with its arguments what ipykernel does, as far as a kernel.json goes.
_STUB = """
import argparse, json, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["install"])
parser.add_argument("--user", action="store_true", required=True)
parser.add_argument("--name", required=True)
parser.add_argument("--display-name", required=True)
given = parser.parse_args()
print("registering", file=sys.stderr)
folder = os.path.join(os.environ["JUPYTER_DATA_DIR"], "kernels", given.name.lower())
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "kernel.json"), "w") as file:
    json.dump({"argv": [sys.executable], "display_name": given.display_name}, file)
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands in for the user's."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment with a stand-in for ipykernel."""
    return make(tmp_path / "env", _STUB)


def make(root: Path, ipykernel: str) -> Path:
    venv.create(root, symlinks=True)
    package = site_packages(root) / "ipykernel"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(ipykernel, encoding="utf-8")
    return root


def register(root: Path, name: str = "tf", *, replace: bool = False) -> str:
    action = RegisterKernel(environment=str(root), name=name)
    return register_kernel(action, progress=None, replace=replace)


def read(path: str) -> "tuple[str, str]":
    """Give the program of a kernel and the text that it is shown with."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    return content["argv"][0], content["display_name"]


def test_a_kernel_starts_the_environment(environment: Path, data: Path) -> None:
    """The specification lies where Jupyter seeks it and names the environment's interpreter."""
    path = register(environment)

    assert path == str(data / "kernels/tf/kernel.json")
    assert read(path) == (str(environment / "bin/python"), "tf (tfmac)")


@pytest.mark.parametrize(("name", "folder"), [("TF-2.19_x", "tf-2.19_x"), ("-tf", "-tf")])
def test_odd_names_are_passed_on(environment: Path, data: Path, name: str, folder: str) -> None:
    """Names are kept in small letters, and one with a hyphen first is no option."""
    assert register(environment, name) == str(data / f"kernels/{folder}/kernel.json")


def test_what_ipykernel_says_is_shown(environment: Path, data: Path) -> None:
    """Its messages are progress."""
    shown = io.StringIO()

    register_kernel(RegisterKernel(environment=str(environment), name="tf"), progress=shown)

    assert shown.getvalue() == "registering\n"
    assert data.is_dir()


@pytest.mark.parametrize("name", ["", "a b", "a/b", "..", ".", "ä", "tf\n", "../tf"])
def test_a_name_that_jupyter_does_not_allow_is_refused(tmp_path: Path, name: str) -> None:
    """It is refused before anything is run: there is nothing here that could be."""
    with pytest.raises(ValueError, match="no name for a kernel"):
        register(tmp_path / "nowhere", name)


def test_a_kernel_is_registered_again(environment: Path, data: Path) -> None:
    """That of the same environment is written anew, and so is one reached by a link."""
    register(environment)
    (data / "link").symlink_to(environment)

    assert read(register(data / "link"))[1] == "tf (tfmac)"


def test_another_environments_kernel_stays(environment: Path, data: Path, tmp_path: Path) -> None:
    """Its name is taken; the other environment is named, though both link to one interpreter."""
    other = make(tmp_path / "other", _STUB)
    path = register(other)

    with pytest.raises(EnvironmentChangeFailed, match=str(other / "bin/python")) as raised:
        register(environment, "TF")

    assert raised.value.kind is ChangeFailure.EXISTS
    assert read(path)[0] == str(other / "bin/python")
    assert read(register(environment, replace=True))[0] == str(environment / "bin/python")
    assert data.is_dir()


def test_a_kernel_that_cannot_be_read_stays(environment: Path, data: Path) -> None:
    """Whose it is cannot be told, so it is not overwritten."""
    path = data / "kernels/tf/kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text("{", encoding="utf-8")

    with pytest.raises(EnvironmentChangeFailed, match="cannot be read"):
        register(environment)

    assert path.read_text(encoding="utf-8") == "{"


def test_a_specification_that_is_a_folder_is_a_reason(environment: Path, data: Path) -> None:
    """What the system refuses is told with the path."""
    (data / "kernels/tf/kernel.json").mkdir(parents=True)

    with pytest.raises(EnvironmentChangeFailed, match=r"kernels/tf/kernel\.json"):
        register(environment)


def test_without_ipykernel_it_is_asked_for(environment: Path, data: Path) -> None:
    """The words of Python are no help; what is missing is."""
    shutil.rmtree(site_packages(environment) / "ipykernel")

    with pytest.raises(EnvironmentChangeFailed, match="has no ipykernel") as raised:
        register(environment)

    assert raised.value.kind is ChangeFailure.TOOL_FAILED
    assert not data.exists()


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        ("import sys; sys.exit('no space for kernels')", "no space for kernels"),
        ("print('done')", "made no"),
    ],
)
def test_what_goes_wrong_is_told(tmp_path: Path, data: Path, stub: str, words: str) -> None:
    """The last words of ipykernel, or that it did nothing."""
    with pytest.raises(EnvironmentChangeFailed, match=words):
        register(make(tmp_path / "env", stub))

    assert not data.exists()


def test_an_environment_that_is_gone_is_told(tmp_path: Path, data: Path) -> None:
    """An interpreter that cannot be started is named."""
    with pytest.raises(EnvironmentChangeFailed, match="nowhere/bin/python: No such file"):
        register(tmp_path / "nowhere")

    assert not data.exists()


@pytest.mark.slow
def test_a_real_ipykernel_registers_a_real_environment(tmp_path: Path, data: Path) -> None:
    """Jupyter of that environment finds the kernel where tfmac says it is."""
    uv = find_uv()
    if uv is None:
        pytest.skip("no uv can be run")
    root = tmp_path / "env"
    uv.run("make an environment", ["venv", "--python", sys.executable, str(root)])
    python = str(root / "bin/python")
    uv.run_on_index("install", ["pip", "install", "--python", python, "ipykernel"])

    path = register(root, "TF-219")

    code = (
        "from jupyter_client.kernelspec import KernelSpecManager as M; import os, json;"
        "s = M().get_kernel_spec('tf-219');"
        "print(json.dumps([s.resource_dir, s.argv[0], s.display_name]))"
    )
    said = subprocess.check_output([python, "-c", code], text=True, env=dict(os.environ))
    assert json.loads(said) == [os.path.dirname(path), python, "TF-219 (tfmac)"]
    assert register(root, "tf-219") == path
    assert path.startswith(str(data))
