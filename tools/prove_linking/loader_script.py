"""Loads libraries and packages beside one TensorFlow, each in a forked child of its own.

Run by the TensorFlow's Python: ``loader_script.py SITE_PACKAGES PRELOADED...``; standard library
only. Jobs come as JSON lines on standard input, one answer goes out for each.
"""

import contextlib
import ctypes
import importlib
import json
import os
import select
import signal
import site
import sys
import tempfile
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Optional

MOST_CHARACTERS = 4000
TREE = sys.argv[1]

Job = dict[str, Any]
Answer = dict[str, Any]


def words(error: Optional[BaseException]) -> str:
    """Tell an exception with everything that led to it."""
    told: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(told)[:MOST_CHARACTERS]


def refusal(path: str, mode: int) -> Optional[str]:
    """Open a library by the loader's own function: None, or the loader's words."""
    try:
        ctypes.CDLL(path, mode=mode)
    except OSError as error:
        return str(error)[:MOST_CHARACTERS]
    return None


def refusal_when_lazy(path: str) -> Optional[str]:
    """Ask the loader for lazy binding, in one more child: what gets in so may die at its start."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        try:
            told = refusal(path, os.RTLD_LAZY | os.RTLD_LOCAL)
            os.write(sending, (told or "").encode())
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as answer:
        content = answer.read()
    os.waitpid(child, 0)
    return content.decode("utf-8", "replace") or None


def load_library(job: Job, tensorflow: ModuleType) -> Answer:
    """Open an op library as a user does; where that fails, ask the loader itself."""
    path = os.path.join(TREE, job["target"])
    try:
        tensorflow.load_op_library(path)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {
            "end": "raised",
            "message": words(error),
            "immediate": refusal(path, os.RTLD_NOW | os.RTLD_LOCAL),
            "lazy": refusal_when_lazy(path),
        }
    return {"end": "done"}


def import_package(job: Job, _tensorflow: ModuleType) -> Answer:
    """Import a package; tell which libraries of the tree are in memory afterwards."""
    importlib.invalidate_caches()
    answer: Answer = {"end": "done"}
    try:
        importlib.import_module(job["target"])
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        answer = {"end": "raised", "message": words(error)}
    answer["mapped"] = sorted(set(mapped()))
    return answer


def mapped() -> Iterator[str]:
    """List the libraries of the tree that are in memory."""
    with open("/proc/self/maps") as file:
        for line in file:
            path = line.rstrip("\n").partition("/")[2]
            if ("/" + path).startswith(TREE + "/") and ".so" in path:
                yield os.path.relpath("/" + path, TREE)


ACTIONS = {"library": load_library, "import": import_package}


def attempt(job: Job, tensorflow: ModuleType) -> Answer:
    """Do a job in a child and tell how that ended."""
    receiving, sending = os.pipe()
    with tempfile.TemporaryFile() as messages:
        child = os.fork()
        if not child:
            try:
                os.dup2(messages.fileno(), 2)
                sys.dont_write_bytecode = True
                answer = ACTIONS[job["kind"]](job, tensorflow)
                os.write(sending, json.dumps(answer).encode())
            finally:
                os._exit(0)
        os.close(sending)
        content, on_time = collected(receiving, job["limit"])
        if not on_time:
            os.kill(child, signal.SIGKILL)
        os.close(receiving)
        _, status = os.waitpid(child, 0)
        answer = {"end": "killed", "status": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
        if not on_time:
            answer["end"] = "timeout"
        with contextlib.suppress(ValueError):
            answer = json.loads(content.decode())
        messages.seek(0)
        if answer["end"] != "done":
            answer["said"] = messages.read().decode("utf-8", "replace")[-MOST_CHARACTERS // 4 :]
    answer["target"] = job["target"]
    return answer


def collected(receiving: int, limit: float) -> tuple[bytes, bool]:
    """Read what a child sends until it ends; False when it does not end in time."""
    content, deadline = b"", time.monotonic() + limit
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([receiving], [], [], left)[0]:
            return content, False
        portion = os.read(receiving, 65536)
        if not portion:
            return content, True
        content += portion


def main() -> None:
    """Import TensorFlow, say so, then do jobs until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sys.path.insert(0, TREE)
    site.addsitedir(TREE)
    tensorflow = importlib.import_module("tensorflow")
    for name in sys.argv[2:]:
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
    print(json.dumps({"tensorflow": tensorflow.__version__}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(attempt(json.loads(line), tensorflow)), file=answers, flush=True)


main()
