"""Real macOS environments, unpacked from the published wheels, judged on any machine.

The trees are pinned by the files in ``tests/data/trees``; one is on the disk at a time.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from tfmac.cli import program
from tfmac.environments.uv import Uv

pytestmark = pytest.mark.slow

PINS = Path(__file__).parent.parent / "data" / "trees"
MISSING_LIBRARY = "@rpath/_pywrap_tensorflow_internal.so"


class Tree(NamedTuple):
    """A tree: its pins, the Python and the machine that its wheels are for."""

    pins: str
    python: str
    platform: str = "aarch64-apple-darwin"


def unpack(uv: Uv, tree: Tree, folder: Path) -> Path:
    """Unpack the wheels of a tree into a folder."""
    uv.run_on_index(
        f"unpack {tree.pins}",
        [
            *("pip", "install", "--no-deps", "--target", str(folder), "--python", sys.executable),
            *("--python-platform", tree.platform, "--python-version", tree.python),
            *("--requirement", str(PINS / f"{tree.pins}.txt")),
        ],
    )
    return folder


@pytest.fixture
def doctor(uv: Uv, tmp_path: Path) -> Any:
    """Unpack a tree and judge it for a Mac; the tree is gone afterwards."""
    folder = tmp_path / "tree"

    def judged(tree: Tree, *options: str) -> dict[str, Any]:
        if not folder.exists():
            unpack(uv, tree, folder)
        arguments = ["doctor", "--site-packages", str(folder), "--for", "macos-14-arm64"]
        result = CliRunner().invoke(program, [*arguments, "--format", "json", *options])
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    yield judged
    shutil.rmtree(folder, ignore_errors=True)


def causes(document: dict[str, Any], *severities: str) -> list[str]:
    """The causes of a diagnosis, of some severities or of all."""
    return [
        one["cause"]
        for one in document["findings"]
        if not severities or one["severity"] in severities
    ]


@pytest.mark.parametrize("release", ["2.20", "2.21"])
def test_tensorflow_past_2_19_has_left_the_plug_in_behind(doctor: Any, release: str) -> None:
    """The missing library is said first, as the user sees it, then at least three names."""
    document = doctor(Tree(f"tensorflow-{release}-metal-1.2.0", "3.12"))

    assert causes(document) == ["tensorflow-too-new-for-metal"]
    assert document["tensorflow"]["state"] == "cannot-load"
    statements = [one["statement"] for one in document["findings"][0]["evidence"]]
    assert MISSING_LIBRARY in statements[0]
    assert f"Library not loaded: {MISSING_LIBRARY}" in statements[1]
    assert sum(one.startswith("unresolved: ") for one in statements) >= 3


def test_a_plug_in_can_be_too_old(doctor: Any) -> None:
    """1.1.0 misses one name of TensorFlow 2.18; the repair is the plug-in that loads there."""
    document = doctor(Tree("tensorflow-2.18-metal-1.1.0", "3.11"))

    assert causes(document) == ["metal-plugin-older-than-tensorflow"]
    finding = document["findings"][0]
    assert any("LogMessageC1EPKcii" in one["statement"] for one in finding["evidence"])
    assert [one["value"] for one in finding["constraints"]] == ["tensorflow-metal==1.2.0"]


def test_a_plug_in_can_be_too_new(doctor: Any) -> None:
    """0.8.0 calls functions that tensorflow-macos 2.10 does not have yet."""
    document = doctor(Tree("tensorflow-macos-2.10-metal-0.8.0", "3.10"))

    assert causes(document) == ["metal-plugin-newer-than-tensorflow"]


def test_an_intel_tree_on_an_m_series_mac(doctor: Any) -> None:
    """The tree is of the wrong architecture, and nothing else is said of it."""
    document = doctor(Tree("tensorflow-2.16-intel", "3.11", "x86_64-apple-darwin"))

    assert causes(document) == ["x86-python-on-apple-silicon"]


def test_no_plug_in_is_a_note_until_the_gpu_is_wished(doctor: Any) -> None:
    """On Python 3.13 a wish for the GPU meets a plug-in that has no wheel."""
    tree = Tree("tensorflow-2.20-python-3.13", "3.13")

    assert causes(doctor(tree)) == causes(doctor(tree), "note") == ["metal-plugin-not-installed"]
    assert causes(doctor(tree, "--gpu")) == ["tensorflow-metal-no-wheel"]
    assert causes(doctor(tree, "--gpu"), "error") == ["tensorflow-metal-no-wheel"]
    assert causes(doctor(tree, "--no-gpu")) == []


@pytest.mark.parametrize(
    ("pins", "python"),
    [("tensorflow-2.19.1-metal-1.2.0", "3.12"), ("tensorflow-2.17.1-metal-1.1.0", "3.11")],
)
def test_pairs_that_load_are_sound(doctor: Any, pins: str, python: str) -> None:
    """Nothing of severity error or warning is said of a pair that loads."""
    document = doctor(Tree(pins, python))

    assert causes(document, "error", "warning") == []
    assert document["tensorflow"]["state"] == "gpu-unproved"
