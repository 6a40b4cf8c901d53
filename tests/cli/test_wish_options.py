"""The options by which users say what they wish, through ``tfmac plan``, ``create``, ``setup``."""

import os
from pathlib import Path
from typing import Any, NamedTuple, Optional

import pytest

from builders.model_files import write_hdf5
from builders.models import model
from builders.trees import write
from cli.console import RUNNING, document, refused, tfmac
from cli.private_index import Wheel, make_index
from tfmac import api
from tfmac.knowledge import combinations, extension_abi
from tfmac.planner.choosing import Choice
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import StackKind, Wish
from tfmac.schema.platform import Target

MAC = ("--for", "macos-15-arm64")
WHEELS = (
    Wheel("tensorflow", "2.15.1", ("keras>=2.15,<2.16", "numpy<2")),
    Wheel("tensorflow", "2.17.1", ("keras>=3.2", "numpy<2")),
    Wheel("tensorflow", "2.19.1", ("keras>=3.5", "numpy")),
    Wheel("tensorflow-macos", "2.12.0", ("keras>=2.12,<2.13", "numpy<2")),
    Wheel("tensorflow-macos", "2.15.0", ("keras>=2.15,<2.16", "numpy<2")),
    Wheel("tensorflow-metal", "0.8.0"),
    Wheel("tensorflow-metal", "1.2.0"),
    Wheel("keras", "2.12.0"),
    Wheel("keras", "2.15.0"),
    Wheel("keras", "3.8.0", ("numpy",)),
    Wheel("numpy", "1.26.4"),
    Wheel("helper", "1.0"),
    Wheel("helper", "2.0"),
)


@pytest.fixture
def wheels(index: Path) -> Path:
    """An index that has some sets for Macs."""
    make_index(index, WHEELS)
    return index


def planned(*options: str) -> "dict[str, Any]":
    ended = tfmac("plan", *MAC, *options, "--format", "json")
    assert ended.code == 0, ended.err
    return document(ended.out, "plan")


def pins(plan: "dict[str, Any]") -> "dict[str, str]":
    return {one["name"]: one["version"] for one in plan["pins"]}


def conflict(*options: str) -> "dict[str, Any]":
    ended = tfmac("plan", *MAC, *options, "--format", "json")
    assert (ended.code, ended.err) == (1, "")
    (found,) = document(ended.out, "no-plan")["conflicts"]
    assert isinstance(found, dict)
    return found


@pytest.mark.usefixtures("wheels")
def test_a_requirements_file_decides() -> None:
    """Its TensorFlow, Keras and packages are wishes; lines for other systems are none."""
    lines = [
        "# what the project needs",
        "tensorflow >= 2.14, < 2.18",
        "Keras < 3  # our models are of Keras 2",
        "helper",
        'pywin32; sys_platform == "win32"',
        'helper < 2; sys_platform == "darwin" \\',
        '  and platform_machine == "arm64"',
        'numpy < 1; python_version < "3.9"',
    ]
    Path("needs.txt").write_text("\n".join(lines))

    found = pins(planned("--requirements", "needs.txt"))

    assert found == {
        "helper": "1.0",
        "keras": "2.15.0",
        "numpy": "1.26.4",
        "tensorflow": "2.15.1",
        "tensorflow-metal": "1.2.0",
    }


@pytest.mark.usefixtures("wheels")
def test_files_that_are_included(tmp_path: Path) -> None:
    """They lie beside the file that includes them; a constraint asks for nothing."""
    write(tmp_path / "project/needs.txt", "-r parts/base.txt\n-c limits.txt\n")
    write(tmp_path / "project/parts/base.txt", "helper\ntensorflow<2.18\n")
    write(tmp_path / "project/limits.txt", "helper<2\npandas<1\n")

    found = pins(planned("--requirements", str(tmp_path / "project/needs.txt")))

    assert (found["tensorflow"], found["helper"]) == ("2.17.1", "1.0")
    assert "pandas" not in found


@pytest.mark.usefixtures("wheels")
def test_several_files_and_options_hold_together() -> None:
    """Each may say a part."""
    Path("one.txt").write_text("tensorflow<2.18\n")
    Path("two.txt").write_text("keras<3\n")
    files = ("--requirements", "one.txt", "--requirements", "two.txt")
    found = pins(planned(*files, "--with", "helper<2"))
    assert (found["tensorflow"], found["helper"]) == ("2.15.1", "1.0")


def test_lines_that_collide_are_named_with_their_places() -> None:
    """File and line, also those of an included file, beside what an option says."""
    Path("needs.txt").write_text("# ours\n\nkeras<3\n-r base.txt\n")
    Path("base.txt").write_text("tensorflow>=2.18\n")
    found = conflict("--requirements", "needs.txt")
    assert found["wishes"] == ["needs.txt:3 keras<3", "base.txt:1 tensorflow>=2.18"]
    Path("base.txt").write_text("# nothing\n")
    found = conflict("--requirements", "needs.txt", "--tensorflow", "2.18")
    assert found["wishes"] == ["--tensorflow 2.18", "needs.txt:3 keras<3"]


def test_a_constraint_that_collides_is_named_with_its_place() -> None:
    """It binds what something else asks for."""
    Path("needs.txt").write_text("-c limits.txt\n")
    Path("limits.txt").write_text("helper<2\nkeras<3\n")
    found = conflict("--requirements", "needs.txt", "--tensorflow", "2.19")
    assert found["wishes"] == ["--tensorflow 2.19", "limits.txt:2 keras<3"]


@pytest.mark.usefixtures("wheels")
def test_a_line_that_the_resolver_refuses_is_named() -> None:
    """Nothing is recorded of that package; the file and the line are told all the same."""
    Path("needs.txt").write_text("tensorflow\nhelper>2\n")
    assert conflict("--requirements", "needs.txt")["wishes"] == ["needs.txt:2 helper>2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("numpy\n--index-url https://index.example/simple\n", "needs.txt:2: --index-url is not"),
        ("--extra-index-url=https://index.example\n", "needs.txt:1: --extra-index-url is not"),
        ("--pre\n", "needs.txt:1: --pre is not for a plan"),
        ("-e .\n", "needs.txt:1: --editable is not for a plan"),
        ("./wheels/numpy.whl\n", "needs.txt:1: './wheels/numpy.whl' is a path"),
        ("numpy\n\nnumpy=1\n", "needs.txt:3: 'numpy=1' is not a requirement"),
        ("-r gone.txt\n", "needs.txt:1: gone.txt cannot be read: No such file"),
        ("-r needs.txt\n", "needs.txt:1: needs.txt includes itself"),
        ("caf\xe9\n", "needs.txt: needs.txt cannot be read"),
    ],
)
def test_a_file_that_cannot_be_honoured(text: str, words: str) -> None:
    """The line is named; nothing is planned by the rest of the file."""
    Path("needs.txt").write_bytes(text.encode("latin-1"))
    refused(tfmac("plan", *MAC, "--requirements", "needs.txt"), 2, f"--requirements {words}")


@pytest.mark.parametrize("command", ["create", "setup"])
def test_nothing_is_made_by_a_file_that_cannot_be_honoured(command: str) -> None:
    """It is a wrong call there, too."""
    Path("needs.txt").write_text("--pre\n")
    refused(tfmac(command, "--requirements", "needs.txt"), 2, "--requirements needs.txt:1: --pre")
    assert os.listdir(Path.cwd()) == ["needs.txt"]


def test_a_file_that_is_not_there() -> None:
    """A wrong call; a folder is no file either."""
    refused(tfmac("plan", *MAC, "--requirements", "gone.txt"), 2, "gone.txt", "No such file")
    refused(tfmac("plan", *MAC, "--requirements", "."), 2, ". cannot be read: Is a directory")


@pytest.mark.usefixtures("wheels")
def test_a_requirements_file_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it asks for is in the environment that is made by it."""
    monkeypatch.setattr("tfmac.planner.space.needed_bytes", lambda _plan: 0)
    Path("needs.txt").write_text("tensorflow-metal; sys_platform == 'win32'\nhelper<2\n")
    wishes = ("--requirements", "needs.txt", "--python", RUNNING, "--no-gpu")
    ended = tfmac("create", tmp_path / "env", *wishes)
    assert ended.code == 0, ended.err
    assert list((tmp_path / "env").glob("lib/*/site-packages/helper-1.0.dist-info"))


class Stack(NamedTuple):
    """What a stack is known by in a plan."""

    kind: StackKind
    core: str
    gpu: bool
    built: "tuple[str, ...]" = ()
    variable: Optional[str] = None


STACKS_OF_A_MAC = (
    Stack(StackKind.TENSORFLOW_METAL, "tensorflow", gpu=True),
    Stack(StackKind.TENSORFLOW_MACOS_METAL, "tensorflow-macos", gpu=True),
    Stack(
        StackKind.TENSORFLOW_METAL_PLUGIN,
        "tensorflow",
        gpu=True,
        built=("tensorflow-metal-plugin",),
    ),
    Stack(StackKind.TENSORFLOW_CPU, "tensorflow", gpu=False),
    Stack(StackKind.TF_KERAS, "tensorflow", gpu=True, variable="TF_USE_LEGACY_KERAS=1"),
    Stack(StackKind.KERAS_TORCH, "torch", gpu=True, variable="KERAS_BACKEND=torch"),
    Stack(StackKind.KERAS_JAX, "jax", gpu=False, variable="KERAS_BACKEND=jax"),
)


@pytest.mark.parametrize("stack", STACKS_OF_A_MAC, ids=lambda one: one.kind.value)
def test_each_stack_of_a_mac(index: Path, stack: Stack) -> None:
    """The named one is planned, with what it needs besides its packages."""
    choice = api.choose(Wish(target=Target.parse("macos-15-arm64"), stack=stack.kind))
    assert isinstance(choice, Choice)
    asked = [one.partition("==") for one in choice.best.requirements if "==" in one]
    others = ("setuptools", "wheel")
    make_index(
        index,
        (
            *(Wheel(name, version) for name, _, version in asked),
            *(Wheel(name, "80.0") for name in others),
        ),
    )

    plan = planned("--stack", stack.kind.value)

    assert (plan["stack"], plan["gpu"]) == (stack.kind.value, stack.gpu)
    assert tuple(plan["built"]) == stack.built
    variables = [f"{one['name']}={one['value']}" for one in plan["variables"]]
    assert variables == ([stack.variable] if stack.variable else [])
    assert pins(plan)[stack.core] == choice.best.core.version
    cores = {"tensorflow", "tensorflow-macos", "torch", "jax"} & set(pins(plan))
    assert cores == {stack.core}


@pytest.mark.parametrize("stack", [kind.value for kind in StackKind])
def test_every_stack_can_be_named(stack: str) -> None:
    """Together with what none has, it is part of a readable answer."""
    ended = tfmac("plan", *MAC, "--stack", stack, "--python", "3.6")
    assert ended.code == 1
    assert "no plan for macos-15-arm64" in ended.out


def test_a_stack_of_another_machine() -> None:
    """CUDA is not for a Mac, and Metal for nothing else."""
    assert conflict("--stack", "tensorflow-cuda")["wishes"] == ["--stack tensorflow-cuda"]
    ended = tfmac("plan", "--for", "linux-x86_64", "--stack", "tensorflow-metal")
    assert ended.code == 1
    assert "--stack tensorflow-metal" in ended.out


def test_a_stack_that_collides_with_another_wish() -> None:
    """Both are named."""
    found = conflict("--stack", "keras-jax", "--gpu")
    assert sorted(found["wishes"]) == ["--gpu", "--stack keras-jax"]
    found = conflict("--stack", "keras-torch", "--tensorflow", "2.19")
    assert sorted(found["wishes"]) == ["--stack keras-torch", "--tensorflow 2.19"]


@pytest.mark.parametrize(
    "arguments", [("--stack", "pytorch"), ("--prefer", "oldest"), ("--profile", "modern")]
)
def test_a_word_that_is_none_of_the_choices(arguments: "tuple[str, str]") -> None:
    """The choices are told."""
    refused(tfmac("plan", *MAC, *arguments), 2, arguments[0], arguments[1])


@pytest.mark.usefixtures("wheels")
def test_the_classic_recipe() -> None:
    """Python 3.9, tensorflow-macos with the plug-in that loads into it, Keras 2."""
    plan = planned("--profile", "classic")

    assert (plan["python"], plan["stack"], plan["gpu"]) == ("3.9", "tensorflow-macos-metal", True)
    found = pins(plan)
    assert found["tensorflow-macos"] == "2.15.0"
    assert found["keras"] == "2.15.0"
    verdict = extension_abi.verdict(
        "tensorflow-metal", found["tensorflow-metal"], "tensorflow-macos", "2.15.0"
    )
    assert verdict.verdict is AbiVerdict.LOADS
    choice = api.choose(
        api.with_profile(Wish(target=Target.parse("macos-15-arm64")), "classic"),
    )
    assert isinstance(choice, Choice)
    assert choice.best.doubts == ()
    assert choice.best.plugin is not None
    assert choice.best.plugin.version == found["tensorflow-metal"]


@pytest.mark.usefixtures("wheels")
def test_the_classic_recipe_as_an_environment_of_conda() -> None:
    """Python comes from conda, everything else through pip."""
    ended = tfmac("plan", *MAC, "--profile", "classic", "-o", "environment.yml")
    assert ended.code == 0, ended.err
    lines = Path("environment.yml").read_text().splitlines()
    start = lines.index("dependencies:")
    assert [line.strip(" -\"'") for line in lines[start + 1 : start + 4]] == [
        "python=3.9",
        "pip",
        "pip:",
    ]
    through_pip = {line.strip(" -\"'") for line in lines[start + 4 :]}
    assert {"tensorflow-macos==2.15.0", "tensorflow-metal==1.2.0", "keras==2.15.0"} <= through_pip


@pytest.mark.usefixtures("wheels")
def test_what_is_wished_goes_before_the_recipe() -> None:
    """The rest of the recipe stays."""
    plan = planned("--profile", "classic", "--python", "3.10", "--tensorflow", "2.12")
    assert plan["python"] == "3.10"
    assert pins(plan)["tensorflow-macos"] == "2.12.0"
    plan = planned("--profile", "classic", "--stack", "tensorflow-metal")
    assert (plan["python"], plan["stack"]) == ("3.9", "tensorflow-metal")
    assert pins(plan)["keras"] == "2.15.0"


def test_the_recipe_cannot_be_met_where_its_packages_are_not() -> None:
    """Its parts are named as the wishes that they are."""
    ended = tfmac("plan", "--for", "linux-x86_64", "--profile", "classic")
    assert ended.code == 1
    assert "--stack tensorflow-macos-metal" in ended.out


def test_proven_versions(index: Path) -> None:
    """The newest goes unless it is wished that all was run with this TensorFlow."""
    mac = Wish(target=Target.parse("macos-15-arm64"))
    choice = api.choose(mac)
    assert isinstance(choice, Choice)
    assert choice.best.tensorflow is not None
    highest = combinations.highest_that_work(choice.best.tensorflow, choice.best.python)
    seen = highest["absl-py"]
    needed = ("absl-py", "unknown-helper")
    make_index(
        index,
        (
            Wheel("tensorflow", choice.best.tensorflow, needed),
            Wheel("tensorflow-metal", "1.2.0"),
            Wheel("absl-py", seen),
            Wheel("absl-py", "99.0"),
            Wheel("unknown-helper", "7.0"),
        ),
    )

    newest, proven = planned("--prefer", "newest"), planned("--prefer", "proven")

    assert (pins(planned())["absl-py"], pins(newest)["absl-py"]) == ("99.0", "99.0")
    assert pins(proven)["absl-py"] == seen
    assert pins(proven)["unknown-helper"] == "7.0"
    said = "held to the versions that were seen to work"
    assert said in " ".join(one["statement"] for one in proven["rationale"])
    assert said not in " ".join(one["statement"] for one in newest["rationale"])


def test_proven_versions_of_a_stack_that_was_not_run(index: Path) -> None:
    """The newest is taken, and that is said."""
    choice = api.choose(
        Wish(target=Target.parse("macos-15-arm64"), stack=StackKind.KERAS_JAX),
    )
    assert isinstance(choice, Choice)
    make_index(index, (Wheel("jax", choice.best.core.version), Wheel("keras", "3.99")))
    plan = planned("--prefer", "proven", "--stack", "keras-jax")
    assert pins(plan)["keras"] == "3.99"
    assert "was run" in " ".join(one["statement"] for one in plan["rationale"])


@pytest.mark.parametrize(
    "command", [("plan", *MAC), ("create", "env"), ("setup", "env")], ids=lambda one: one[0]
)
def test_a_model_that_is_not_there_or_none(command: "tuple[str, ...]", tmp_path: Path) -> None:
    """It is not passed over."""
    refused(tfmac(*command, "--for-model", "model.keras"), 3, "there is no model.keras")
    pointer = tmp_path / "model.h5"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    refused(tfmac(*command, "--for-model", pointer), 2, "it is no model, but git-lfs-pointer")
    assert os.listdir(Path.cwd()) == []


def test_a_model_that_has_to_load(index: Path) -> None:
    """A file of Keras 2 that Keras 3 refuses is planned with a TensorFlow of Keras 2."""
    time_major = model(
        "Sequential",
        "old",
        {
            "class_name": "LSTM",
            "config": {
                "name": "lstm",
                "units": 2,
                "time_major": False,
                "batch_input_shape": [None, 3, 4],
            },
        },
    )
    write_hdf5(Path("model.h5"), time_major)
    make_index(
        index,
        (
            Wheel("tensorflow", "2.15.1", ("numpy>=1.23", "keras<2.16,>=2.15")),
            Wheel("tensorflow-metal", "1.2.0"),
            Wheel("keras", "2.15.0"),
        ),
    )
    plan = planned("--for-model", "model.h5")
    assert pins(plan)["tensorflow"] == "2.15.1"
