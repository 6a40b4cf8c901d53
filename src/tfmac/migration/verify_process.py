"""A process of some environment that runs model files, kept for as many files as it lasts."""

import os
import select
import signal
import subprocess
import tempfile
import time
import weakref
from contextlib import suppress
from typing import IO, Any, Optional

import msgspec

from tfmac.models.loadability.readers import Generation, Reader
from tfmac.observe.child import child_variables, signal_name

START_SECONDS = 180.0
"""What importing TensorFlow may take beyond the limit of the first request."""
_LARGEST_ANSWER = 1 << 26
_CHUNK = 1 << 16
_QUOTED = 400
# Graphs and functions of many models stay in a framework's memory.
_MOST_FILES = 60
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify_script.py")
_PACKAGES = {
    Generation.STANDALONE: "keras",
    Generation.TF_KERAS: "tensorflow.keras",
    Generation.LEGACY: "tf_keras",
    Generation.KERAS_3: "keras",
}


class Refused(Exception):
    """The framework did not do what it was asked; the message is its own."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class Died(Refused):
    """The process ended, or had to be ended; the message says how."""


class FrameworkProcess:
    """One environment's process: started when it is needed, and again after it has died."""

    def __init__(self, interpreter: str, reader: Reader) -> None:
        self.reader = reader
        self.starts = 0
        self._interpreter = interpreter
        self._running: Optional[_Running] = None
        self._files = 0

    def load(self, request: dict[str, Any], *, time_limit: float) -> dict[str, Any]:
        """Load a model; raise ``Refused``, or ``Died``."""
        if self._files >= _MOST_FILES:
            self.close()
        self._files += 1
        package = _PACKAGES[self.reader.generation]
        return self.ask({"do": "load", "package": package, **request}, time_limit=time_limit)

    def ask(self, request: dict[str, Any], *, time_limit: float) -> dict[str, Any]:
        """Send a request and wait for what is answered; raise ``Refused``, or ``Died``."""
        if self._running is None:
            self.starts += 1
            self._running = _Running(self._interpreter, self.reader)
            time_limit += START_SECONDS
        try:
            answer = self._running.ask(request, time_limit)
        except BaseException:
            # An answer that nobody waited for would be taken for the next one's.
            self.close()
            raise
        if not answer.get("ok"):
            raise Refused(str(answer.get("error", "no reason")), str(answer.get("type", "")))
        return answer

    @property
    def number(self) -> Optional[int]:
        """The number of the process, while there is one."""
        return None if self._running is None else self._running.number

    def close(self) -> None:
        """End the process, if there is one."""
        self._files = 0
        if self._running is not None:
            self._running.end()
            self._running = None


class _Running:
    def __init__(self, interpreter: str, reader: Reader) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="tfmac-framework-")
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._process = subprocess.Popen(
                [interpreter, "-I", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._messages,
                env=child_variables(_variables(reader, self._scratch.name)),
                cwd=self._scratch.name,
                # Ctrl-C is for the user's own process, which ends this one.
                start_new_session=True,
            )
        except OSError as error:
            raise Died(f"{interpreter} cannot be started: {error.strerror}") from error
        self._ended = weakref.finalize(self, _end, self._process, self._scratch, self._messages)

    @property
    def number(self) -> int:
        return self._process.pid

    def end(self) -> None:
        self._ended()

    def ask(self, request: dict[str, Any], time_limit: float) -> dict[str, Any]:
        deadline = time.monotonic() + time_limit
        try:
            requests = _pipe(self._process.stdin)
            requests.write(msgspec.json.encode(request) + b"\n")
            requests.flush()
        except BrokenPipeError:
            raise Died(self._death()) from None
        line = self._line(deadline, time_limit)
        answer: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        return answer

    def _line(self, deadline: float, time_limit: float) -> bytes:
        answers = _pipe(self._process.stdout).fileno()
        line = bytearray()
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([answers], [], [], left)[0]:
                raise Died(f"did not answer within {time_limit:g} seconds")
            data = os.read(answers, _CHUNK)
            if not data or len(line) > _LARGEST_ANSWER:
                raise Died(self._death())
            line += data
        return bytes(line)

    def _death(self) -> str:
        try:
            status = self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "closed its pipe"
        if status == -signal.SIGKILL:
            return "was killed, as a system does that has no memory left (SIGKILL)"
        how = signal_name(-status) if status < 0 else f"exit status {status}"
        said = self._last_words()
        return f"ended by {how}" + (f": {said}" if said else "")

    def _last_words(self) -> str:
        size = self._messages.seek(0, os.SEEK_END)
        self._messages.seek(max(0, size - _QUOTED))
        lines = self._messages.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


def _variables(reader: Reader, scratch: str) -> dict[str, Optional[str]]:
    """Keep everything away that would let a framework compute otherwise than a plain one."""
    return {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": reader.backend,
        "TF_USE_LEGACY_KERAS": "1" if reader.generation is Generation.LEGACY else None,
        # The user's keras.json sets types and the order of axes for what does not say them.
        "KERAS_HOME": scratch,
        "PYTHONHASHSEED": "0",
        "TMPDIR": scratch,
    }


def _end(
    process: "subprocess.Popen[bytes]",
    scratch: "tempfile.TemporaryDirectory[str]",
    messages: IO[bytes],
) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    with suppress(BrokenPipeError):
        _pipe(process.stdin).close()
    _pipe(process.stdout).close()
    messages.close()
    scratch.cleanup()


def _pipe(pipe: Optional[IO[bytes]]) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - both are pipes
    return pipe
