"""Plans as files for other tools, held against files and against those tools' own readers.

``TFMAC_UPDATE_GOLDENS=1 pytest tests/planner`` writes the files anew; look at the difference then.
"""

import ast
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.requirements import Requirement

from builders.toml import read_toml
from tfmac.planner.emit import FORMATS, format_of_file
from tfmac.planner.emit.pins import is_heading
from tfmac.planner.emit.quoting import comment, toml_string, yaml_string
from tfmac.planner.resolver import ResolutionFailed
from tfmac.schema.plans import Pin, Plan, StackKind, Variable
from tfmac.schema.platform import Target

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "plan-files"
FILES = "https://index.example/files"
# One package as uv writes it.
ARTIFACTS = f"""[[packages]]
name = "keras"
version = "3.8.0"
sdist = {{ url = "{FILES}/keras-3.8.0.tar.gz", size = 9, hashes = {{ sha256 = "{"a" * 64}" }} }}
wheels = [{{ url = "{FILES}/keras-3.8.0-py3-none-any.whl", hashes = {{ sha256 = "{"b" * 64}" }} }}]
"""
PINS = (
    Pin(name="keras", version="3.8.0", hashes=("sha256:aa", "sha256:bb")),
    Pin(name="tensorflow", version="2.19.1", hashes=("sha256:cc",)),
    Pin(name="tensorflow-metal", version="1.2.0", hashes=("sha256:dd",)),
)
METAL = Plan(
    target=Target.parse("macos-14-arm64"),
    python="3.12",
    stack=StackKind.TENSORFLOW_METAL,
    gpu=True,
    requirements=("tensorflow==2.19.1", "tensorflow-metal==1.2.0", "keras<3.9"),
    pins=PINS,
    rationale=(),
    rejected=(),
    artifacts=ARTIFACTS,
)
MAC = {"sys_platform": "darwin", "platform_machine": "arm64"}
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64"}


def written(plan: Plan, form: str) -> str:
    return FORMATS[form].write(plan)


def pinned(*pins: Pin) -> Plan:
    return replace(METAL, pins=pins)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_looks_as_it_did(form: str) -> None:
    """The text is that of the file, so that a change is seen and meant."""
    path = GOLDEN / f"{form}.golden"
    text = written(METAL, form)
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_golden_belongs_to_a_format() -> None:
    """A format that is gone takes its file with it."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_the_first_line_says_what_it_is_for(form: str) -> None:
    """Every format has comments, and the first says stack, machine, Python and maker."""
    first = written(METAL, form).splitlines()[0]
    assert first == "# tensorflow-metal for macos-14-arm64, Python 3.12; made by tfmac plan"
    assert is_heading(f"{first}\n")
    assert not is_heading("# my own project\n")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("requirements.txt", "requirements"),
        ("requirements-mac.txt", "requirements"),
        ("constraints.txt", "constraints"),
        ("constraints_gpu.txt", "constraints"),
        ("pylock.toml", "pylock"),
        ("pylock.mac.toml", "pylock"),
        ("environment.yml", "conda"),
        ("environment-mac.yaml", "conda"),
        ("pixi.toml", "pixi"),
        ("pyproject.toml", "pyproject"),
        ("plan.json", None),
        ("plan.txt", None),
        ("my-requirements.txt", None),
        ("requirements.in", None),
        ("pylock.a.b.toml", None),
        ("pylock..toml", None),
        ("environment.yml.bak", None),
        ("", None),
    ],
)
def test_a_files_name_says_its_format(name: str, form: "str | None") -> None:
    """The names are those by which the other tools know their files."""
    assert format_of_file(name) == form


def test_requirements_are_exact_pins() -> None:
    """Each hash has a line of its own, continued as pip and uv read it; without any, none."""
    assert written(pinned(PINS[0]), "requirements").partition("\n")[2] == (
        "keras==3.8.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )
    bare = written(pinned(Pin(name="keras", version="3.8.0")), "requirements")
    assert bare.splitlines()[1:] == ["keras==3.8.0"]


def test_conda_installs_the_pins_with_pip() -> None:
    """A block of YAML with quoted scalars alone: Python and pip from conda-forge, pins below."""
    lines = written(METAL, "conda").splitlines()[1:]
    shape = re.compile(r'(name: |  - |      - )"[^"\\]*"|(channels|dependencies|  - pip):')
    assert [line for line in lines if not shape.fullmatch(line)] == []
    assert lines.index("  - pip:") == lines.index('  - "pip"') + 1
    assert [line.strip(' -"') for line in lines if line.startswith("      ")] == [
        str(pin) for pin in PINS
    ]


def test_pixi_names_the_machine() -> None:
    """The platform, the macOS and the Python are the plan's, the pins exact."""
    workspace = read_toml(written(METAL, "pixi"))
    assert workspace["workspace"]["platforms"] == ["osx-arm64"]
    assert workspace["system-requirements"] == {"macos": "14.0"}
    assert workspace["dependencies"] == {"python": "3.12.*"}
    assert workspace["pypi-dependencies"] == {pin.name: f"=={pin.version}" for pin in PINS}
    linux = read_toml(written(replace(METAL, target=Target.parse("linux-aarch64")), "pixi"))
    assert linux["workspace"]["platforms"] == ["linux-aarch64"]
    assert "system-requirements" not in linux


def test_a_lock_file_is_one_by_the_standard() -> None:
    """``packaging.pylock`` accepts it; it is for the plan's machine and Python only."""
    pylock = pytest.importorskip("packaging.pylock", reason="packaging 26 reads lock files")
    lock = pylock.Pylock.from_dict(read_toml(written(METAL, "pylock")))
    lock.validate()
    assert [package.name for package in lock.packages] == ["keras"]
    assert lock.requires_python.contains("3.12.4")
    assert not lock.requires_python.contains("3.13.0")
    (environment,) = lock.environments
    assert environment.evaluate(MAC)
    assert not environment.evaluate(LINUX)


def test_a_lock_file_needs_the_artifacts() -> None:
    """A plan that was not asked for its files is never locked without them."""
    with pytest.raises(ValueError, match="artifacts"):
        written(replace(METAL, artifacts=None), "pylock")


VARIABLES = (Variable(name="KERAS_BACKEND", value="torch"), Variable(name="ODD", value='"\\#'))
SET = replace(METAL, variables=VARIABLES, built=("tensorflow-metal",))


def test_conda_and_pixi_set_the_variables() -> None:
    """Both have a place of their own for them; without any the place is not there."""
    assert written(SET, "conda").endswith('  "KERAS_BACKEND": "torch"\n  "ODD": "\\"\\\\#"\n')
    assert written(SET, "conda").splitlines().count("variables:") == 1
    assert read_toml(written(SET, "pixi"))["activation"] == {
        "env": {"KERAS_BACKEND": "torch", "ODD": '"\\#'}
    }
    for form in ("conda", "pixi"):
        assert "KERAS" not in written(METAL, form)
        assert "variables" not in written(METAL, form)
        assert "activation" not in written(METAL, form)


@pytest.mark.parametrize("form", ["requirements", "pylock", "pyproject"])
def test_other_formats_say_the_variables(form: str) -> None:
    """Where nothing can set them, comments below the first line say what has to be set."""
    assert written(SET, form).splitlines()[1:4] == [
        "# tensorflow-metal is built against the others",
        "# KERAS_BACKEND=torch has to be set",
        '# ODD="\\# has to be set',
    ]
    without = replace(SET, variables=(), built=())
    assert written(SET, form).splitlines()[4:] == written(without, form).splitlines()[1:]


@pytest.mark.parametrize("form", ["conda", "pixi"])
def test_what_is_built_is_said(form: str) -> None:
    """An installer that builds it apart from the others makes something else of it."""
    assert written(SET, form).splitlines()[1] == "# tensorflow-metal is built against the others"


def dependencies(plan: Plan, where: "dict[str, str]") -> "set[str]":
    """What a project asks for on a machine."""
    wanted = map(Requirement, read_toml(written(plan, "pyproject"))["project"]["dependencies"])
    return {
        f"{one.name}{one.specifier}"
        for one in wanted
        if one.marker is None or one.marker.evaluate(where)
    }


def test_one_project_serves_macs_and_linux() -> None:
    """The plug-in is asked for on ARM Macs alone, the rest everywhere."""
    everywhere = {"tensorflow==2.19.1", "keras<3.9"}
    assert dependencies(METAL, MAC) == {*everywhere, "tensorflow-metal==1.2.0"}
    assert dependencies(METAL, LINUX) == everywhere
    assert dependencies(METAL, {**MAC, "platform_machine": "x86_64"}) == everywhere
    project = read_toml(written(METAL, "pyproject"))
    assert project["project"]["requires-python"] == "==3.12.*"
    assert len(project["tool"]["uv"]["environments"]) == 3


def test_tensorflow_has_the_name_of_each_machine() -> None:
    """``tensorflow-macos`` on ARM Macs is ``tensorflow`` of the same version on Linux."""
    pins = (
        Pin(name="tensorflow-macos", version="2.12.0"),
        Pin(name="tensorflow-metal", version="0.8.0"),
    )
    requirements = tuple(map(str, pins))
    plan = replace(METAL, python="3.10", pins=pins, requirements=requirements)
    assert dependencies(plan, MAC) == set(requirements)
    assert dependencies(plan, LINUX) == {"tensorflow==2.12.0"}


def test_a_plan_of_linux_serves_macs_too() -> None:
    """NVIDIA's libraries stay on Linux; the newest TensorFlow takes no plug-in on a Mac."""
    plan = replace(
        METAL,
        target=Target.parse("linux-x86_64"),
        stack=StackKind.TENSORFLOW_CUDA,
        requirements=("tensorflow[and-cuda]==2.21.0",),
        pins=(Pin(name="tensorflow", version="2.21.0"),),
    )
    assert dependencies(plan, MAC) == dependencies(plan, LINUX) == {"tensorflow==2.21.0"}
    text = written(plan, "pyproject")
    assert "\"tensorflow[and-cuda]==2.21.0 ; sys_platform == 'linux' and" in text
    assert '"tensorflow-metal<0 ; ' in text


def test_a_project_has_the_constraints() -> None:
    """Both formats say the same about what metadata lacks."""
    lines = written(METAL, "constraints").splitlines()
    stated = [line for line in lines if not line.startswith("#")]
    assert read_toml(written(METAL, "pyproject"))["tool"]["uv"]["constraint-dependencies"] == stated
    assert len(stated) == 3


@pytest.mark.parametrize(
    "pin",
    [
        Pin(name="keras\n--index-url https://index.example", version="3"),
        Pin(name="keras @ https://index.example/keras.whl #", version="3"),
        Pin(name="keras[extra]", version="3"),
        Pin(name="keras", version="3\n--pre"),
        Pin(name="keras", version="3,<4"),
        Pin(name="keras", version="3.*"),
        Pin(name="keras", version="3 ; python_version > '3'"),
        Pin(name="", version="3"),
        Pin(name="keras", version=""),
        Pin(name="keras", version="3", hashes=("sha256:aa --pre",)),
    ],
)
@pytest.mark.parametrize("form", ["requirements", "conda", "pixi"])
def test_a_pin_that_reads_as_something_else_is_refused(form: str, pin: Pin) -> None:
    """Names and versions come from an index; where nothing quotes them they are checked."""
    with pytest.raises(ResolutionFailed, match="not the name and the version"):
        written(pinned(pin), form)


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_quoted_text_is_read_back(text: str) -> None:
    """The escapes in use are those that TOML, YAML and Python share."""
    assert ast.literal_eval(yaml_string(text)) == text
    assert re.fullmatch(
        r'"([ !#-\[\]-~]|\\["\\]|\\u[0-9A-F]{4}|\\U[0-9A-F]{8})*"', yaml_string(text)
    )
    assert ast.literal_eval(toml_string(text)) == text
    assert read_toml(f"key = {toml_string(text)}") == {"key": text}


@given(TEXTS)
def test_a_comment_is_one_line(text: str) -> None:
    """No text gets out of its comment."""
    assert comment(text).splitlines() == [comment(text)]
    assert read_toml(f"{comment(text)}\nkey = 1") == {"key": 1}


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"([1-9]!)?[1-9][0-9]?(\.[1-9]?[0-9]){0,3}((a|b|rc)[1-9])?(\.post[1-9])?(\.dev[1-9])?(\+[a-z]{1,3})?",
    fullmatch=True,
)


@given(st.dictionaries(NAMES, VERSIONS, max_size=5))
def test_pins_are_read_back(versions: "dict[str, str]") -> None:
    """What a format's reader finds is what the plan pins, whatever names and versions."""
    plan = pinned(*(Pin(name=name, version=version) for name, version in versions.items()))
    lines = written(plan, "requirements").splitlines()[1:]
    assert lines == [f"{name}=={version}" for name, version in versions.items()]
    found = read_toml(written(plan, "pixi"))["pypi-dependencies"]
    assert found == {name: f"=={version}" for name, version in versions.items()}


@pytest.mark.parametrize("value", ['"', "a\\b", "\u00e9", "#", "]", "\\u0041", "\t"])
def test_a_requirement_of_the_users_is_read_back(value: str) -> None:
    """Whatever its marker holds, a project's file says the same."""
    quote = "'" if '"' in value else '"'
    asked = f"helper ; platform_version == {quote}{value}{quote}"
    assert Requirement(asked).marker is not None
    plan = replace(METAL, requirements=(*METAL.requirements, asked))
    assert read_toml(written(plan, "pyproject"))["project"]["dependencies"][-1] == asked
