"""What was measured on this machine: kept whole, or told to be damaged; never a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfmac.device import local_knowledge
from tfmac.device.local_knowledge import Entry


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(local_knowledge.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def entry(operation: str = "matmul", verdict: str = "wrong", version: str = "2.16.2") -> Entry:
    return Entry(
        framework="tensorflow",
        framework_version=version,
        device="METAL",
        plugin_version="1.2.0",
        operation=operation,
        dtype="float32",
        verdict=verdict,
        measured="2026-11-23",
    )


def test_nothing_was_measured_yet() -> None:
    assert local_knowledge.known() == local_knowledge.LocalKnowledge(())


def test_a_newer_measurement_takes_the_place_of_the_older_one() -> None:
    local_knowledge.remember([entry(), entry("svd")])
    local_knowledge.remember([entry(verdict="same"), entry(version="2.18.1")])

    known = local_knowledge.known()
    assert set(known.entries) == {entry(verdict="same"), entry("svd"), entry(version="2.18.1")}
    here = known.of("tensorflow", "2.16.2", "METAL", "1.2.0")
    assert {one.operation for one in here if one.bad} == {"svd"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"schema_version": 2, "entries": []}',
        b'{"schema_version": 1}',
        b'{"schema_version": 1, "entries": [7]}',
        b'{"schema_version": 1, "entries": [{"framework": "jax"}]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_told_and_kept_aside(folder: Path, content: bytes) -> None:
    file = folder / local_knowledge.FILE
    file.write_bytes(content)
    known = local_knowledge.known()

    assert known.entries == ()
    assert known.problem is not None
    assert str(file) in known.problem
    assert local_knowledge.remember([entry()]) == known.problem
    assert local_knowledge.known().entries == (entry(),)
    assert (folder / local_knowledge.SET_ASIDE).read_bytes() == content


def test_several_processes_at_once_lose_nothing(folder: Path) -> None:
    program = (
        "import sys\n"
        "from tfmac.device import local_knowledge as known\n"
        "for number in range(20):\n"
        "    known.remember([known.Entry('jax', '1', 'd', '', f'{sys.argv[1]}-{number}', 'f', "
        "'same', 'today')])\n"
    )
    variables = {**os.environ, local_knowledge.FOLDER_VARIABLE: str(folder)}
    children = [
        subprocess.Popen([sys.executable, "-c", program, name], env=variables) for name in "abc"
    ]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    assert len(local_knowledge.known().entries) == 60
    left = {path.name for path in folder.iterdir()}
    assert left == {local_knowledge.FILE, local_knowledge.FILE + ".lock"}


def test_the_file_is_plain_json(folder: Path) -> None:
    local_knowledge.remember([entry()])
    document = json.loads((folder / local_knowledge.FILE).read_text(encoding="utf-8"))
    assert document == {"schema_version": 1, "entries": [entry()._asdict()]}


@pytest.mark.parametrize(
    ("platform", "data", "expected"),
    [
        ("darwin", "/elsewhere", "/home/me/Library/Application Support/tfmac/device.json"),
        ("linux", "/elsewhere", "/elsewhere/tfmac/device.json"),
        ("linux", "relative", "/home/me/.local/share/tfmac/device.json"),
        ("linux", "", "/home/me/.local/share/tfmac/device.json"),
    ],
)
def test_where_the_file_is(
    monkeypatch: pytest.MonkeyPatch, platform: str, data: str, expected: str
) -> None:
    monkeypatch.delenv(local_knowledge.FOLDER_VARIABLE)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_DATA_HOME", data)
    monkeypatch.setattr(sys, "platform", platform)

    assert local_knowledge.path() == expected
