"""Children that measure: their journals are followed, and none of them is left."""

import stat
import sys
import tempfile
from pathlib import Path

import pytest

from tfmac.measurement.children import Child, measure


def interpreter(folder: Path, code: str) -> str:
    """Make a program that stands for an interpreter: it is given a verb, a request, a journal."""
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, os, signal, sys, time\n"
        "folder, verb, asked, journal = sys.argv[1:5]\n"
        "request = json.load(open(asked))\n"
        "def say(text):\n"
        "    with open(journal, 'a') as file:\n"
        "        file.write(text)\n" + code,
        encoding="utf-8",
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_what_a_child_writes_is_seen_while_it_runs(tmp_path: Path) -> None:
    """Each event reaches the caller before the child ends, in order, with verb and request."""
    child = interpreter(
        tmp_path,
        "say(json.dumps({'event': 'asked', 'verb': verb, 'request': request}) + '\\n')\n"
        "while not os.path.exists(request['sign']):\n"
        "    time.sleep(0.01)\n"
        "say(json.dumps({'event': 'done'}) + '\\n')\n",
    )
    sign = tmp_path / "sign"
    request = {"sign": str(sign)}
    seen = []
    with Child(child, "timing", request) as running:
        for event in running.events(patience=60):
            seen.append(event)
            sign.touch()
        assert running.death is None
    assert seen == [{"event": "asked", "verb": "timing", "request": request}, {"event": "done"}]


def test_lines_that_are_no_events(tmp_path: Path) -> None:
    """The measured program may write to the journal: what is no event of ours is passed over."""
    child = interpreter(
        tmp_path, 'say(\'oops\\n[1]\\n{"event": 3}\\n{"event": "one"}\\n{"event": "cut\')\n'
    )
    measured = measure(child, "parity", {}, time_limit=60)
    assert measured.events == ({"event": "one"},)
    assert measured.death is None


@pytest.mark.parametrize(
    ("code", "death"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "it was killed by SIGSEGV"),
        ("sys.exit(7)", "it ended with status 7"),
        ("time.sleep(600)", "it had not ended after 1 s"),
    ],
)
def test_deaths_keep_what_came_before(tmp_path: Path, code: str, death: str) -> None:
    """A crash, an exit status and a hang are said, and the events until then stay."""
    child = interpreter(tmp_path, 'say(\'{"event": "before"}\\n\')\n' + code)
    measured = measure(child, "operations", {}, time_limit=1 if "sleep" in code else 60)
    assert measured.events == ({"event": "before"},)
    assert measured.death == death


def test_a_child_that_falls_silent(tmp_path: Path) -> None:
    """Patience counts from the last event, not from the start."""
    child = interpreter(tmp_path, 'say(\'{"event": "one"}\\n\')\ntime.sleep(600)\n')
    with Child(child, "timing", {}) as running:
        assert [event["event"] for event in running.events(patience=1)] == ["one"]
        assert running.death == "nothing came from it for 1 s"


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    """There is a death with the reason, and no event."""
    measured = measure(str(tmp_path / "nowhere"), "timing", {}, time_limit=60)
    assert measured.events == ()
    assert measured.death is not None
    assert "could not be started: No such file" in measured.death


def test_a_child_that_is_told(tmp_path: Path) -> None:
    """Lines reach its standard input; one that does not listen any more is told nothing."""
    child = interpreter(
        tmp_path, "say(json.dumps({'event': sys.stdin.readline().strip()}) + '\\n')\n"
    )
    with Child(child, "timing", {}, told=True) as running:
        assert running.tell("block 3")
        assert [event["event"] for event in running.events(patience=60)] == ["block 3"]
        assert running.death is None


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is left early is killed with what it started, and its files are gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    child = interpreter(
        tmp_path,
        "import subprocess\n"
        "started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "say(json.dumps({'event': 'started', 'own': os.getpid(), 'other': started.pid}) + '\\n')\n"
        "time.sleep(600)\n",
    )
    with Child(child, "timing", {}) as running:
        event = next(iter(running.events(patience=60)))
    for process in (event["own"], event["other"]):
        assert not _runs(process)
    assert [path.name for path in tmp_path.iterdir() if path.name != "python"] == []


def test_no_variable_lets_another_device_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that would let another device answer are taken away; ours may change more."""
    child = interpreter(
        tmp_path, "say(json.dumps({'event': 'saw', 'all': dict(os.environ)}) + '\\n')\n"
    )
    monkeypatch.setenv("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    measured = measure(child, "timing", {}, time_limit=60, variables={"KERAS_BACKEND": "jax"})
    (saw,) = measured.events
    assert "PYTORCH_ENABLE_MPS_FALLBACK" not in saw["all"]
    assert saw["all"]["KERAS_BACKEND"] == "jax"


def _runs(process: int) -> bool:
    """Tell whether a process computes still; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except OSError:
        return False
    return state.split()[0] != "Z"
