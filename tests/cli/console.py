"""The command line as a user meets it: exit code, standard output, standard error."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from tfmac.cli import main

RUNNING = ".".join(map(str, sys.version_info[:2]))
# What the console script of the package runs.
ENTRY = "from tfmac.cli import main; main()"


class Ended(NamedTuple):
    """How a run of the program ended."""

    code: int
    out: str
    err: str


class _Stream(io.TextIOWrapper):
    """A stream of a process, which takes only what UTF-8 can write; perhaps a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.raw_bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.raw_bytes, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        return self.raw_bytes.getvalue().decode("utf-8")


def tfmac(*arguments: object, terminal: bool = False) -> Ended:
    """Call in this process what the console script calls; ``terminal`` is both outputs'."""
    out, err = _Stream(terminal=terminal), _Stream(terminal=terminal)
    before, sys.argv = sys.argv, ["tfmac", *map(str, arguments)]
    code: object = None
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    assert isinstance(code, int), f"ended with {code!r}"
    return Ended(int(code), out.text(), err.text())


def command(*arguments: object) -> "list[str]":
    """Write the command line that starts the program in a process of its own."""
    return [sys.executable, "-c", ENTRY, *map(str, arguments)]


def started(*arguments: object, **variables: str) -> Ended:
    """Run the program in a process of its own, with these variables besides this process's."""
    end = subprocess.run(
        command(*arguments),
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )
    return Ended(end.returncode, end.stdout.decode(), end.stderr.decode())


def document(text: str, kind: str) -> "dict[str, Any]":
    """Read a JSON document and hold it against the schema that ships for its kind."""
    schema = json.loads(
        resources.files("tfmac.schema.documents")
        .joinpath(f"{kind}.schema.json")
        .read_text(encoding="utf-8")
    )
    Draft202012Validator.check_schema(schema)
    read: dict[str, Any] = json.loads(text)
    Draft202012Validator(schema).validate(read)
    assert read["schema_version"] == 1
    return read


def wait_for(sign: Path, process: "subprocess.Popen[Any]") -> None:
    """Wait until a process has made a file; fail when it has ended without."""
    while not sign.exists():
        assert process.poll() is None, f"ended with {process.returncode}: {process.communicate()}"
        time.sleep(0.01)


def refused(ended: Ended, code: int, *words: object) -> None:
    """Hold that a run ended with a code, no result, and a message that has some words in it."""
    assert ended.code == code, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "This is a defect" not in ended.err
    for word in words:
        assert str(word) in ended.err, ended.err


def everything_in(folder: Path) -> "list[str]":
    """Name everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
