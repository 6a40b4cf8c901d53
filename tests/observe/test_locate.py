"""The environment that is looked at, and its interpreter."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Optional

import pytest

from builders import macho, trees
from tfmac.observe.locate import (
    Located,
    NothingToInspect,
    kind_of_prefix,
    locate_default,
    locate_environment,
    locate_interpreter,
    locate_tree,
)
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import EnvironmentKind, Interpreter
from tfmac.schema.platform import Architecture

BASE_PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An interpreter for ARM Macs that environments can link to."""
    return trees.interpreter(tmp_path / "base/bin/python3.12")


def interpreter_of(located: Located) -> Interpreter:
    assert isinstance(located.interpreter, Found)
    return located.interpreter.value


def version_of(located: Located) -> Optional[str]:
    version = interpreter_of(located).version
    return version.value if isinstance(version, Found) else None


@pytest.mark.parametrize(
    ("uv", "kind"), [(False, EnvironmentKind.VENV), (True, EnvironmentKind.UV)]
)
def test_a_virtual_environment_is_read(
    tmp_path: Path,
    base: Path,
    *,
    uv: bool,
    kind: EnvironmentKind,
) -> None:
    """Kind, version and architecture come from pyvenv.cfg and the linked file; nothing is run."""
    site = trees.virtual_environment(tmp_path / "env", base, uv=uv)

    located = locate_environment(str(tmp_path / "env"), because="the test says so")

    assert located.environment.kind is kind
    assert located.environment.site_packages == (str(site),)
    assert located.environment.chosen_because == "the test says so"
    interpreter = interpreter_of(located)
    assert interpreter.path == str(tmp_path / "env/bin/python")
    assert version_of(located) == "3.12.4"
    assert isinstance(interpreter.architectures, Found)
    assert interpreter.architectures.value == (Architecture.ARM64,)
    assert interpreter.runs == Unknown(reason="it was not started")


def test_a_conda_environment_is_known_by_conda_meta(tmp_path: Path) -> None:
    """Conda environments have no pyvenv.cfg; their Python is told by the library folder."""
    trees.conda_environment(tmp_path, python="3.10.13")

    located = locate_environment(str(tmp_path), because="")

    assert located.environment.kind is EnvironmentKind.CONDA
    assert version_of(located) == "3.10"


def test_an_environment_that_sees_its_base_has_its_folders_too(tmp_path: Path, base: Path) -> None:
    """With system site-packages the base's packages are looked at after the environment's own."""
    own = trees.virtual_environment(tmp_path / "env", base, sees_base=True)
    below = trees.site_packages(tmp_path / "base")

    located = locate_environment(str(tmp_path / "env"), because="")

    assert located.environment.site_packages == (str(own), str(below))


def test_a_dangling_interpreter_cannot_run(tmp_path: Path, base: Path) -> None:
    """An environment whose Python was removed is still read, and says where its link leads."""
    trees.virtual_environment(tmp_path / "env", base)
    base.unlink()

    interpreter = interpreter_of(locate_environment(str(tmp_path / "env"), because=""))

    assert interpreter.runs == Found(
        value=False,
        source=f"{tmp_path / 'env/bin/python'} leads to {base}, which does not exist",
    )
    assert isinstance(interpreter.architectures, Unknown)
    assert interpreter.version != Unknown(reason="")


def test_a_universal_interpreter_holds_both(tmp_path: Path, base: Path) -> None:
    """python.org's interpreters have a slice for each kind of Mac."""
    slices = [(cpu, macho.image(cpu=cpu)) for cpu in (macho.X86_64, macho.ARM64)]
    base.write_bytes(macho.fat(slices))
    trees.virtual_environment(tmp_path / "env", base)

    held = interpreter_of(locate_environment(str(tmp_path / "env"), because="")).architectures

    assert isinstance(held, Found)
    assert set(held.value) == {Architecture.ARM64, Architecture.X86_64}


def test_a_folder_without_packages_is_nothing_to_inspect(tmp_path: Path) -> None:
    """A folder that is there and no environment is named as that."""
    with pytest.raises(NothingToInspect, match="holds no Python environment"):
        locate_environment(str(tmp_path), because="")


@pytest.mark.parametrize(
    "locate",
    [
        partial(locate_environment, because=""),
        partial(locate_interpreter, because=""),
        partial(locate_tree, python=None),
    ],
    ids=["environment", "interpreter", "tree"],
)
def test_a_path_that_does_not_exist_is_nothing_to_inspect(
    tmp_path: Path, locate: "Callable[[str], Located]"
) -> None:
    """Whatever was asked for, the message repeats the path that is not there."""
    path = str(tmp_path / "nowhere")
    with pytest.raises(NothingToInspect, match=r"nowhere (is not a folder|does not exist)"):
        locate(path)


def test_an_interpreter_in_an_environment_stands_for_it(tmp_path: Path, base: Path) -> None:
    """A virtual environment named by its interpreter is only read: this one could not be run."""
    trees.virtual_environment(tmp_path / "env", base)

    located = locate_interpreter(str(tmp_path / "env/bin/python3"), because="--python names it")

    assert located.environment.root == str(tmp_path / "env")


def test_a_folder_may_be_given_for_an_interpreter(tmp_path: Path, base: Path) -> None:
    """Who gives an environment's folder where an interpreter is asked for means its interpreter."""
    trees.virtual_environment(tmp_path / "env", base)

    located = locate_interpreter(str(tmp_path / "env"), because="")

    assert located.environment.root == str(tmp_path / "env")


def test_an_interpreter_outside_environments_is_asked() -> None:
    """Where a real Python's packages lie is its own answer."""
    located = locate_interpreter(BASE_PYTHON, because="--python names it")

    assert located.environment.root == sys.base_prefix
    assert located.environment.site_packages
    assert version_of(located) == ".".join(map(str, sys.version_info[:3]))
    assert interpreter_of(located).runs == Found(value=True, source="it answered")


def test_a_file_that_cannot_run_is_nothing_to_inspect(tmp_path: Path) -> None:
    """An interpreter that gives no answer is named, with what happened."""
    broken = trees.write(tmp_path / "bin/python", "no program")
    broken.chmod(0o755)

    with pytest.raises(NothingToInspect, match="cannot run"):
        locate_interpreter(str(broken), because="")


def test_a_tree_has_the_python_that_is_said(tmp_path: Path) -> None:
    """A tree of another machine has no interpreter; its Python is what the user says."""
    located = locate_tree(str(tmp_path), python="3.12")

    assert located.environment.kind is EnvironmentKind.TREE
    assert located.environment.site_packages == (str(tmp_path),)
    assert version_of(located) == "3.12"
    assert interpreter_of(located).runs == Unknown(reason="an unpacked tree has no interpreter")


def test_a_tree_without_a_said_python_has_no_interpreter(tmp_path: Path) -> None:
    """Nothing is guessed where nothing is said."""
    assert isinstance(locate_tree(str(tmp_path), python=None).interpreter, Unknown)


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [
        ("/Users/jo/.pyenv/versions/3.11.9", EnvironmentKind.PYENV),
        ("/opt/homebrew/opt/python@3.13", EnvironmentKind.HOMEBREW),
        ("/usr/local/Cellar/python@3.11/3.11.9", EnvironmentKind.HOMEBREW),
        ("/Library/Frameworks/Python.framework/Versions/3.12", EnvironmentKind.FRAMEWORK),
        ("/Library/Developer/CommandLineTools/usr", EnvironmentKind.SYSTEM),
        ("/usr", EnvironmentKind.SYSTEM),
        ("/srv/python", EnvironmentKind.OTHER),
    ],
)
def test_the_maker_of_a_prefix_is_told_by_its_place(prefix: str, kind: EnvironmentKind) -> None:
    """Each installer of Pythons has its own place."""
    assert kind_of_prefix(prefix) is kind


class Choices:
    """A machine on which every place holds an environment; each test takes some away."""

    def __init__(self, root: Path, base: Path) -> None:
        self.running = root / "running"
        self.active = root / "active"
        self.conda = root / "conda"
        self.cwd = root / "cwd"
        trees.tensorflow(trees.virtual_environment(self.running, base))
        trees.virtual_environment(self.active, base)
        trees.conda_environment(self.conda)
        for name in (".venv-tf", ".venv", "venv"):
            trees.virtual_environment(self.cwd / name, base)
        trees.link(root / "path/python3", Path(BASE_PYTHON))
        self.variables = {
            "VIRTUAL_ENV": str(self.active),
            "CONDA_PREFIX": str(self.conda),
            "PATH": str(root / "path"),
        }

    def chosen(self) -> "tuple[Path, str]":
        located = locate_default(self.variables, running=str(self.running), cwd=str(self.cwd))
        return Path(located.environment.root), located.environment.chosen_because


@pytest.fixture
def choices(tmp_path: Path, base: Path) -> Choices:
    """Every place that an environment is looked for in."""
    return Choices(tmp_path, base)


def test_first_choice_is_the_own_environment_beside_tensorflow(choices: Choices) -> None:
    """Where tfmac was installed beside TensorFlow, that TensorFlow is meant."""
    assert choices.chosen() == (choices.running, "tfmac is installed in it, beside TensorFlow")


def test_then_the_activated_environment(choices: Choices) -> None:
    """A tfmac of its own, as pipx and uvx make it, looks at the activated environment."""
    choices.running = choices.active / "nowhere"

    assert choices.chosen() == (choices.active, "VIRTUAL_ENV names it")


def test_then_the_activated_conda_environment(choices: Choices) -> None:
    """A virtual environment inside an activated conda is what is really active."""
    choices.running = choices.active / "nowhere"
    del choices.variables["VIRTUAL_ENV"]

    assert choices.chosen() == (choices.conda, "CONDA_PREFIX names it")


def test_then_an_environment_in_the_working_directory(choices: Choices) -> None:
    """What setup makes comes first, then the common names."""
    choices.running = choices.active / "nowhere"
    choices.variables = {"PATH": choices.variables["PATH"], "VIRTUAL_ENV": "/nowhere"}

    assert choices.chosen() == (choices.cwd / ".venv-tf", "it is in the working directory")
    os.rename(choices.cwd / ".venv-tf", choices.cwd / "other")
    assert choices.chosen()[0] == choices.cwd / ".venv"
    os.rename(choices.cwd / ".venv", choices.cwd / "another")
    assert choices.chosen()[0] == choices.cwd / "venv"


def test_last_the_first_python_on_path(choices: Choices, tmp_path: Path) -> None:
    """Where no environment is, the Python that a shell would start is asked."""
    choices.running = choices.cwd = tmp_path / "nowhere"
    choices.variables = {"PATH": choices.variables["PATH"]}

    assert choices.chosen()[1] == "python3 is the first on PATH"


def test_a_machine_without_anything_has_nothing_to_inspect(tmp_path: Path) -> None:
    """Only the variables that are handed in count, not this process's own."""
    with pytest.raises(NothingToInspect, match="PATH has no python3"):
        locate_default({}, running=str(tmp_path), cwd=str(tmp_path))
