"""Asks an interpreter who it is while something else is done, always with a time limit."""

import os
from typing import Optional, Union

import msgspec

from tfmac.observe.child import (
    ChildCannotStart,
    ChildEnd,
    RunningChild,
    child_variables,
    signal_name,
)
from tfmac.schema.interpreter import InterpreterAnswer

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "identity_script.py")
_LONGEST_QUOTE = 400


class InterpreterCannotRun(Exception):
    """An interpreter that cannot be started or gives no answer."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path} cannot run: {detail}")
        self.path = path
        self.detail = detail


def ask_interpreter(
    path: Union[str, "os.PathLike[str]"], *, time_limit: float = 20.0
) -> InterpreterAnswer:
    """Ask an interpreter who it is, without its site module and so without any ``.pth`` file.

    Raise ``InterpreterCannotRun`` when it does not start, does not end in time or answers with
    something else.
    """
    return Question(path).answer(time_limit=time_limit)


class Question:
    """A question that a child process answers, without its site module and any ``.pth`` file.

    Raise ``InterpreterCannotRun`` where the interpreter cannot be started. ``answer`` or ``drop``
    has to be called, so that nothing of the child is left.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self._path = os.fspath(path)
        command = [self._path, "-I", "-S", _SCRIPT]
        try:
            self._running: Optional[RunningChild] = RunningChild(
                command, variables=child_variables({})
            )
        except ChildCannotStart as error:
            raise InterpreterCannotRun(self._path, str(error)) from error

    def answer(self, *, time_limit: float) -> InterpreterAnswer:
        """Wait for the answer, once; raise ``InterpreterCannotRun`` when there is none."""
        if self._running is None:
            raise ValueError("the question was dropped")
        try:
            self._running.wait(time_limit)
        finally:
            end = self._running.end()
            self._running = None
        if end.status is None:
            raise InterpreterCannotRun(self._path, f"no answer within {time_limit:g} seconds")
        # A wrapper around an interpreter may print before it.
        answers = filter(None, map(_decoded, reversed(end.output.splitlines())))
        answer = next(answers, None)
        if answer is None:
            raise InterpreterCannotRun(self._path, _why_no_answer(end))
        return answer

    def drop(self) -> None:
        """End the child where nobody wants to know the answer any more."""
        if self._running is not None:
            self._running.end()
            self._running = None


def _decoded(line: str) -> Optional[InterpreterAnswer]:
    try:
        return msgspec.json.decode(line, type=InterpreterAnswer)
    except msgspec.DecodeError:
        return None


def _why_no_answer(end: ChildEnd) -> str:
    status = end.status or 0
    how = signal_name(-status) if status < 0 else f"exit status {status}"
    said = end.errors.strip()[-_LONGEST_QUOTE:]
    return f"{how}, no answer" + (f": {said}" if said else "")
