"""``tfmac fix`` and ``tfmac undo``: repaired, or as it was."""

import os
import shutil
from pathlib import Path

import pytest

from cli.broken_environment import SERVED, imports_tensorflow, make_broken, version_of
from cli.console import document, everything_in, refused, tfmac

pytestmark = pytest.mark.skipif(not SERVED, reason="TensorFlow 2.15 has no wheel for this Python")


@pytest.fixture
def broken(tmp_path: Path, machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment whose import dies of NumPy 2; only ``pip.conf`` knows the index."""
    environment = tmp_path / "work" / "env"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(make_broken(machine, environment)))
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _path: shutil._ntuple_diskusage(1 << 40, 0, 1 << 40),
    )
    assert not imports_tensorflow(environment)
    return environment


def test_a_dry_run_prints_the_actions_and_changes_nothing(broken: Path) -> None:
    """What would be done is said in full; the environment is as it was."""
    before = everything_in(broken.parent)

    code, out, _ = tfmac("fix", "--env", broken, "--dry-run")

    assert code == 0
    assert "numpy-2-with-numpy-1-binaries" in out
    assert [line.split() for line in out.splitlines() if line.strip().startswith("~")] == [
        ["~", "numpy", "2.4.6", "1.26.4"]
    ]
    assert f"make an environment for {broken} beside it" in out
    assert "numpy==1.26.4" in out
    assert everything_in(broken.parent) == before


def test_nothing_is_changed_where_nobody_can_answer(broken: Path) -> None:
    """Without a terminal and without --yes the call is refused."""
    refused(tfmac("fix", "--env", broken), 2, "--yes", "--dry-run")
    assert not imports_tensorflow(broken)


def test_a_repair_is_verified_and_can_be_undone(broken: Path) -> None:
    """The new environment works in the old one's place; undo brings the very same one back."""
    inode = broken.stat().st_ino

    code, out, _ = tfmac("fix", "--env", broken, "--yes", "--format", "json")

    report = document(out, "repair")
    assert (code, report["outcome"], report["mode"]) == (0, "verified", "side-by-side")
    assert report["after"]["findings"] == []
    assert imports_tensorflow(broken)
    assert version_of(broken, "numpy") == "1.26.4"

    code, out, _ = tfmac("undo", "--env", broken)
    assert (code, "as it was before" in out) == (0, True)
    assert broken.stat().st_ino == inode
    assert version_of(broken, "numpy") == "2.4.6"
    assert os.listdir(broken.parent) == ["env"]
    refused(tfmac("undo", "--env", broken), 3, "nothing")


def test_what_is_kept_can_be_forgotten(broken: Path) -> None:
    """After --forget there is nothing to undo, and nothing beside the environment."""
    assert tfmac("fix", "--env", broken, "--yes").code == 0
    assert tfmac("undo", "--env", broken, "--forget").code == 0
    assert os.listdir(broken.parent) == ["env"]
    assert imports_tensorflow(broken)
    refused(tfmac("undo", "--env", broken), 3)


def test_a_repair_that_does_not_work_changes_nothing(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was built is used before it counts; where it fails, the old one stays: exit code 5."""
    monkeypatch.setattr("tfmac.checks.summary.proves", lambda *_arguments, **_wish: False)
    before = everything_in(broken)

    code, out, _ = tfmac("fix", "--env", broken, "--yes")

    assert code == 5
    assert "still failing" in out
    assert "the old one stays" in out
    assert everything_in(broken) == before
    assert os.listdir(broken.parent) == ["env"]


def test_in_place_the_same_versions_come_back(broken: Path) -> None:
    """Only what has to change is exchanged; undo puts the same distributions back."""
    (broken / "notes.txt").write_text("mine")  # more than an environment: it cannot be made anew

    code, out, _ = tfmac("fix", "--env", broken, "--yes", "--format", "json")

    report = document(out, "repair")
    assert (code, report["outcome"], report["mode"]) == (0, "verified", "in-place")
    assert [one["name"] for one in report["differences"]] == ["numpy"]
    assert imports_tensorflow(broken)
    assert tfmac("undo", "--env", broken).code == 0
    assert version_of(broken, "numpy") == "2.4.6"
    assert (broken / "notes.txt").read_text() == "mine"
    assert os.listdir(broken.parent) == ["env"]


def test_an_environment_in_order_is_left_alone(broken: Path) -> None:
    """A second fix finds nothing to do, and keeps the undo of the first."""
    assert tfmac("fix", "--env", broken, "--yes").code == 0

    code, out, _ = tfmac("fix", "--env", broken, "--yes")

    assert (code, "nothing to repair" in out) == (0, True)
    assert tfmac("undo", "--env", broken).code == 0
    assert not imports_tensorflow(broken)


def test_no_set_of_packages_repairs_it(broken: Path, machine: Path) -> None:
    """Where the index has nothing that fits, the wishes that collide are named: exit code 1."""
    for path in (machine / "index" / "files").glob("numpy-1.*"):
        path.unlink()
    page = machine / "index" / "simple" / "numpy" / "index.html"
    page.write_text("\n".join(one for one in page.read_text().splitlines() if "1.26" not in one))

    code, out, _ = tfmac("fix", "--env", broken, "--yes")

    assert code == 1
    assert "no set of packages" in out
    assert not imports_tensorflow(broken)


def test_a_killed_change_in_place_is_taken_back_first(broken: Path) -> None:
    """What lies between the old and the new environment is put back, and said, by the next fix."""
    (broken / "notes.txt").write_text("mine")
    assert tfmac("fix", "--env", broken, "--yes").code == 0
    note = broken.parent / ".env.tfmac" / "in-place"
    note.write_text(note.read_text().replace('"finished":true', '"finished":false'))

    code, out, err = tfmac("fix", "--env", broken, "--yes")

    assert "taken back" in err
    assert (code, "verified" in out) == (0, True)
    assert tfmac("undo", "--env", broken).code == 0
    assert version_of(broken, "numpy") == "2.4.6"


def test_an_unpacked_tree_is_not_repaired(tmp_path: Path) -> None:
    """There is nothing to repair where there is no environment."""
    refused(tfmac("fix", "--env", tmp_path), 3, "no Python environment")


def test_a_python_of_other_programs_is_not_changed(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the system's Python a new environment is offered: exit code 1."""
    from tfmac.environments import repair_mode
    from tfmac.schema.facts import EnvironmentKind

    monkeypatch.setattr(repair_mode, "_VIRTUAL", frozenset({EnvironmentKind.TREE}))
    before = everything_in(broken)

    code, out, _ = tfmac("fix", "--env", broken, "--yes")

    assert code == 1
    assert "belongs to the system or to other programs" in out
    assert everything_in(broken) == before


def test_what_the_system_has_put_there_is_not_wished_for(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new environment gets what was installed by the user; no index has the system's own."""
    from tfmac.environments import repair_mode
    from tfmac.schema.facts import EnvironmentKind

    monkeypatch.setattr(repair_mode, "_VIRTUAL", frozenset({EnvironmentKind.TREE}))
    (site,) = (broken / "lib").glob("python3.*/site-packages")
    metadata = site / "distro_settings-1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: distro-settings\nVersion: 1.0\n")

    code, out, err = tfmac("fix", "--env", broken, "--yes")

    assert code == 1, err
    assert "belongs to the system or to other programs" in out
    assert ["~", "numpy", "2.4.6", "1.26.4"] in [line.split() for line in out.splitlines()]
    assert "distro-settings" not in f"{out}{err}"
