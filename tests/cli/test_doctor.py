"""``tfmac doctor``: what it looks at, what it says, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from builders import trees
from builders.facts import facts, mac, tensorflow
from cli.console import ENTRY, command, document, refused, started, tfmac, wait_for
from tfmac.checks import registry
from tfmac.checks.registry import CHECKS
from tfmac.schema.codec import to_json
from tfmac.schema.facts import ShadowingModule

MAC = ("--for", "macos-14-arm64", "--python-version", "3.12")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An unpacked environment of a Mac, in which the plug-in loads."""
    site = tmp_path / "tree"
    trees.tensorflow(site)
    trees.metal(site)
    return site


@pytest.fixture
def shadowed(tmp_path: Path) -> Path:
    """Saved facts with an error: a module of the user's hides Keras."""
    keras = ShadowingModule(
        name="tensorflow", path="/Users/jane/w/tensorflow.py", distribution="tensorflow"
    )
    return saved(tmp_path, facts(tensorflow("2.20.0"), python="3.13.1", shadowing=[keras]))


def saved(folder: Path, document: msgspec.Struct) -> Path:
    path = folder / "facts.json"
    path.write_text(to_json(document), encoding="utf-8")
    return path


def causes(diagnosis: "dict[str, Any]") -> "list[str]":
    return [one["cause"] for one in diagnosis["findings"]]


def test_a_sound_environment(tree: Path) -> None:
    """Nothing is found: exit code 0, the result on standard output, nothing beside it."""
    code, out, err = tfmac("doctor", "--site-packages", tree, *MAC)

    assert (code, err) == (0, "")
    assert "tensorflow 2.19.1 + tensorflow-metal 1.2.0" in out
    assert "0 errors, 0 warnings, 0 notes" in out


def test_json_is_a_diagnosis(tree: Path) -> None:
    """The JSON form holds to the schema that ships."""
    code, out, err = tfmac("doctor", "--site-packages", tree, *MAC, "--format", "json")

    assert (code, err) == (0, "")
    assert document(out, "diagnosis")["tensorflow"]["state"] == "gpu-unproved"


@pytest.mark.parametrize("form", ["text", "json"])
def test_facts_give_the_same_findings(tree: Path, tmp_path: Path, form: str) -> None:
    """What ``facts`` writes is judged as the machine itself is, byte for byte."""
    broken = tree / trees.PLUGIN_FILE
    broken.write_bytes(trees.plugin_library(b"_TF_Old", b"_TF_Gone"))
    looking = ("--site-packages", tree, *MAC)
    written = tmp_path / "facts.json"
    assert tfmac("facts", *looking, "-o", written) == (0, "", "")

    live = tfmac("doctor", *looking, "--format", form)
    judged = tfmac("doctor", "--facts", written, "--format", form)

    assert live.code == 1
    assert judged == live


def test_facts_of_a_running_environment_give_the_same_findings(tmp_path: Path) -> None:
    """Host, variables and the modules of the working directory are in the facts, too."""
    root = trees.running_environment(tmp_path / "env", tensorflow="")
    Path("tensorflow.py").write_text("")
    written = tmp_path / "facts.json"
    assert tfmac("facts", "--env", root, "-o", written).code == 0

    live = tfmac("doctor", "--env", root, "--format", "json")

    assert "source-folder-shadows-package" in causes(json.loads(live.out))
    assert tfmac("doctor", "--facts", written, "--format", "json") == live


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses such names")
def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    """A byte that no text can hold is written out, from the machine and from its facts."""
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    path, written = os.fsdecode(folder), tmp_path / "facts.json"
    assert tfmac("facts", "--site-packages", path, "-o", written).code == 0

    for form in ("text", "json"):
        live = tfmac("doctor", "--site-packages", path, "--format", form)
        assert live.code == 1
        assert r"caf\xe9" in live.out.replace("\\\\", "\\")
        assert tfmac("doctor", "--facts", written, "--format", form) == live
    refused(tfmac("doctor", "--env", path), 3, r"caf\xe9", "no site-packages")


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 1), ("warning", 1), ("note", 1), ("never", 0)]
)
def test_an_error_fails_unless_nothing_does(shadowed: Path, fail_on: str, code: int) -> None:
    """``--fail-on`` names the least severity that ends with exit code 1."""
    ended = tfmac("doctor", "--facts", shadowed, "--fail-on", fail_on)
    assert (ended.code, ended.err) == (code, "")
    assert "error: " in ended.out


@pytest.mark.parametrize(
    ("fail_on", "code"), [("error", 0), ("warning", 0), ("note", 1), ("never", 0)]
)
def test_a_note_fails_only_when_asked(tmp_path: Path, fail_on: str, code: int) -> None:
    """A note is shown, and by default changes nothing."""
    path = saved(tmp_path, facts(tensorflow("2.20.0"), python="3.13.1"))
    ended = tfmac("doctor", "--facts", path, "--fail-on", fail_on)
    assert ended.code == code
    assert "note: " in ended.out


def test_the_wish_for_the_gpu(tmp_path: Path) -> None:
    """Its lack is an error when it is wished, a note without a wish, nothing when unwanted."""
    path = saved(tmp_path, facts(tensorflow("2.20.0"), python="3.13.1"))

    wished = tfmac("doctor", "--facts", path, "--gpu", "--format", "json")
    unwanted = tfmac("doctor", "--facts", path, "--no-gpu", "--format", "json")

    assert wished.code == 1
    assert "tensorflow-metal-no-wheel" in causes(document(wished.out, "diagnosis"))
    assert causes(document(unwanted.out, "diagnosis")) == []


def test_a_mac_with_a_third_number(tmp_path: Path) -> None:
    """MacOS 15.1.1 is as good as 15.1: no check crashes on it."""
    path = saved(tmp_path, facts(tensorflow("2.19.1"), host=mac("15.1.1")))
    ended = tfmac("doctor", "--facts", path, "--gpu", "--format", "json")
    assert ended.code == 1
    outcomes = document(ended.out, "diagnosis")["outcomes"]
    assert "crashed" not in [one["outcome"] for one in outcomes]


def test_absent_tensorflow_is_a_no(tmp_path: Path) -> None:
    """There is nothing wrong with an empty environment, and TensorFlow cannot be used in it."""
    ended = tfmac("doctor", "--facts", saved(tmp_path, facts()))
    assert ended.code == 1
    assert "TensorFlow is not installed" in ended.out


@pytest.mark.parametrize("name", ["source-folder-shadows-package", "shadowing"])
def test_only_a_cause_or_a_family(shadowed: Path, name: str) -> None:
    """Only those checks run, by the name of a cause or of a family."""
    ended = tfmac("doctor", "--facts", shadowed, "--only", name, "--format", "json")
    diagnosis = document(ended.out, "diagnosis")
    assert ended.code == 1
    assert causes(diagnosis) == ["source-folder-shadows-package"]
    assert [one["check"] for one in diagnosis["outcomes"]] == ["shadowed-packages"]


@pytest.mark.parametrize("name", ["source-folder-shadows-package", "shadowing"])
def test_all_but_a_cause_or_a_family(shadowed: Path, name: str) -> None:
    """The work is left out, and with it the exit code of its findings."""
    ended = tfmac("doctor", "--facts", shadowed, "--skip", name, "--format", "json")
    diagnosis = document(ended.out, "diagnosis")
    assert ended.code == 0
    assert causes(diagnosis) == ["metal-plugin-not-installed"]
    assert "shadowed-packages" not in [one["check"] for one in diagnosis["outcomes"]]


def test_what_is_not_asked_for_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--only`` saves the work: a part that no check needs is not read."""
    root = trees.running_environment(tmp_path / "env", tensorflow="")

    def look(*_arguments: object) -> None:
        raise AssertionError("files were compared")

    monkeypatch.setattr("tfmac.observe.observation.compare_files", look)
    ended = tfmac("doctor", "--env", root, "--only", "requirements", "--format", "json")
    assert ended.code == 0
    outcomes = {one["outcome"] for one in document(ended.out, "diagnosis")["outcomes"]}
    assert outcomes <= {"ran", "not-applicable"}


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_a_name_that_is_neither(shadowed: Path, option: str) -> None:
    """A misspelt selection is a usage error that says where the names are."""
    ended = tfmac("doctor", "--facts", shadowed, option, "shadowin")
    refused(ended, 2, "'shadowin' is neither", "tfmac doctor --list")


def test_the_list_of_checks() -> None:
    """``--list`` shows every check with its family and causes, and looks at nothing."""
    ended = tfmac("doctor", "--list", "--env", "nowhere")
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    assert [line[:2] for line in lines] == [[one.family, one.name] for one in CHECKS]
    for line, check in zip(lines, CHECKS):
        assert " ".join(line[2:]) == ", ".join(check.causes)


def test_the_list_of_checks_as_json() -> None:
    """The JSON form holds to the schema that ships and names the same checks."""
    ended = tfmac("doctor", "--list", "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    listed = document(ended.out, "checks")["checks"]
    assert [one["check"] for one in listed] == [one.name for one in CHECKS]


@pytest.mark.parametrize("form", ["text", "json"])
def test_shared_output_holds_no_home(shadowed: Path, form: str) -> None:
    """``--share`` takes the user's name out of every path."""
    assert "jane" in tfmac("doctor", "--facts", shadowed, "--format", form).out
    ended = tfmac("doctor", "--facts", shadowed, "--share", "--format", form)
    assert "jane" not in ended.out
    assert "~/w/tensorflow.py" in ended.out
    assert ended.code == 1


def test_a_home_in_an_unusual_place_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home folder of this user counts wherever it is."""
    home = tmp_path / "accounts" / "jane"
    root = trees.running_environment(home / "env", tensorflow="")
    monkeypatch.setenv("HOME", str(home))
    ended = tfmac("doctor", "--env", root, "--share", "--format", "json")
    assert "jane" not in ended.out
    assert document(ended.out, "diagnosis")["environment"]["root"] == "~/env"


@pytest.mark.parametrize("option", ["--env", "--site-packages", "--python", "--facts", "--cwd"])
def test_a_path_that_does_not_exist(option: str) -> None:
    """There is nothing to inspect: exit code 3, and the path in the message."""
    refused(tfmac("doctor", option, "no/such/place"), 3, "no/such/place")


def test_a_folder_without_an_environment() -> None:
    """A folder is not an environment because it is there."""
    refused(tfmac("doctor", "--env", "."), 3, "holds no Python environment")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no JSON", "is not a Facts document: JSON is malformed"),
        ("", "is not a Facts document"),
        ("[]", "Expected `object`, got `array`"),
        ('{"schema_version": 1}', "missing required field"),
        ('{"schema_version": 99}', "has schema_version 99; this tfmac reads up to 1"),
        ('{"schema_version": "1"}', "$.schema_version"),
        ("[" * 100_000, "facts.json"),
    ],
)
def test_a_file_that_holds_no_facts(tmp_path: Path, text: str, words: str) -> None:
    """What is no facts document is named as such, with the reason."""
    path = tmp_path / "facts.json"
    path.write_text(text)
    refused(tfmac("doctor", "--facts", path), 2, path, words)


def test_a_binary_file_holds_no_facts(tmp_path: Path) -> None:
    """Bytes that are no text are no facts either."""
    path = tmp_path / "facts.json"
    path.write_bytes(b"\xff\xfe\x00{")
    refused(tfmac("doctor", "--facts", path), 2, path, "is not a Facts document")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--for", "amiga-68k"], ["--for", "'amiga-68k' is not a target", "macos-14-arm64"]),
        (["--python-version", "3.12"], ["--python-version goes with --site-packages"]),
        (["--site-packages", ".", "--python-version", "4"], ["not a Python version", "3.12"]),
        (["--site-packages", ".", "--python-version", "3.x"], ["not a Python version"]),
        (["--env", ".", "--python", "python3"], ["only one of --python, --env"]),
        (["--env", ".", "--site-packages", "."], ["only one of"]),
        (["--python", "python3", "--site-packages", "."], ["only one of"]),
        (["--facts", "f.json", "--env", "."], ["--facts already says"]),
        (["--facts", "f.json", "--for", "linux-x86_64"], ["--facts already says"]),
        (["--deep", "--site-packages", "."], ["--deep needs an environment of this machine"]),
        (["--fail-on", "panic"], ["'panic'"]),
        (["--format", "yaml"], ["'yaml'"]),
        (["--deep", "--time-limit", "0"], ["--time-limit"]),
        (["extra"], ["extra"]),
    ],
)
def test_a_wrong_usage(arguments: "list[str]", words: "list[str]") -> None:
    """Exit code 2, and a message that says what is wrong."""
    refused(tfmac("doctor", *arguments), 2, *words)


def test_a_distribution_without_metadata(tree: Path) -> None:
    """It is named, and the others are judged all the same."""
    (tree / "broken-1.0.dist-info").mkdir()
    ended = tfmac("doctor", "--site-packages", tree, *MAC, "--format", "json")
    assert ended.code == 0
    (finding,) = document(ended.out, "diagnosis")["findings"]
    assert (finding["cause"], finding["severity"]) == ("distribution-metadata-damaged", "warning")
    assert "broken-1.0.dist-info" in finding["message"]
    assert tfmac("doctor", "--site-packages", tree, *MAC, "--fail-on", "warning").code == 1


def test_metadata_in_a_wrong_encoding(tree: Path) -> None:
    """Headers that are not UTF-8 are damage; an old description below them is none."""
    header = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n{}\n\nText by Jürgen.\n"
    for name, author in (("wrong", "Author: Jürgen"), ("right", "Author: J")):
        folder = tree / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_bytes(header.format(name, author).encode("latin-1"))
    ended = tfmac("doctor", "--site-packages", tree, *MAC, "--format", "json")
    (finding,) = document(ended.out, "diagnosis")["findings"]
    assert "wrong-1.0.dist-info" in finding["message"]
    assert "not UTF-8 (byte" in finding["message"]


@pytest.mark.parametrize("kept", [0, 3, 30, 200])
def test_a_truncated_plugin(tree: Path, kept: int) -> None:
    """A library that ends too early is named; the facts hold where; nothing crashes on it."""
    library = tree / trees.PLUGIN_FILE
    library.write_bytes(library.read_bytes()[:kept])
    looking = ("--site-packages", tree, *MAC)
    ended = tfmac("doctor", *looking, "--format", "json")
    diagnosis = document(ended.out, "diagnosis")
    assert ended.code in {0, 1}
    assert "crashed" not in [one["outcome"] for one in diagnosis["outcomes"]]
    assert any("libmetal_plugin.dylib" in str(one["evidence"]) for one in diagnosis["findings"])
    (plugin,) = document(tfmac("facts", *looking).out, "facts")["plugins"]["value"]
    reason = plugin["binding"]["reason"]
    assert "file ends too early" in reason or f"{library} cannot be read" in reason
    assert kept < 4 or "at byte" in reason


def test_a_file_that_is_no_interpreter(tmp_path: Path) -> None:
    """A text with the x bit: why it cannot run, and exit code 3."""
    path = trees.write(tmp_path / "bin/python", "just text\n")
    path.chmod(0o755)
    refused(tfmac("doctor", "--python", path), 3, path, "cannot run", "Exec format error")
    path.chmod(0o644)
    refused(tfmac("doctor", "--python", path), 3, path, "cannot run", "Permission denied")


def test_a_program_that_is_no_interpreter(tmp_path: Path) -> None:
    """A program that answers something else is no Python."""
    path = trees.write(tmp_path / "bin/python", "#!/bin/sh\necho hello\nexit 3\n")
    path.chmod(0o755)
    refused(tfmac("doctor", "--python", path), 3, path, "exit status 3, no answer")


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    """Outside of an environment there is nothing to inspect; inside it is what is wrong."""
    alone = trees.link(tmp_path / "python", tmp_path / "gone/python3.12")
    refused(tfmac("doctor", "--python", alone), 3, alone, "cannot run")

    trees.virtual_environment(tmp_path / "env", tmp_path / "gone/python3.12")
    for option, path in (("--env", "env"), ("--python", "env/bin/python")):
        ended = tfmac("doctor", option, tmp_path / path, "--format", "json")
        assert ended.code == 1
        assert causes(document(ended.out, "diagnosis")) == ["interpreter-cannot-run"]


def test_an_import_that_raises(tmp_path: Path) -> None:
    """``--deep`` says how the import dies, and an import that dies is a no."""
    root = trees.running_environment(
        tmp_path / "env", tensorflow="raise ImportError('no such symbol')"
    )
    ended = tfmac("doctor", "--env", root, "--deep", "--format", "json", "--cwd", root)
    diagnosis = document(ended.out, "diagnosis")
    assert diagnosis["tensorflow"]["state"] == "cannot-load"
    assert diagnosis["probe"]["death"]["kind"] == "exception"
    assert "no such symbol" in diagnosis["probe"]["death"]["detail"]
    assert ended.code == 1
    assert ended.err == "using it in a child process ...\n"


def test_an_import_that_is_killed(tmp_path: Path) -> None:
    """A signal is named, in words."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    root = trees.running_environment(tmp_path / "env", tensorflow=code)
    ended = tfmac("doctor", "--env", root, "--deep")
    assert ended.code == 1
    assert "in stage import, by a signal: SIGILL" in ended.out
    assert "cannot load" in ended.out
    assert tfmac("doctor", "--env", root, "--deep", "--fail-on", "never").code == 0


def test_an_import_that_hangs(tmp_path: Path) -> None:
    """The time limit ends it."""
    root = trees.running_environment(tmp_path / "env", tensorflow="import time; time.sleep(600)")
    ended = tfmac("doctor", "--env", root, "--deep", "--time-limit", "1", "--format", "json")
    diagnosis = document(ended.out, "diagnosis")
    assert diagnosis["probe"]["death"]["kind"] == "hang"
    assert diagnosis["tensorflow"]["state"] == "cannot-load"
    assert ended.code == 1


def test_a_death_after_the_import(tmp_path: Path) -> None:
    """A TensorFlow that loads and cannot be used is a no as well."""
    root = trees.running_environment(
        tmp_path / "env", tensorflow="__version__, config = '2.20.0', None"
    )
    ended = tfmac("doctor", "--env", root, "--deep", "--format", "json")
    diagnosis = document(ended.out, "diagnosis")
    assert diagnosis["probe"]["death"]["stage"] == "devices"
    assert diagnosis["findings"] == []
    assert ended.code == 1


def test_a_check_that_crashes(shadowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' findings are printed, the crash is told, and the exit code is 4."""

    def crash(_case: object) -> "list[object]":
        raise KeyError("a defect")

    broken = msgspec.structs.replace(CHECKS[0], find=crash)
    monkeypatch.setattr(registry, "CHECKS", (broken, *CHECKS[1:]))
    ended = tfmac("doctor", "--facts", shadowed)
    assert ended.code == 4
    assert "source-folder-shadows-package" in ended.out
    assert f"crashed   {broken.name}: KeyError: 'a defect'" in ended.out


def test_a_crash_of_the_program(shadowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect ends with one clear message and exit code 4; the traceback is there on request."""

    def crash(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("tfmac.api.diagnose", crash)
    ended = tfmac("doctor", "--facts", shadowed)
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("tfmac crashed: RuntimeError: boom\n")
    monkeypatch.setenv("TFMAC_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="boom"):
        tfmac("doctor", "--facts", shadowed)


def test_the_environment_that_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an option: the activated one, else one in the working directory, else python3."""
    here = trees.running_environment(Path.cwd() / ".venv", tensorflow="")
    active = trees.running_environment(tmp_path / "active", tensorflow="")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "elsewhere"))
    assert document(tfmac("doctor", "--format", "json").out, "diagnosis")["environment"][
        "root"
    ] == str(here)
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    diagnosis = document(tfmac("doctor", "--format", "json").out, "diagnosis")
    assert diagnosis["environment"]["root"] == str(active)
    assert diagnosis["environment"]["chosen_because"] == "VIRTUAL_ENV names it"


def test_no_environment_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an environment and without python3 there is nothing to inspect."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(tfmac("doctor"), 3, "no environment is active")


def test_colour_is_for_terminals_and_can_be_refused(
    shadowed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colour is never needed to understand: without it the text is the same."""
    plain = tfmac("doctor", "--facts", shadowed).out
    coloured = tfmac("doctor", "--facts", shadowed, terminal=True).out
    monkeypatch.setenv("NO_COLOR", "1")
    refused_colour = tfmac("doctor", "--facts", shadowed, terminal=True).out
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert refused_colour == plain == click.unstyle(coloured)


def test_the_width_of_the_terminal(shadowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines fit a narrow terminal where words allow it, and stay readable on a wide one."""
    lines = {}
    for columns in (60, 110, 500):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines[columns] = tfmac("doctor", "--facts", shadowed).out.splitlines()
    # A finding's first line is one message, and long names are not broken: both can be copied.
    assert all(len(line) <= 60 for line in lines[60] if line.startswith("  ") and "/" not in line)
    assert len(lines[60]) > len(lines[110])
    assert lines[500] == lines[110]


def test_in_a_process_of_its_own(shadowed: Path, tree: Path) -> None:
    """Exit codes and streams as a shell sees them."""
    assert started("doctor", "--site-packages", tree, *MAC).code == 0
    failing = started("doctor", "--facts", shadowed)
    assert (failing.code, failing.err) == (1, "")
    refused(started("doctor", "--facts", shadowed, "--env", "."), 2, "Usage:")
    refused(started("doctor", "--env", "nowhere"), 3, "nowhere")


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("never", 0)])
def test_a_reader_that_goes_away(shadowed: Path, fail_on: str, code: int) -> None:
    """``tfmac doctor | head -1``: nothing is said of it, and the answer stays what it is."""
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        command("doctor", "--facts", shadowed, "--fail-on", fail_on),
        stdout=writing,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(writing)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == code


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_output_that_cannot_be_written(shadowed: Path) -> None:
    """A full disk behind a redirection is said, and is no defect of the program."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        end = subprocess.run(
            command("doctor", "--facts", shadowed),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert end.returncode == 4
    assert end.stderr == b"tfmac: the result cannot be written: No space left on device\n"


def test_ctrl_c_while_tensorflow_is_imported(tmp_path: Path) -> None:
    """The child ends, too; exit code 4 and one line."""
    ready = tmp_path / "ready"
    code = f"import time; open({str(ready)!r}, 'w').close(); time.sleep(600)"
    root = trees.running_environment(tmp_path / "env", tensorflow=code)
    with subprocess.Popen(
        [sys.executable, "-c", ENTRY, "doctor", "--env", str(root), "--deep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        wait_for(ready, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 4
    assert out == b""
    assert err.splitlines()[-1] == b"tfmac: interrupted"
