"""``parity --ops`` with a real TensorFlow: planted faults are found, what is sound is sound.

Two logical devices of the CPU stand for CPU and GPU.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tfmac.api.operation_parity import compare_operations
from tfmac.device import local_knowledge
from tfmac.report.operation_parity import render
from tfmac.schema.operation_parity import OperationParityReport, OperationRun

pytestmark = pytest.mark.slow

FAULTS = Path(__file__).parent.parent / "builders" / "faulty_operations.py"
SOUND = (
    *("Dense", "Conv2D", "DepthwiseConv2D", "MaxPooling2D", "BatchNormalization", "LSTM"),
    *("LayerNormalization", "MultiHeadAttention", "Embedding", "matmul", "einsum", "exp", "sort"),
    *("top_k", "scatter", "cholesky", "svd", "fft", "resize", "bitwise_and", "huber"),
)
EXPECTED = {
    "sound": {"same"},
    "wrong_by_a_percent": {"wrong"},
    "wrong_by_a_thousandth": {"wrong"},
    "wrong_when_compiled": {"wrong"},
    "wrong_at_odd_sizes": {"same", "wrong"},
    "wrong_in_one_number": {"wrong"},
    "gives_nan": {"wrong"},
    "wrong_gradient": {"wrong"},
    "unsteady": {"not-deterministic"},
    "without_kernel": {"no-kernel"},
    "refuses": {"crashed"},
    "refuses_everywhere": {"failed"},
    "loses_the_device": {"crashed"},
    "dies": {"crashed"},
    "aborts": {"crashed"},
    "dies_on_the_reference": {"failed"},
    "hangs": {"hung"},
    "sound_again": {"same"},
}


@pytest.fixture
def run(tensorflow_221: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OperationRun:
    """A run on the two halves of the CPU whose findings stay in the test's folder."""
    monkeypatch.setenv(local_knowledge.FOLDER_VARIABLE, str(tmp_path / "data"))
    return OperationRun(
        interpreter=str(tensorflow_221 / "bin" / "python"),
        backend="tensorflow",
        device="CPU:1",
        jobs=2,
        folder=str(tmp_path / "runs"),
        case_seconds=30,
    )


def verdicts(report: OperationParityReport) -> "dict[str, set[str]]":
    found: dict[str, set[str]] = {}
    for case in report.cases:
        found.setdefault(case.operation, set()).add(case.verdict.value)
    return found


def test_planted_faults(run: OperationRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gets its verdict, becomes knowledge, and is forgotten when it is sound later."""
    faulty = msgspec.structs.replace(run, own_operations=str(FAULTS), without_catalogue=True)
    report = compare_operations(faulty)
    assert report.failure is None, report.failure
    assert verdicts(report) == EXPECTED
    ways = {case.operation: case.way for case in report.cases if not case.verdict.sound}
    assert ways["wrong_when_compiled"] == "compiled"
    assert ways["wrong_gradient"] == "gradient"
    assert ways["wrong_by_a_percent"] == "forward"
    kept = {entry.operation for entry in local_knowledge.known().entries if entry.bad}
    assert kept == {name for name, seen in EXPECTED.items() if seen - {"same", "failed"}}
    assert "wrong_gradient" in render(report, width=100)

    monkeypatch.setenv("TFMAC_TEST_WITHOUT_FAULTS", "1")
    again = compare_operations(msgspec.structs.replace(faulty, only=("wrong_by_a_percent",)))
    assert verdicts(again) == {"wrong_by_a_percent": {"same"}}
    assert len(again.released) == 3
    left = {entry.operation for entry in local_knowledge.known().entries if entry.bad}
    assert left == kept - {"wrong_by_a_percent"}


def test_sound_operations(run: OperationRun) -> None:
    """Nobody is accused; nothing is left out."""
    report = compare_operations(
        msgspec.structs.replace(run, only=SOUND, dtypes=("float32", "int32"))
    )
    assert report.failure is None, report.failure
    assert len(report.cases) == report.planned > 150
    assert set().union(*verdicts(report).values()) <= {"same", "within-tolerance"}
    assert not report.quarantined


def test_a_device_that_is_not_there(run: OperationRun) -> None:
    """It is said which there are; nothing is compared."""
    report = compare_operations(msgspec.structs.replace(run, device="GPU:0", only=("Dense",)))
    assert report.failure is not None
    assert report.failure.kind == "no-such-device"
    assert "there are: CPU:0" in report.failure.text
    assert not report.cases


def test_a_killed_parent(run: OperationRun, tmp_path: Path) -> None:
    """Its child ends by itself, and the next run goes on behind the last result."""
    own = tmp_path / "slow_operations.py"
    pid_file = tmp_path / "pid"
    own.write_text(
        "import os, time\n"
        "def slow(x):\n"
        f"    open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n"
        "    time.sleep(0.3)\n"
        "    return x\n"
        "OPERATIONS = [{'name': f'slow_{number}', 'function': slow, 'shapes': [(3,)],\n"
        "    'dtypes': ['float32'], 'gradient': False} for number in range(8)]\n",
        encoding="utf-8",
    )
    slow = msgspec.structs.replace(run, own_operations=str(own), without_catalogue=True, jobs=1)
    code = (
        "import sys, msgspec\n"
        "from tfmac.api.operation_parity import compare_operations\n"
        "from tfmac.schema.operation_parity import OperationRun\n"
        "compare_operations(msgspec.json.decode(sys.argv[1], type=OperationRun))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, msgspec.json.encode(slow).decode()])
    while not any(path.stat().st_size for path in (tmp_path / "runs").glob("*.jsonl")):
        assert parent.poll() is None
        time.sleep(0.05)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    child = int(pid_file.read_text(encoding="utf-8"))
    while _alive(child):
        time.sleep(0.05)
    report = compare_operations(slow)
    assert 1 <= report.resumed < 8
    assert len(report.cases) == 8


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
