"""Real loads: a child interpreter with TensorFlow, driven job by job."""

import json
import os
import subprocess
import threading
from contextlib import suppress
from typing import Any, Optional

import msgspec
from tools.prove_linking.plan import PRELOADED
from tools.prove_linking.records import Attempt

START_LIMIT = 300
"""Seconds that TensorFlow and what is imported with it may take."""
LIBRARY_LIMIT = 60
IMPORT_LIMIT = 180
_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loader_script.py")
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "1", "CUDA_VISIBLE_DEVICES": ""}


class LoaderStopped(Exception):
    """The child with TensorFlow ended or did not answer; its jobs did not."""


class Loader:
    """A running child that has TensorFlow in memory."""

    def __init__(self, interpreter: str, tree: str) -> None:
        self._tree = tree
        self._process = subprocess.Popen(
            [interpreter, "-I", "-S", _SCRIPT, tree, *PRELOADED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **_QUIET},
        )
        self._said: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        self.tensorflow: str = self._answer(START_LIMIT)["tensorflow"]

    def library(self, path: str) -> Attempt:
        """Open a library of the tree with ``tf.load_op_library``."""
        return self._attempt("library", path, LIBRARY_LIMIT)

    def package(self, module: str) -> Attempt:
        """Import a package of the tree."""
        return self._attempt("import", module, IMPORT_LIMIT)

    def close(self) -> None:
        """End the child."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _attempt(self, kind: str, target: str, limit: int) -> Attempt:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for above
        job = {"kind": kind, "target": target, "limit": limit}
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise LoaderStopped(self._last_words()) from error
        answer = self._answer(limit + 30)
        plain = json.dumps(answer).replace(self._tree + os.sep, "")
        return msgspec.json.decode(plain, type=Attempt)

    def _answer(self, limit: int) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for above
        guard = threading.Timer(limit, self._process.kill)
        guard.start()
        line: Optional[str] = self._process.stdout.readline()
        guard.cancel()
        if not line:
            self.close()
            raise LoaderStopped(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _listen(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it was asked for above
        with suppress(ValueError):  # closed while it was read
            for line in self._process.stderr:
                self._said = [*self._said[-20:], line]

    def _last_words(self) -> str:
        return "".join(self._said).strip()[-1000:] or "the child with TensorFlow ended"
