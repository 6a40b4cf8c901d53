"""A user's program under ``tfmac run``: it cannot tell, and what it says on stderr is kept."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import textwrap
from pathlib import Path
from typing import Optional

import pytest

from tfmac.environments.running import CannotStart, Ended, run_through

SOURCE = Path(__file__).parents[2] / "src"


def ran(code: str, tmp_path: Path, timeout: "Optional[float]" = None) -> "tuple[Ended, bytes]":
    """Run code; give how it ended and what arrived where its stderr goes."""
    with (tmp_path / "stderr").open("w+b") as file:
        ended = run_through([sys.executable, "-c", code], stderr=file.fileno(), timeout=timeout)
        file.seek(0)
        return ended, file.read()


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_the_programs(code: int, tmp_path: Path) -> None:
    """Whatever it is."""
    ended, _ = ran(f"raise SystemExit({code})", tmp_path)
    assert (ended.code, ended.signal, ended.timed_out) == (code, None, False)


def test_a_death_is_known_by_its_signal(tmp_path: Path) -> None:
    """A crash leaves no traceback."""
    ended, said = ran("import os, signal; os.kill(os.getpid(), signal.SIGILL)", tmp_path)
    assert ended.signal == signal.SIGILL
    assert said == b""


def test_every_byte_of_stderr_arrives_and_is_kept(tmp_path: Path) -> None:
    """Also those that are no text."""
    written = bytes(range(256)) * 1000
    code = "import sys; sys.stderr.buffer.write(bytes(range(256)) * 1000)"
    ended, said = ran(code, tmp_path)
    assert said == ended.stderr == written


def test_of_very_much_the_beginning_and_the_end_are_kept(tmp_path: Path) -> None:
    """The error is at the end; what was started is at the beginning."""
    code = """
        import sys
        sys.stderr.write("first\\n")
        for _ in range(20):
            sys.stderr.write("x" * 1_000_000 + "\\n")
        sys.stderr.write("last\\n")
    """
    ended, said = ran(textwrap.dedent(code), tmp_path)
    assert len(said) > 20_000_000
    assert len(ended.stderr) < 11_000_000
    assert ended.stderr.startswith(b"first\n")
    assert ended.stderr.endswith(b"last\n")


def test_a_hang_is_ended(tmp_path: Path) -> None:
    """With what it said until then."""
    stubborn = """
        import sys, time
        sys.stderr.write("waiting\\n")
        sys.stderr.flush()
        time.sleep(600)
    """
    ended, said = ran(textwrap.dedent(stubborn), tmp_path, timeout=2)
    assert ended.timed_out
    assert ended.signal == signal.SIGTERM
    assert said == b"waiting\n"


def test_what_it_left_running_is_not_waited_for(tmp_path: Path) -> None:
    """A server in the background holds the program's stderr open."""
    code = """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print("started", file=sys.stderr)
    """
    ended, said = ran(textwrap.dedent(code), tmp_path)
    assert ended.code == 0
    assert said == b"started\n"


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(CannotStart, match="no-such-python"):
        run_through([str(tmp_path / "no-such-python"), "x.py"])


def program(tmp_path: Path, code: str) -> "list[str]":
    """Write a program that runs code through tfmac with its own stderr, and dies as that does."""
    path = tmp_path / "through.py"
    path.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path.insert(0, {str(SOURCE)!r})
            from tfmac.environments.running import run_through
            code = {textwrap.dedent(code)!r}
            ended = run_through([sys.executable, "-c", code])
            print("ended", ended.code, flush=True)
        """)
    )
    return [sys.executable, str(path)]


def test_a_terminal_stays_a_terminal(tmp_path: Path) -> None:
    """Programs draw their progress bars by it; its size is the real one's."""
    code = """
        import os, sys
        size = os.get_terminal_size(2)
        print(sys.stderr.isatty(), size.columns, size.lines, file=sys.stderr)
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    done = subprocess.Popen(program(tmp_path, code), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    output, _ = done.communicate(timeout=60)
    said = os.read(ours, 1000)
    os.close(ours)
    assert said.strip() == b"True 77 33"
    assert output == b"ended 0\n"


def test_signals_are_handed_on(tmp_path: Path) -> None:
    """A scheduler that ends the job ends the program, which may clean up."""
    code = """
        import signal, sys, time
        def clean(number, frame):
            print("cleaned", file=sys.stderr)
            raise SystemExit(9)
        signal.signal(signal.SIGTERM, clean)
        print("ready", file=sys.stderr, flush=True)
        time.sleep(600)
    """
    with subprocess.Popen(
        program(tmp_path, code), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert process.stderr.readline() == b"ready\n"
        process.terminate()
        assert process.stderr.readline() == b"cleaned\n"
        assert process.stdout.read() == b"ended 9\n"


def test_what_is_typed_reaches_the_program(tmp_path: Path) -> None:
    """Its stdin is the user's."""
    code = "print(input() + '!', flush=True)"
    answer = subprocess.run(
        program(tmp_path, code), input=b"hello\n", capture_output=True, check=True, timeout=60
    )
    assert answer.stdout == b"hello!\nended 0\n"


def test_nobody_reads_any_more(tmp_path: Path) -> None:
    """A closed pipe does not end the program: its work goes on."""
    code = "import sys; sys.stderr.write('x' * 100_000); sys.stderr.flush(); print('done')"
    with subprocess.Popen(
        program(tmp_path, code), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        process.stderr.close()
        assert process.stdout.read() == b"done\nended 0\n"
