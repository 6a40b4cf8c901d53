"""``tfmac plan``: the best set as a table, a document or a file, and why there is none."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from cli.console import document, refused, started, tfmac
from cli.private_index import Best, Wheel, make_index
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import Host

NOWHERE = "http://user:secret@127.0.0.1:1/simple"
MAC = ("--for", "macos-15-arm64")
OLD_MAC = ("--for", "macos-14-arm64")
MAC_WHEELS = (
    Wheel("tensorflow", "2.19.1", ("numpy>=1.26", "keras>=3.5")),
    Wheel("tensorflow-metal", "1.2.0"),
)


@pytest.fixture
def here(index: Path, best: Best) -> "tuple[str, ...]":
    """Ask for this machine and the running Python; only ``pip.conf`` knows the index."""
    assert index.is_dir()
    return ("plan", "--python", best.python, "--no-gpu")


@pytest.fixture
def mac(index: Path) -> "tuple[str, ...]":
    """Ask for a Mac; the index has its set, too."""
    make_index(index, MAC_WHEELS)
    return ("plan", *MAC)


def names(plan: "dict[str, Any]") -> "list[str]":
    return [one["name"] for one in plan["pins"]]


def test_a_table(here: "tuple[str, ...]", best: Best) -> None:
    """The set with its reasons on standard output, and nothing beside it."""
    code, out, err = tfmac(*here)

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"plan for {best.target}: tensorflow, on the CPU"
    assert f"  tensorflow  {best.tensorflow}" in lines
    assert "  numpy       1.26.4" in lines
    assert "\n  why " in out


def test_json_is_a_plan(here: "tuple[str, ...]", best: Best) -> None:
    """The JSON form holds to the schema that ships."""
    code, out, err = tfmac(*here, "--format", "json")

    assert (code, err) == (0, "")
    plan = document(out, "plan")
    assert (plan["target"], plan["python"]) == (str(best.target), best.python)
    assert names(plan) == ["keras", "numpy", "tensorflow"]
    assert plan["gpu"] is False
    assert plan["rationale"]


def test_a_plan_for_another_machine(mac: "tuple[str, ...]") -> None:
    """For a Mac: the pair that loads, and why the newest one was left."""
    plan = document(tfmac(*mac, "--format", "json").out, "plan")

    assert plan["stack"] == "tensorflow-metal"
    assert plan["gpu"] is True
    assert plan["interpreter"] is None
    assert plan["requirements"] == ["tensorflow==2.19.1", "tensorflow-metal==1.2.0"]
    assert "tensorflow-too-new-for-metal" in [one["cause"] for one in plan["rejected"]]


def test_requirements_with_hashes(here: "tuple[str, ...]", index: Path, best: Best) -> None:
    """``--emit requirements`` gives exact pins with the hashes of the index's files."""
    code, out, err = tfmac(*here, "--emit", "requirements")

    assert (code, err) == (0, "")
    assert out.startswith(f"# tensorflow for {best.target}, Python {best.python}")
    assert "\x1b" not in out
    for wheel in best.wheels:
        (path,) = (index / "files").glob(f"{wheel.name}-*")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"{wheel.name}=={wheel.version} \\\n    --hash=sha256:{digest}\n" in out


@pytest.mark.parametrize("form", [["--emit", "requirements"], ["--format", "json"], []])
def test_a_file(here: "tuple[str, ...]", tmp_path: Path, form: "list[str]") -> None:
    """``-o`` writes what would be printed, and says so beside the result."""
    path = tmp_path / "plan.out"
    printed = tfmac(*here, *form)
    assert tfmac(*here, *form, "-o", path) == (0, "", f"written to {path}\n")
    assert path.read_text(encoding="utf-8") == printed.out


def test_every_format_is_printed(mac: "tuple[str, ...]") -> None:
    """``--emit`` gives the text that ``-o`` writes into a file of the format's name."""
    names = {
        "requirements": "requirements-mac.txt",
        "constraints": "constraints.txt",
        "pylock": "pylock.mac.toml",
        "conda": "environment.yml",
        "pixi": "pixi.toml",
        "pyproject": "pyproject.toml",
    }
    for form, name in names.items():
        code, out, err = tfmac(*mac, "--emit", form)
        assert (code, err) == (0, "")
        assert out.startswith("# tensorflow-metal for macos-15-arm64, Python 3.12; made by")
        assert tfmac(*mac, "-o", name) == (0, "", f"written to {name}\n")
        assert Path(name).read_text(encoding="utf-8") == out


def test_a_lock_file_names_the_index(mac: "tuple[str, ...]", index: Path) -> None:
    """The addresses are those of the user's own index, with the hashes of its files."""
    out = tfmac(*mac, "--emit", "pylock").out
    for path in (index / "files").glob("tensorflow*-*.whl"):
        if "2.19.1" in path.name or "metal" in path.name:
            assert path.name in out
            assert hashlib.sha256(path.read_bytes()).hexdigest() in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_format_that_was_named_goes_before_the_files_name(
    mac: "tuple[str, ...]", form: str
) -> None:
    """Who says text or JSON gets it, whatever the file is called."""
    assert tfmac(*mac, "--format", form, "-o", "pylock.toml").code == 0
    assert Path("pylock.toml").read_text() == tfmac(*mac, "--format", form).out


@pytest.mark.parametrize("name", ["pyproject.toml", "pixi.toml", "environment.yml"])
def test_a_file_of_the_users_own_is_kept(mac: "tuple[str, ...]", name: str) -> None:
    """A project's main file is not replaced; one that this program made before is."""
    Path(name).write_text("# my own\n")
    ended = tfmac(*mac, "-o", name)
    refused(ended, 2, name, "not from tfmac plan", "--emit")
    assert Path(name).read_text() == "# my own\n"
    Path(name).unlink()
    assert [tfmac(*mac, "-o", name).code for _ in range(2)] == [0, 0]


def test_a_file_is_written_wholly_or_not_at_all(
    mac: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file stays until the new one is there, its permissions with it."""
    path = Path("requirements.txt")
    path.write_text("old\n")
    path.chmod(0o640)
    link = Path("constraints.txt")
    link.symlink_to(path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        refused(tfmac(*mac, "-o", path), 4, path, "No space left on device")
    assert path.read_text() == "old\n"
    assert tfmac(*mac, "-o", link).code == 0
    assert link.is_symlink()
    assert "tensorflow-metal==1.2.0 ;" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in Path().iterdir()) == ["constraints.txt", "requirements.txt"]


def test_a_device_is_written_as_it_is(mac: "tuple[str, ...]") -> None:
    """``-o /dev/null`` leaves the device what it is."""
    assert tfmac(*mac, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_file_that_cannot_be_written(here: "tuple[str, ...]", tmp_path: Path) -> None:
    """Exit code 4, with the path and the reason."""
    path = tmp_path / "no/such/folder/requirements.txt"
    ended = tfmac(*here, "--emit", "requirements", "-o", path)
    refused(ended, 4, path, "cannot be written: No such file or directory")


def test_no_plan() -> None:
    """Wishes that collide: each is named, with what is nearest, and exit code 1."""
    code, out, err = tfmac("plan", *OLD_MAC, "--gpu", "--python", "3.13")

    assert (code, err) == (1, "")
    assert out.startswith("no plan for macos-14-arm64\n")
    assert "--gpu and --python 3.13" in out
    assert "  cause     tensorflow-metal-no-wheel" in out
    assert "  nearest   without --python 3.13: " in out


def test_no_plan_as_json() -> None:
    """The JSON form holds to the schema that ships."""
    code, out, err = tfmac("plan", *OLD_MAC, "--gpu", "--python", "3.13", "--format", "json")

    assert (code, err) == (1, "")
    answer = document(out, "no-plan")
    (conflict,) = answer["conflicts"]
    assert conflict["wishes"] == ["--gpu", "--python 3.13"]
    assert conflict["cause"] == "tensorflow-metal-no-wheel"
    assert answer["nearest"].startswith("without --python 3.13: TensorFlow 2.19.1")


def test_no_plan_makes_no_file(tmp_path: Path) -> None:
    """Where there is no plan there is no file of one: the reasons are printed."""
    path = tmp_path / "requirements.txt"
    wish = ("--tensorflow", "99")
    ended = tfmac("plan", *MAC, *wish, "--emit", "requirements", "-o", path)
    assert ended.code == 1
    assert "--tensorflow 99" in ended.out
    assert not path.exists()


def test_known_packages_that_do_not_fit() -> None:
    """What collides by what is recorded is said without asking anybody, with what each allows."""
    ended = tfmac("plan", *MAC, "--tensorflow", "2.18", "--with", "numpy>=2.1", "--format", "json")
    assert ended.code == 1
    answer = document(ended.out, "no-plan")
    (conflict,) = answer["conflicts"]
    assert conflict["wishes"] == ["--tensorflow 2.18", "--with numpy>=2.1"]
    assert "TensorFlow 2.18.1" in conflict["reason"]
    assert "which requires numpy<2.1.0,>=1.26.0" in conflict["reason"]
    assert answer["nearest"].startswith("without --tensorflow 2.18: TensorFlow 2.19.1")


def test_other_packages_that_do_not_fit(here: "tuple[str, ...]", index: Path) -> None:
    """Of a package that is not recorded the resolver's own reasons are quoted; exit code 1."""
    make_index(index, (Wheel("helper", "1.5", ("numpy<1",)), Wheel("innocent", "1.0")))
    ended = tfmac(*here, "--with", "helper", "--with", "innocent", "--format", "json")
    assert ended.code == 1
    answer = document(ended.out, "no-plan")
    (conflict,) = answer["conflicts"]
    assert conflict["wishes"] == ["--with helper"]
    assert "helper" in conflict["reason"]
    assert "numpy" in conflict["reason"]
    assert conflict["cause"] == "requirement-conflict"
    assert answer["nearest"].startswith("without --with helper: ")


def test_packages_that_fit(here: "tuple[str, ...]", index: Path) -> None:
    """A package of the user's is resolved together with TensorFlow."""
    make_index(index, (Wheel("helper", "1.5", ("numpy<2",)),))
    plan = document(tfmac(*here, "--with", "helper>=1", "--format", "json").out, "plan")
    assert names(plan) == ["helper", "keras", "numpy", "tensorflow"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tensorflow", "newest"], ["--tensorflow 'newest' is not a version specifier", "2.18"]),
        (["--tensorflow", ">=2.18;"], ["--tensorflow '>=2.18;' is not"]),
        (["--keras", "three"], ["--keras 'three' is not a version specifier"]),
        (["--with", "@@"], ["--with '@@' is not a requirement"]),
        (["--with", "-r private.txt"], ["--with '-r private.txt' is not a requirement"]),
        (["--with", "--index-url=x"], ["--with '--index-url=x' is not a requirement"]),
        (["--for", "macos"], ["'macos' is not a target"]),
        (["--for", ""], ["is not a target"]),
        (["--python", "2.7"], ["'2.7' is not a Python version"]),
        (["--python", "python3"], ["'python3' is not a Python version"]),
        (["--emit", "poetry"], ["'poetry'", "pyproject"]),
        (["--emit", "requirements", "--format", "json"], ["--emit and --format json"]),
        (["--env", "."], ["--env"]),
    ],
)
def test_a_wrong_usage(arguments: "list[str]", words: "list[str]") -> None:
    """Exit code 2, and a message that says what is wrong."""
    target = [] if "--for" in arguments else MAC
    refused(tfmac("plan", *target, *arguments), 2, *words)


@pytest.mark.parametrize("offline", ["0", "1"])
def test_an_index_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, offline: str) -> None:
    """No network: exit code 4, said in the first words; no password is shown."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", NOWHERE)
    monkeypatch.setenv("UV_OFFLINE", offline)
    ended = tfmac("plan", *MAC)
    refused(ended, 4, "tfmac: the package index cannot be reached")
    assert "secret" not in ended.err


def test_a_dead_index_in_pip_conf(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for an index that only pip.conf names; no other is asked in its place."""
    path = machine / "pip.conf"
    path.write_text(f"[global]\nindex-url = {NOWHERE}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(path))
    monkeypatch.delenv("UV_OFFLINE")
    ended = tfmac("plan", *MAC)
    refused(ended, 4, "the package index cannot be reached", "127.0.0.1:1")
    assert "secret" not in ended.err


def test_a_damaged_pip_conf(
    here: "tuple[str, ...]", machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip could not read says nothing: the index that uv knows is asked."""
    path = machine / "pip.conf"
    monkeypatch.setenv("UV_DEFAULT_INDEX", path.read_text().split()[-1])
    path.write_text("index-url without a section\n\x00")
    assert tfmac(*here).code == 0


def test_a_machine_that_tensorflow_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a target there is nothing to plan for; with one this machine does not matter."""
    unknown = Unknown(reason="test")
    host = Host(**dict.fromkeys(Host.__struct_fields__, unknown))
    monkeypatch.setattr("tfmac.observe.host.observe_host", lambda: host)
    refused(tfmac("plan"), 3, "TensorFlow has no wheels for; name another with --for")
    assert tfmac("plan", *MAC, "--tensorflow", "99").code == 1


def test_a_machine_without_any_wheel() -> None:
    """A Mac that is too old for every wheel is no crash."""
    ended = tfmac("plan", "--for", "macos-10-arm64", "--format", "json")
    assert ended.code == 1
    (conflict,) = document(ended.out, "no-plan")["conflicts"]
    assert conflict["wishes"] == ["--for macos-10-arm64"]


def test_without_uv(here: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch) -> None:
    """Only uv resolves for another machine: without it that is said, with exit code 4."""
    assert here
    monkeypatch.setattr("tfmac.environments.uv.find_uv", lambda *_given, **_named: None)
    refused(tfmac("plan", *MAC), 4, "no uv can be run")


def test_in_a_process_of_its_own(here: "tuple[str, ...]") -> None:
    """The same plan, as a shell sees it."""
    assert started(*here) == tfmac(*here)
    assert started("plan", *MAC, "--tensorflow", "99").code == 1
