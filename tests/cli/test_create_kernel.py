"""``--kernel``: Jupyter offers the environment that was made."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from cli.console import document, refused, tfmac
from cli.creation import much_space, plan_of, write_plan
from cli.private_index import Best, Wheel, make_index

# Does what ipykernel does when it is told to register itself, as far as a kernel.json goes.
IPYKERNEL = """
import argparse, json, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("verb", choices=["install"])
parser.add_argument("--user", action="store_true", required=True)
parser.add_argument("--name", required=True)
parser.add_argument("--display-name", required=True)
name = parser.parse_args().name
folder = os.path.join(os.environ["JUPYTER_DATA_DIR"], "kernels", name.lower())
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "kernel.json"), "w") as file:
    json.dump({"argv": [sys.executable], "display_name": name}, file)
"""


@pytest.fixture(autouse=True)
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    much_space(monkeypatch)


@pytest.fixture
def chosen(index: Path, best: Best) -> "tuple[str, ...]":
    """Ask for the running Python; only ``pip.conf`` knows the index."""
    assert index.is_dir()
    return ("--python", best.python, "--no-gpu")


@pytest.fixture
def kernels(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's list of kernels; the index has an ipykernel that writes into it."""
    files = make_index(index, (Wheel("ipykernel", "6.0"),))
    with zipfile.ZipFile(files / "ipykernel-6.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("ipykernel/__main__.py", IPYKERNEL)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return tmp_path / "jupyter" / "kernels"


def test_a_kernel(tmp_path: Path, chosen: "tuple[str, ...]", kernels: Path) -> None:
    """Its ipykernel is planned with it; Jupyter starts the environment's Python."""
    directory = tmp_path / "env"
    ended = tfmac("create", directory, *chosen, "--kernel", "tf", "--format", "json")
    assert ended.code == 0, ended.err
    report = document(ended.out, "creation")
    assert report["kernel"] == str(kernels / "tf/kernel.json")
    assert "ipykernel" in [pin["name"] for pin in report["plan"]["pins"]]
    kernel = json.loads((kernels / "tf/kernel.json").read_text())
    assert kernel["argv"][0] == str(directory / "bin/python")
    text = tfmac("create", directory, *chosen, "--kernel", "tf", "--replace").out
    assert f"{kernels}/tf/kernel.json" in text
    assert "pip install ipykernel" not in text


def test_a_kernel_of_a_plan_file(tmp_path: Path, kernels: Path) -> None:
    """The plan has to have ipykernel: what is not planned is not installed."""
    without = write_plan(tmp_path / "plan.json", plan_of("numpy==1.26.4"))
    refused(tfmac("create", without, "env", "--kernel", "tf"), 2, "--kernel tf needs ipykernel")
    assert os.listdir(Path.cwd()) == []
    path = write_plan(tmp_path / "kernel.json", plan_of("ipykernel==6.0"))
    assert tfmac("create", path, "env", "--kernel", "TF").code == 0
    assert (kernels / "tf/kernel.json").is_file()


@pytest.mark.parametrize("name", ["a b", "../tf", ""])
def test_a_name_that_no_kernel_can_have(tmp_path: Path, kernels: Path, name: str) -> None:
    """It is refused before anything is made."""
    path = write_plan(tmp_path / "kernel.json", plan_of("ipykernel==6.0"))
    refused(tfmac("create", path, "env", "--kernel", name), 2, repr(name), "no name for a kernel")
    assert os.listdir(Path.cwd()) == []
    assert not kernels.exists()


def test_a_kernel_of_another_environment(tmp_path: Path, kernels: Path) -> None:
    """It is kept, and that is said before anything is made."""
    theirs = kernels / "tf" / "kernel.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text('{"argv": ["/opt/other/bin/python"], "display_name": "theirs"}')
    path = write_plan(tmp_path / "kernel.json", plan_of("ipykernel==6.0"))
    ended = tfmac("create", path, "env", "--kernel", "tf")
    refused(ended, 2, "there is a kernel tf already", "/opt/other/bin/python")
    assert "other" in theirs.read_text()
    assert os.listdir(Path.cwd()) == []


def test_a_kernel_that_cannot_be_registered_leaves_a_complete_environment(
    index: Path, tmp_path: Path
) -> None:
    """The message says that only Jupyter was not told."""
    make_index(index, (Wheel("ipykernel", "6.0"),))
    path = write_plan(tmp_path / "kernel.json", plan_of("ipykernel==6.0"))
    ended = tfmac("create", path, "env", "--kernel", "tf")
    refused(ended, 4, "is complete, but Jupyter was not told of it")
    assert Path("env/bin/python").exists()
