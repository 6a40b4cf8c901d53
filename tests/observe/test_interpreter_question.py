"""A question to an interpreter that is answered, refused or dropped."""

import os
import sys
import time
from pathlib import Path

import pytest

from tfmac.observe.interpreter_question import InterpreterCannotRun, Question
from tfmac.observe.locate import NothingToInspect, begin_to_locate

PYTHON = os.path.realpath(sys.executable)
ENOUGH = 20.0


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def pid_in(path: Path) -> int:
    """Wait until a program has written its number."""
    until = time.monotonic() + ENOUGH
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until
        time.sleep(0.01)
    return int(path.read_text())


def test_an_interpreter_says_who_it_is() -> None:
    """The answer is the interpreter's own, whatever was done since the question."""
    question = Question(PYTHON)

    answer = question.answer(time_limit=ENOUGH)

    assert answer.version == ".".join(map(str, sys.version_info[:3]))
    assert answer.base_prefix == sys.base_prefix


def test_a_wrapper_may_say_something_before(tmp_path: Path) -> None:
    """The answer is the last line that is one."""
    path = program(tmp_path / "python3", f'echo "{{}}"; echo chosen; exec "{PYTHON}" "$@"')

    answer = Question(path).answer(time_limit=ENOUGH)

    assert answer.base_prefix == sys.base_prefix


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sleep 60", r"no answer within 0\.5 seconds"),
        ("echo hello", "exit status 0, no answer"),
        ("echo no such version >&2; exit 127", "exit status 127, no answer: no such version"),
        ("kill -9 $$", "SIGKILL, no answer"),
    ],
)
def test_no_answer_is_told_with_its_reason(tmp_path: Path, text: str, words: str) -> None:
    """What the program said or did instead is in the message."""
    question = Question(program(tmp_path / "python3", text))

    with pytest.raises(InterpreterCannotRun, match=words):
        question.answer(time_limit=0.5)


def test_a_file_that_is_no_program_cannot_be_asked(tmp_path: Path) -> None:
    """The question itself says that there will be no answer."""
    path = tmp_path / "python3"
    path.write_text("no program")

    with pytest.raises(InterpreterCannotRun, match="cannot run"):
        Question(path)


def test_nothing_is_left_of_a_question_that_was_dropped(tmp_path: Path) -> None:
    """An interpreter that hangs ends with the wish to know, not after its time limit."""
    mark = tmp_path / "pid"
    question = Question(program(tmp_path / "python3", f"echo $$ > {mark}; sleep 60"))
    pid = pid_in(mark)

    question.drop()
    question.drop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ValueError, match="dropped"):
        question.answer(time_limit=ENOUGH)


def test_an_environment_that_nobody_wants_any_more_is_not_waited_for(tmp_path: Path) -> None:
    """What ``begin_to_locate`` has started ends when it is dropped."""
    mark = tmp_path / "pid"
    locating = begin_to_locate(
        python=str(program(tmp_path / "python3", f"echo $$ > {mark}; sleep 60"))
    )
    pid = pid_in(mark)
    assert locating.waiting

    locating.drop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(NothingToInspect, match="dropped"):
        locating.located()


def test_an_answer_is_taken_once_and_kept() -> None:
    """To ask for the environment again starts nothing."""
    locating = begin_to_locate(python=PYTHON)

    first = locating.located()

    assert not locating.waiting
    assert locating.located() is first
    locating.drop()
    assert first.environment.root == sys.base_prefix
