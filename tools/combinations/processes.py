"""The processes that a measurement starts: uv, and a program in an environment."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple, Optional

from tools.combinations.program import RUN_LIMIT

_INSTALL_LIMIT = 900


class Ran(NamedTuple):
    """What a program left behind; ``returncode`` is None where it ran past the limit."""

    report: list[str]
    returncode: Optional[int]
    stderr: str
    seconds: float


def uv(*arguments: str, given: Optional[str] = None, cache: Optional[Path] = None) -> str:
    """Run uv, with a cache of its own where one is named; raise ``OSError`` with what it said."""
    own = {} if cache is None else {"UV_CACHE_DIR": str(cache)}
    try:
        done = subprocess.run(
            ["uv", *arguments],  # noqa: S607 - the user's uv
            input=given,
            capture_output=True,
            text=True,
            timeout=_INSTALL_LIMIT,
            check=False,
            env={**os.environ, **own, "NO_COLOR": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"uv {arguments[0]} took more than {_INSTALL_LIMIT} s") from error
    if done.returncode:
        raise OSError(done.stderr.strip() or f"uv exited with {done.returncode}")
    return done.stdout


def run(interpreter: Path, program: str, place: Path, *options: str) -> Ran:
    """Run a program that reports into ``place``, in a process group of its own."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    file = place / "program.py"
    file.write_text(program)
    report = place / "report.jsonl"
    stderr = place / "stderr"
    started = time.monotonic()
    with stderr.open("wb") as stream:
        returncode = _ended(
            subprocess.Popen(
                [str(interpreter), str(file), str(place), *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stream,
                cwd=place,
                env=_environment(),
                start_new_session=True,
            )
        )
    return Ran(
        report=report.read_text().splitlines() if report.exists() else [],
        returncode=returncode,
        stderr=stderr.read_text(errors="replace"),
        seconds=round(time.monotonic() - started, 1),
    )


def _ended(child: "subprocess.Popen[bytes]") -> Optional[int]:
    """Wait for the end of a child; None when it ran past the limit and was killed."""
    with child:
        try:
            return child.wait(timeout=RUN_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return None


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {
        **kept,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONNOUSERSITE": "1",
    }
