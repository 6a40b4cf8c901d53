# mypy: ignore-errors
# Run by other interpreters, with frameworks that have no types.
"""Imports a release's packages once, then runs each program in a child of its own.

A line of JSON on standard input says what to run: folder, runner, name, output. The exit status
goes back as a line. Only the standard library, IPython and pytest; valid from Python 3.7 on.
"""

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import traceback

_SECONDS = 200


def main(modules: "list[str]") -> None:
    """Run what is asked for until nothing more is."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _child(json.loads(line))
        _, status = os.waitpid(child, 0)
        answers.write(f"{status}\n")
        answers.flush()


def _child(order: "dict[str, str]") -> None:
    signal.alarm(_SECONDS)
    os.chdir(order["folder"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - it runs in any release
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", buffering=1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    sys.path.insert(0, order["folder"])
    sys.argv = [order["name"]]
    status = 1
    try:
        status = _RUNNERS[order["runner"]](order["name"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _plain(name: str) -> int:
    """Run the file as ``python FILE`` does."""
    sys.modules["__main__"].__dict__["__file__"] = name
    try:
        with open(name, encoding="utf-8") as file:
            code = file.read()
        exec(compile(code, name, "exec"), sys.modules["__main__"].__dict__)  # noqa: S102
    except SystemExit as error:
        return int(error.code or 0) if not isinstance(error.code, str) else 1
    except BaseException as error:  # noqa: BLE001 - whatever the recipe provokes
        trace = error.__traceback__
        traceback.print_exception(type(error), error, trace.tb_next if trace else None)
        return 1
    return 0


def _log(name: str) -> int:
    """Print the traceback as a service's logger does."""
    logging.basicConfig(format="%(asctime)s %(levelname)s [%(name)s] %(message)s", force=False)
    try:
        with open(name, encoding="utf-8") as file:
            code = file.read()
        exec(compile(code, name, "exec"), {"__name__": "__main__"})  # noqa: S102
    except Exception:  # noqa: BLE001 - whatever the recipe provokes
        for line in traceback.format_exc().splitlines():
            if "warm_script" not in line:
                logging.getLogger("trainer").error(line)  # noqa: TRY400 - the traceback is the text
        return 1
    return 0


def _cell(name: str, colours: str = "NoColor") -> int:
    """Run the file as a notebook's cell."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415

    InteractiveShell.colors = colours
    shell = InteractiveShell.instance()
    with open(name, encoding="utf-8") as file:
        code = file.read()
    return int(not shell.run_cell(code, store_history=True).success)


def _pytest(name: str) -> int:
    import pytest  # noqa: PLC0415

    return int(pytest.main(["-q", "-p", "no:cacheprovider", name]))


_RUNNERS = {
    "plain": _plain,
    "log": _log,
    "ipython": _cell,
    "coloured": lambda name: _cell(name, "Neutral"),
    "pytest": _pytest,
}

if __name__ == "__main__":
    main(sys.argv[1:])
