"""The kernels that a Jupyter started from an environment would offer."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from builders import trees
from builders.facts import distribution, linux, mac
from tfmac.environments.uv import find_uv
from tfmac.observe.host import observe_host
from tfmac.observe.kernels import find_kernels
from tfmac.observe.locate import Located, locate_environment, locate_tree
from tfmac.observe.observation import observe
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import Facts, Host, Kernel, KernelPlace

USER, ENVIRONMENT = KernelPlace.USER, KernelPlace.ENVIRONMENT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A virtual environment."""
    base = trees.interpreter(tmp_path / "base/bin/python3.12")
    trees.virtual_environment(tmp_path / "env", base)
    return tmp_path / "env"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def specify(folder: Path, name: str, program: str = "python", **fields: Any) -> str:
    """Write a kernel specification below a folder for Jupyter's data; give its path."""
    content = {"argv": [program, "-m", "ipykernel_launcher"], "display_name": name, **fields}
    return str(trees.write(folder / "kernels" / name / "kernel.json", json.dumps(content)))


def user_data(home: Path) -> Path:
    return home / ".local/share/jupyter"


def kernels(root: Path, home: Path, *, core: str = "5.7.2", **variables: str) -> "list[Kernel]":
    """Find the kernels below the test's folder, on Linux; the machine's own are none of it."""
    located = locate_environment(str(root), because="test")
    return own_kernels(located, home, core=core, mac=False, **variables)


def own_kernels(
    located: Located, home: Path, *, core: str = "5.7.2", mac: bool, **variables: str
) -> "list[Kernel]":
    assert isinstance(located.interpreter, Found)
    found = find_kernels(
        located.environment,
        located.interpreter.value.path,
        [distribution("jupyter-core", core)],
        {"HOME": str(home), **variables},
        mac=mac,
    )
    return [one for one in found if one.place is not KernelPlace.SYSTEM]


def test_a_kernel_is_told_by_its_file(root: Path, home: Path) -> None:
    """Name, text, program and file come from the specification; the name in small letters."""
    program = str(root / "bin/python")
    path = specify(user_data(home), "MyTF", program, display_name="TF 2", metadata={"a": [1]})

    assert kernels(root, home) == [
        Kernel(
            name="mytf",
            path=path,
            place=USER,
            hidden=False,
            display_name="TF 2",
            program=program,
            own=True,
            exists=True,
        )
    ]


def test_no_jupyter_at_all_is_no_kernels(root: Path, home: Path) -> None:
    """Folders that are not there offer nothing."""
    assert kernels(root, home) == []


def test_the_first_of_one_name_hides_the_others(root: Path, home: Path, tmp_path: Path) -> None:
    """JUPYTER_PATH comes first, and names are compared without case."""
    first = specify(tmp_path / "a", "Python3")
    second = specify(tmp_path / "b", "python3")
    own = specify(root / "share/jupyter", "python3")
    given = f"{tmp_path}/a:{tmp_path}/b:"

    found = kernels(root, home, JUPYTER_PATH=given)

    assert [(one.path, one.hidden) for one in found] == [
        (first, False),
        (second, True),
        (own, True),
    ]


@pytest.mark.parametrize(
    ("core", "variables", "first"),
    [
        ("5.7.2", {}, ENVIRONMENT),
        ("5.0.0", {}, ENVIRONMENT),
        ("4.12.0", {}, USER),
        ("4.12.0", {"JUPYTER_PREFER_ENV_PATH": "1"}, ENVIRONMENT),
        ("5.7.2", {"JUPYTER_PREFER_ENV_PATH": "no"}, USER),
        ("odd", {}, ENVIRONMENT),
    ],
)
def test_whether_the_environment_comes_before_the_user(
    root: Path, home: Path, core: str, variables: "dict[str, str]", first: KernelPlace
) -> None:
    """The variable decides; else jupyter_core does, from 5 on for virtual environments."""
    specify(user_data(home), "python3")
    specify(root / "share/jupyter", "python3")

    found = kernels(root, home, core=core, **variables)

    assert [one.place for one in found if not one.hidden] == [first]


@pytest.mark.parametrize(
    ("active", "name", "first"),
    [(True, "tf", ENVIRONMENT), (True, "base", USER), (False, "tf", USER)],
)
def test_a_conda_environment_comes_first_only_where_it_is_active(
    tmp_path: Path, home: Path, *, active: bool, name: str, first: KernelPlace
) -> None:
    """The base, and an environment that is not active, come after the user."""
    root = tmp_path / "conda"
    trees.conda_environment(root)
    specify(user_data(home), "python3")
    specify(root / "share/jupyter", "python3")
    prefix = str(root if active else tmp_path / "other")

    found = kernels(root, home, CONDA_PREFIX=prefix, CONDA_DEFAULT_ENV=name)

    assert [one.place for one in found if not one.hidden] == [first]


@pytest.mark.parametrize(
    ("folder", "mac", "variables"),
    [
        ("home/.local/share/jupyter", False, {}),
        ("data/jupyter", False, {"XDG_DATA_HOME": "data"}),
        ("home/Library/Jupyter", True, {}),
        ("home/Library/Jupyter", True, {"XDG_DATA_HOME": "data"}),
        ("home/Library/Application Support/Jupyter", True, {"JUPYTER_PLATFORM_DIRS": "1"}),
        ("home/Library/Jupyter", True, {"JUPYTER_PLATFORM_DIRS": "false"}),
        ("mine", True, {"JUPYTER_DATA_DIR": "mine", "JUPYTER_PLATFORM_DIRS": "1"}),
    ],
)
def test_where_the_users_kernels_are(
    root: Path, tmp_path: Path, folder: str, *, mac: bool, variables: "dict[str, str]"
) -> None:
    """Linux and macOS have other folders, and variables move them."""
    path = specify(tmp_path / folder, "mine")
    located = locate_environment(str(root), because="test")
    absolute = {
        key: value if "DIRS" in key else str(tmp_path / value) for key, value in variables.items()
    }

    found = own_kernels(located, tmp_path / "home", mac=mac, **absolute)

    assert [one.path for one in found] == [path]


@pytest.mark.parametrize(
    ("prefix", "folder", "mac"),
    [
        ("conda", "home/.local", True),
        ("conda", "home/.local", False),
        ("Library/Frameworks/Python.framework/Versions/3.12", "home/Library/Python/3.12", True),
    ],
)
def test_a_python_that_uses_the_users_own_packages_sees_their_kernels(
    tmp_path: Path, prefix: str, folder: str, *, mac: bool
) -> None:
    """Outside virtual environments PEP 370's prefix is sought too, unless it is turned off."""
    root = tmp_path / prefix
    trees.site_packages(root)
    trees.interpreter(root / "bin/python3")
    path = specify(tmp_path / folder / "share/jupyter", "mine")
    located = locate_environment(str(root), because="test")

    seen = [one.path for one in own_kernels(located, tmp_path / "home", mac=mac)]
    unseen = own_kernels(located, tmp_path / "nobody", mac=mac, PYTHONNOUSERSITE="1")
    moved = own_kernels(
        located, tmp_path / "nobody", mac=mac, PYTHONUSERBASE=str(tmp_path / folder)
    )

    assert seen == [path]
    assert unseen == []
    assert [one.path for one in moved] == [path]


@pytest.mark.parametrize(
    ("program", "own", "exists"),
    [
        ("env/bin/python", True, True),
        ("env/bin/python3.11", True, False),
        ("linked/bin/python", True, True),
        ("env/lib/../bin/python", True, True),
        ("base/bin/python3.12", False, True),
        ("other/bin/python", False, True),
        ("gone/bin/python", False, False),
    ],
)
def test_an_environment_is_told_by_the_folder_of_its_interpreter(
    root: Path, home: Path, tmp_path: Path, program: str, *, own: bool, exists: bool
) -> None:
    """Interpreters of virtual environments are links: what they lead to tells nothing."""
    trees.virtual_environment(tmp_path / "other", tmp_path / "base/bin/python3.12")
    trees.link(tmp_path / "linked", root)
    specify(user_data(home), "mine", str(tmp_path / program))

    (found,) = kernels(root, home)

    assert (found.own, found.exists) == (own, exists)


@pytest.mark.parametrize("name", ["python3", "python", "bin/../python"])
def test_a_link_to_a_base_interpreter_is_that_interpreter(
    tmp_path: Path, home: Path, name: str
) -> None:
    """Homebrew and others link to their Python from elsewhere; a virtual environment is another."""
    root = tmp_path / "conda"
    trees.conda_environment(root)
    trees.link(tmp_path / "links/bin/python3", root / "bin/python3.12")
    trees.virtual_environment(tmp_path / "env", root / "bin/python3.12")
    specify(user_data(home), "linked", str(tmp_path / "links/bin/python3"))
    specify(user_data(home), "virtual", str(tmp_path / "env/bin/python"))
    specify(user_data(home), "bare", name)

    own = {one.name: one.own for one in kernels(root, home)}

    assert own == {"linked": True, "virtual": False, "bare": None}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'{"display_name": "x"}',
        b'{"argv": []}',
        b'{"argv": [""]}',
        b'{"argv": "python"}',
        b'{"argv": [1]}',
        b'{"argv": ["/a\\u0000b"]}',
        b'{"argv": ["python"], "display_name": {}}',
        b'{"argv": ["python"], "x": ' + b"[" * 30_000,
        b'{"argv": ["python"], "x": "' + b"x" * (1 << 20) + b'"}',
    ],
    ids=range(13),
)
def test_a_file_that_is_no_kernel_is_named(root: Path, home: Path, content: bytes) -> None:
    """A damaged file is unreadable, still hides others, and keeps no other from being read."""
    bad = trees.write(root / "share/jupyter/kernels/python3/kernel.json", content)
    specify(user_data(home), "python3")

    first, second = kernels(root, home)

    assert (first.path, first.program) == (str(bad), None)
    assert first.unreadable
    assert second.hidden


def test_what_is_no_file_is_no_kernel(root: Path, home: Path) -> None:
    """A pipe is not opened, which would wait for ever; folders and left-overs are passed by."""
    folder = user_data(home) / "kernels"
    trees.write(folder / "README.txt")
    (folder / "empty").mkdir()
    (folder / "folder/kernel.json").mkdir(parents=True)
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "pipe/kernel.json")

    assert kernels(root, home) == []


def seen(located: Located, home: Path, *, host: Optional[Host] = None) -> Facts:
    return observe(
        located,
        host=host or linux(),
        target=None,
        parts=frozenset(),
        cwd=None,
        variables={"HOME": str(home)},
    )


def test_the_facts_of_an_environment_name_its_kernels(root: Path, home: Path) -> None:
    """They are found as the system that looks has them."""
    path = specify(home / "Library/Jupyter", "mine")
    located = locate_environment(str(root), because="test")

    on_mac, on_linux = seen(located, home, host=mac()).kernels, seen(located, home).kernels

    assert isinstance(on_mac, Found)
    assert isinstance(on_linux, Found)
    assert path in {one.path for one in on_mac.value}
    assert path not in {one.path for one in on_linux.value}


@pytest.mark.slow
@pytest.mark.parametrize("core", ["jupyter-core<5", "jupyter-core>=5.1.1"])
def test_jupyter_itself_finds_the_same(tmp_path: Path, home: Path, core: str) -> None:
    """A real Jupyter offers the very files that are not hidden, from the same folders."""
    uv = find_uv()
    if uv is None:
        pytest.skip("no uv can be run")
    root = tmp_path / "env"
    uv.run("make an environment", ["venv", "--python", sys.executable, str(root)])
    python = str(root / "bin/python")
    wanted = ["jupyter-client", core]
    uv.run_on_index("install", ["pip", "install", "--python", python, *wanted])
    for folder in (user_data(home), root / "share/jupyter", tmp_path / "given"):
        specify(folder, "python3", python)
        specify(folder, folder.name)
    variables = {"HOME": str(home), "JUPYTER_PATH": str(tmp_path / "given")}
    code = (
        "from jupyter_client.kernelspec import find_kernel_specs; import json;"
        "print(json.dumps(find_kernel_specs()))"
    )

    said = subprocess.check_output([python, "-c", code], env=variables, text=True)

    facts = observe(
        locate_environment(str(root), because="test"),
        host=observe_host(),
        target=None,
        parts=frozenset(),
        cwd=None,
        variables=variables,
    )
    assert isinstance(facts.kernels, Found)
    offered = {one.name: one.path for one in facts.kernels.value if not one.hidden}
    assert offered == {name: f"{path}/kernel.json" for name, path in json.loads(said).items()}


def test_a_tree_has_no_kernels(tmp_path: Path, home: Path) -> None:
    """What this machine's Jupyter offers says nothing of another machine's packages."""
    located = locate_tree(str(tmp_path), python="3.12")

    assert isinstance(seen(located, home).kernels, Unknown)


def test_a_folder_that_cannot_be_listed_is_a_reason(
    root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there and not seen is unknown, with the path and the system's words."""
    folder = user_data(home) / "kernels"
    folder.mkdir(parents=True)
    listdir = os.listdir

    def refuse(path: str) -> "list[str]":
        if path == str(folder):
            raise PermissionError(13, "Permission denied", path)
        return listdir(path)

    # Who runs as root may list everything.
    monkeypatch.setattr(os, "listdir", refuse)
    located = locate_environment(str(root), because="test")

    assert seen(located, home).kernels == Unknown(reason=f"{folder}: Permission denied")
