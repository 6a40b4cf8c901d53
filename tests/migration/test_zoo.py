import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builders.zoo_work import QUICK, copies, dies_always, dies_once
from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.environments.lock import FolderLock
from tfmac.migration.zoo import migrate_zoo
from tfmac.migration.zoo_cluster import ClusterUnreachable
from tfmac.migration.zoo_journal import digest_of
from tfmac.migration.zoo_plan import JOURNAL_FOLDER, ZooRefused, plan_zoo
from tfmac.schema.migration import MigrationReport


def a_zoo(folder: Path, *names: str, text: str = "model") -> Path:
    """Make files that have the names of models."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def migrated(folder: Path, out: Path, **options: Any) -> MigrationReport:
    return migrate_zoo([folder], out, QUICK, **{"workers": 2, "work": copies, **options})


def times_done(path: Path) -> int:
    log = Path(f"{path}.log")
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def journal_of(out: Path) -> "list[dict[str, Any]]":
    lines = (out / JOURNAL_FOLDER / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_model_goes_into_the_same_tree_below_the_folder(tmp_path: Path) -> None:
    """The new files lie as the old ones do, whatever pattern found them."""
    zoo = a_zoo(tmp_path / "zoo", "a.h5", "deep/er/b.hdf5")

    planned = plan_zoo([f"{zoo}/**/*.h*5"], tmp_path / "out")

    outputs = {str(Path(one.output).relative_to(tmp_path / "out")) for one in planned}
    assert outputs == {"a.keras", "deep/er/b.keras"}


def test_a_model_that_two_patterns_find_is_planned_once(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")

    assert len(plan_zoo([zoo, f"{zoo}/*.h5"], tmp_path / "out")) == 1


def test_two_models_that_would_become_one_file_are_refused(tmp_path: Path) -> None:
    """Nothing is written before it is known that nothing is lost, on a Mac's disk either."""
    zoo = a_zoo(tmp_path / "zoo", "a.h5", "A.hdf5")

    with pytest.raises(ZooRefused, match="same file"):
        plan_zoo([zoo], tmp_path / "out")


def test_new_files_below_the_models_are_no_models_of_the_zoo(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5", "out/old.keras")

    planned = plan_zoo([zoo], zoo / "out")

    assert [Path(one.source).name for one in planned] == ["a.h5"]


@pytest.mark.parametrize("pattern", ["nowhere", "nowhere/*.h5", "."])
def test_a_pattern_without_a_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(FileNotFoundError, match="there is no"):
        plan_zoo([pattern], tmp_path / "out")


def test_workers_migrate_every_model_and_list_what_failed(tmp_path: Path) -> None:
    """One damaged model is one line with its cause; the others are migrated."""
    zoo = a_zoo(tmp_path / "zoo", *(f"{number}.h5" for number in range(5)))
    a_zoo(zoo, "bad.h5", text="damaged")
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))

    report = migrated(zoo, tmp_path / "out", progress=progress)

    (bad,) = [one for one in report.models if not one.migrated]
    assert bad.source.endswith("bad.h5")
    assert bad.problems[0].cause == "model-file-damaged"
    assert len(list((tmp_path / "out").glob("*.keras"))) == 5
    assert [one.source for one in report.models] == sorted(one.source for one in report.models)
    assert told == [(done, 6) for done in range(1, 7)]


def test_a_finished_model_is_not_done_twice_and_a_failed_one_is(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "good.h5")
    a_zoo(zoo, "bad.h5", text="damaged")
    first = migrated(zoo, tmp_path / "out")

    second = migrated(zoo, tmp_path / "out")

    assert second.models == first.models
    assert times_done(zoo / "good.h5") == 1
    assert times_done(zoo / "bad.h5") == 2


@pytest.mark.parametrize("inside", ["saved_model.pb", "variables/variables.index"])
def test_a_model_of_several_files_is_known_by_all_of_them(tmp_path: Path, inside: str) -> None:
    folder = a_zoo(tmp_path / "model", "saved_model.pb", "variables/variables.index")
    before = digest_of(str(folder))

    (folder / inside).write_text("another", encoding="utf-8")

    assert digest_of(str(folder)) != before


def test_a_checkpoint_is_known_by_its_index_and_its_data(tmp_path: Path) -> None:
    folder = a_zoo(tmp_path / "model", "c.index", "c.data-00000-of-00001", "other.data-00000")
    before = digest_of(str(folder / "c.index"))

    (folder / "other.data-00000").write_text("another", encoding="utf-8")
    unchanged = digest_of(str(folder / "c.index"))
    (folder / "c.data-00000-of-00001").write_text("another", encoding="utf-8")

    assert before == unchanged != digest_of(str(folder / "c.index"))


@pytest.mark.parametrize("changed", ["zoo/a.h5", "out/a.keras"])
def test_a_model_is_done_again_when_its_file_or_its_new_file_has_changed(
    tmp_path: Path, changed: str
) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    migrated(zoo, tmp_path / "out")
    (tmp_path / changed).write_text("another", encoding="utf-8")

    migrated(zoo, tmp_path / "out")

    assert times_done(zoo / "a.h5") == 2


def test_a_model_is_done_again_for_another_keras(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    migrated(zoo, tmp_path / "out")

    older = msgspec.structs.replace(QUICK, keras="3.8.0")
    migrate_zoo([zoo], tmp_path / "out", older, workers=1, work=copies)

    assert times_done(zoo / "a.h5") == 2


def test_without_resuming_everything_is_done_again(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    migrated(zoo, tmp_path / "out")

    migrated(zoo, tmp_path / "out", resume=False)

    assert times_done(zoo / "a.h5") == 2


def test_a_journal_that_ends_in_half_a_line_is_read_and_goes_on(tmp_path: Path) -> None:
    """A run may be killed while it writes."""
    zoo = a_zoo(tmp_path / "zoo", "a.h5", "b.h5")
    migrated(zoo, tmp_path / "out")
    journal = tmp_path / "out" / JOURNAL_FOLDER / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    lost = json.loads(whole.splitlines()[-1])["source"]

    migrated(zoo, tmp_path / "out")
    migrated(zoo, tmp_path / "out")

    done = {name: times_done(zoo / name) for name in ("a.h5", "b.h5")}
    assert done == {name: 2 if lost.endswith(name) else 1 for name in done}


def test_somebody_elses_file_is_not_overwritten(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    mine = a_zoo(tmp_path / "out", "a.keras", text="mine") / "a.keras"

    report = migrated(zoo, tmp_path / "out")

    assert mine.read_text(encoding="utf-8") == "mine"
    assert "--force" in report.models[0].problems[0].statement
    assert not report.models[0].migrated


def test_what_a_killed_run_has_written_is_replaced(tmp_path: Path) -> None:
    """The run had claimed the file before anything was there."""
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    migrated(zoo, tmp_path / "out")
    (tmp_path / "out" / JOURNAL_FOLDER / "journal.jsonl").unlink()

    report = migrated(zoo, tmp_path / "out")

    assert report.models[0].migrated


def test_the_model_of_a_worker_that_was_killed_is_done_by_another(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "mortal.h5", *(f"{number}.h5" for number in range(4)))

    report = migrated(zoo, tmp_path / "out", work=dies_once)

    assert all(one.migrated for one in report.models)
    sources = [line["source"] for line in journal_of(tmp_path / "out")]
    assert len(sources) == len(set(sources)) == 5


def test_a_model_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "deadly.h5", *(f"{number}.h5" for number in range(4)))

    report = migrated(zoo, tmp_path / "out", work=dies_always)

    (dead,) = [one for one in report.models if not one.migrated]
    assert "SIGKILL" in dead.problems[0].statement
    assert len(report.models) == 5


def test_two_runs_do_not_work_on_one_folder(tmp_path: Path) -> None:
    zoo = a_zoo(tmp_path / "zoo", "a.h5")
    lock = FolderLock(str(tmp_path / "out" / JOURNAL_FOLDER), subject="the folder")
    lock.acquire()
    try:
        with pytest.raises(EnvironmentChangeFailed, match="another run"):
            migrated(zoo, tmp_path / "out")
    finally:
        lock.release()


def test_a_cluster_that_is_not_there_is_an_error_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("tfmac.migration.zoo_cluster.CONNECT_SECONDS", 1)
    zoo = a_zoo(tmp_path / "zoo", "a.h5")

    with pytest.raises(ClusterUnreachable, match="no scheduler"):
        migrated(zoo, tmp_path / "out", cluster="tcp://127.0.0.1:9")
