"""``tfmac create`` with each of the managers, and what they have to do besides installing."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.console import RUNNING, document, everything_in, refused, tfmac
from cli.creation import (
    add_source,
    installed,
    much_space,
    named,
    on_a_mac,
    plan_of,
    said_by,
    write_plan,
)
from cli.private_index import Best, Wheel, damage, make_index
from environments.conda_program import CondaProgram
from tfmac import api
from tfmac.planner.choosing import Choice
from tfmac.schema.plans import StackKind, Variable, Wish
from tfmac.schema.platform import Target


@pytest.fixture(autouse=True)
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    much_space(monkeypatch)


@pytest.fixture
def plan_file(tmp_path: Path, index: Path, best: Best) -> Path:
    """A plan of the best set, without hashes."""
    assert index.is_dir()
    return write_plan(tmp_path / "best.json", plan_of(*named(best)))


@pytest.fixture
def conda(machine: Path) -> CondaProgram:
    """A program of the conda family on PATH."""
    pytest.importorskip("pip")
    return CondaProgram(machine / "bin", "micromamba")


def test_with_venv(tmp_path: Path, plan_file: Path, best: Best) -> None:
    """Python's own venv and pip make the same set; its programs know their place."""
    pytest.importorskip("ensurepip")
    directory = tmp_path / "made" / "env"
    code, out, err = tfmac("create", plan_file, directory, "--manager", "venv", "--format", "json")
    assert code == 0, err
    assert document(out, "creation")["manager"] == "venv"
    assert named(best) <= installed(directory)
    said = subprocess.run([directory / "bin/pip", "-V"], capture_output=True, text=True, check=True)
    assert str(directory) in said.stdout
    assert os.listdir(directory.parent) == ["env"]


def test_venv_fetches_no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks it to is told what does."""
    on_a_mac(monkeypatch, "3.14.0")
    ended = tfmac("create", "env", "--manager", "venv", "--download-python")
    refused(ended, 1, "Python 3.12 is not here", "give --manager uv --download-python")
    assert os.listdir(Path.cwd()) == []


def test_with_conda(tmp_path: Path, plan_file: Path, conda: CondaProgram, best: Best) -> None:
    """Its Python and the plan's packages, where they stay; how it is activated is said."""
    directory = tmp_path / "made" / "env"
    code, out, err = tfmac("create", plan_file, directory, "--manager", "conda")
    assert code == 0, err
    assert out.splitlines()[0] == f"{directory}: made by conda, {len(best.wheels)} packages"
    assert f"conda activate {directory}" in out
    arguments, _ = conda.asked()
    assert arguments[-2:] == [f"python={RUNNING}", "pip"]
    assert arguments[arguments.index("--prefix") + 1] == str(directory)
    assert named(best) <= installed(directory)
    assert os.listdir(directory.parent) == ["env"]
    again = tfmac("create", plan_file, directory, "--manager", "conda", "--replace")
    assert again.code == 0, again.err


def test_conda_needs_no_python_that_is_here(
    tmp_path: Path, index: Path, conda: CondaProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It brings the plan's own, for the chip of this machine; for wishes, too."""
    on_a_mac(monkeypatch)
    mac = Target.parse("macos-14-arm64")
    path = write_plan(tmp_path / "plan.json", plan_of("numpy==1.26.4", target=mac))
    ended = tfmac("create", path, tmp_path / "env", "--manager", "conda", "--format", "json")
    assert ended.code == 0, ended.err
    assert document(ended.out, "creation")["plan"]["interpreter"] is None
    assert conda.asked()[1]["CONDA_SUBDIR"] == "osx-arm64"

    wish = Wish(target=Target.parse("macos-15-arm64"), python=RUNNING)
    choice = api.choose(wish)
    assert isinstance(choice, Choice)
    wheels = (one.partition("==") for one in choice.best.requirements)
    make_index(index, tuple(Wheel(name, version) for name, _, version in wheels))
    wished = ("create", tmp_path / "wished", "--python", RUNNING, "--manager", "conda")
    ended = tfmac(*wished)
    assert ended.code == 0, ended.err
    assert "using a Python that is here" not in ended.err


@pytest.mark.parametrize("how", [("--manager", "conda"), ("--profile", "classic")])
def test_without_conda(how: "tuple[str, ...]") -> None:
    """That is said before anything is looked up, with what does the same."""
    refused(tfmac("create", "env", *how), 4, "no micromamba, mamba or conda", "--manager uv")
    assert os.listdir(Path.cwd()) == []


def test_a_conda_that_fails(
    tmp_path: Path, plan_file: Path, conda: CondaProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are shown; nothing is left, or what was there before."""
    assert conda.path.exists()
    old = tmp_path / "old"
    assert tfmac("create", plan_file, old).code == 0
    before = everything_in(old)
    monkeypatch.setenv("STAND_IN", "fail")
    in_conda = ("--manager", "conda")
    refused(tfmac("create", plan_file, tmp_path / "new/env", *in_conda), 4, "PackagesNotFound")
    refused(tfmac("create", plan_file, old, *in_conda, "--replace"), 4, "PackagesNotFound")
    assert not (tmp_path / "new").exists()
    assert everything_in(old) == before
    assert not (tmp_path / ".old.tfmac").exists()


@pytest.fixture
def built_plan(tmp_path: Path, index: Path) -> Path:
    """A plan with a package that has no wheel."""
    make_index(index, (Wheel("framework", "1.0"),))
    plan = plan_of("addon==0.1", "framework==1.0", built=("addon",))
    return write_plan(tmp_path / "built.json", plan)


@pytest.mark.parametrize("manager", ["uv", "conda"])
def test_what_has_no_wheel_is_built_in_its_place(
    tmp_path: Path, index: Path, built_plan: Path, conda: CondaProgram, manager: str
) -> None:
    """It is built against the environment's packages, and may keep their paths."""
    assert conda.path.exists()
    add_source(index, "addon", "0.1")
    directory = tmp_path / "made" / "env"
    ended = tfmac("create", built_plan, directory, "--manager", manager)
    assert ended.code == 0, ended.err
    file = Path(said_by(directory, "import addon; print(addon.FILE)"))
    assert file.is_file()
    assert file.is_relative_to(directory)
    assert os.listdir(directory.parent) == ["env"]


@pytest.mark.parametrize("manager", ["uv", "conda"])
def test_a_build_that_fails(
    tmp_path: Path, index: Path, built_plan: Path, conda: CondaProgram, manager: str
) -> None:
    """The compiler's words are shown; nothing is left, or what was there before."""
    assert conda.path.exists()
    add_source(index, "addon", "0.1", before='raise SystemExit("fatal error: no header")')
    old = tmp_path / "old"
    assert tfmac("create", old, "--python", RUNNING, "--no-gpu").code == 0
    before = everything_in(old)
    for directory in (tmp_path / "new/env", old):
        ended = tfmac("create", built_plan, directory, "--replace", "--manager", manager)
        refused(ended, 4, "build addon==0.1", "fatal error: no header")
    assert not (tmp_path / "new").exists()
    assert everything_in(old) == before
    assert not (tmp_path / ".old.tfmac").exists()


@pytest.mark.parametrize("manager", ["uv", "conda"])
def test_a_damaged_wheel(
    tmp_path: Path, index: Path, plan_file: Path, conda: CondaProgram, manager: str
) -> None:
    """Whoever installs, nothing is left of what could not be finished."""
    assert conda.path.exists()
    (wheel,) = (index / "files").glob("tensorflow-*.whl")
    damage(wheel)
    ended = tfmac("create", plan_file, tmp_path / "new/env", "--manager", manager)
    assert (ended.code, ended.out) == (4, "")
    assert "tfmac: cannot install" in ended.err.replace("uv could not", "cannot")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("form", ["json", "requirements"])
def test_variables_of_a_plan(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Every Python of the environment sees them, activated or not; the user's own win."""
    make_index(index, (Wheel("torch", "2.9.0"),))
    plan = plan_of(
        "keras==3.8.0",
        "torch==2.9.0",
        stack=StackKind.KERAS_TORCH,
        variables=(Variable(name="KERAS_BACKEND", value="torch"),),
    )
    path = tmp_path / "a-plan"
    if form == "json":
        write_plan(path, plan)
    else:
        path.write_text(api.plan_file(plan, form), encoding="utf-8")
    directory = tmp_path / "env"
    ended = tfmac("create", path, directory)
    assert ended.code == 0, ended.err
    backend = "import os; print(os.environ['KERAS_BACKEND'])"
    assert said_by(directory, backend) == "torch"
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert said_by(directory, backend) == "jax"


def test_variables_of_a_stack(tmp_path: Path, index: Path, best: Best) -> None:
    """A stack that is wished by name brings its own."""
    wish = Wish(target=best.target, python=RUNNING, gpu=False, stack=StackKind.KERAS_JAX)
    choice = api.choose(wish)
    if not isinstance(choice, Choice):
        pytest.skip("no JAX for this Python and machine")
    make_index(index, (Wheel("jax", choice.best.core.version),))
    ended = tfmac(
        *("create", tmp_path / "env", "--stack", "keras-jax"),
        *("--python", RUNNING, "--no-gpu", "--format", "json"),
    )
    assert ended.code == 0, ended.err
    assert document(ended.out, "creation")["plan"]["variables"] == [
        {"name": "KERAS_BACKEND", "value": "jax"}
    ]
    assert said_by(tmp_path / "env", "import os; print(os.environ['KERAS_BACKEND'])") == "jax"
    assert not installed(tmp_path / "env") & named(best) - {"keras==3.8.0", "numpy==1.26.4"}
