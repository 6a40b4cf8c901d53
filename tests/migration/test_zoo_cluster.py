"""The zoo on a real scheduler with two worker processes, one of which is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from builders.zoo_work import QUICK, copies_slowly
from tfmac.migration.zoo import migrate_zoo
from tfmac.migration.zoo_cluster import ClusterExtraMissing
from tfmac.migration.zoo_plan import JOURNAL_FOLDER

_MODELS = 8
_PATIENCE = 60.0
_TESTS = str(Path(__file__).parents[1])


def _started(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    code = (
        "import sys; from distributed.cli.dask_{} import main; "
        "sys.argv = ['dask', *sys.argv[1:]]; main()"
    )
    kind, *rest = arguments
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code.format(kind), *rest],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([_TESTS, *sys.path])},
        start_new_session=True,
    )


def _until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        answer = found()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("nothing came in time")


@contextmanager
def cluster(folder: Path) -> "Iterator[str]":
    """Give the address of a scheduler that two workers work for."""
    note = folder / "scheduler.json"
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    worker = ("worker", "--nthreads", "1", "--no-dashboard", "--scheduler-file", str(note))
    processes = [_started(folder, *scheduler, "--scheduler-file", str(note))]
    try:
        _until(note.exists)
        address = _until(lambda: json.loads(note.read_text(encoding="utf-8") or "{}"))["address"]
        processes += [_started(folder, *worker, "--no-nanny") for _ in range(2)]
        yield str(address)
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_finishes_every_model_once_though_a_worker_is_killed(tmp_path: Path) -> None:
    """The scheduler gives the dead worker's model to the other one; the journal has each once."""
    pytest.importorskip("distributed")
    zoo = tmp_path / "zoo"
    zoo.mkdir()
    for number in range(_MODELS):
        (zoo / f"{number}.h5").write_text("model", encoding="utf-8")
    killed: list[int] = []

    def kill_one(_done: int, _total: int) -> None:
        """When the first model is finished, kill the worker that is in the middle of another."""
        if not killed:
            begun = {path: int(path.read_text()) for path in zoo.glob("*.begun")}
            busy = [
                number
                for path, number in begun.items()
                if not path.with_name(path.name.replace(".begun", ".log")).exists()
            ]
            killed.append(busy[0])
            os.kill(busy[0], signal.SIGKILL)

    with cluster(tmp_path) as address:
        report = migrate_zoo(
            [zoo], tmp_path / "out", QUICK, cluster=address, work=copies_slowly, progress=kill_one
        )

    lines = (tmp_path / "out" / JOURNAL_FOLDER / "journal.jsonl").read_text().splitlines()
    sources = [json.loads(line)["source"] for line in lines]
    assert killed
    assert [one.migrated for one in report.models] == [True] * _MODELS
    assert len(sources) == len(set(sources)) == _MODELS


def test_without_the_extra_a_cluster_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "a.h5").write_text("model", encoding="utf-8")

    with pytest.raises(ClusterExtraMissing, match=r"tfmac\[cluster\]"):
        migrate_zoo(
            [tmp_path / "a.h5"], tmp_path / "out", QUICK, cluster="tcp://x:1", work=copies_slowly
        )
