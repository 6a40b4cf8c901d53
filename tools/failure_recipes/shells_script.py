# mypy: ignore-errors
# Run by other interpreters, with frameworks that have no types.
"""Runs a file as a notebook's cell, or as a program whose lines go through a logger.

Only the standard library and IPython; valid from Python 3.7 on.
"""

import logging
import sys
import traceback


def main(how: str, path: str) -> None:
    """Run the file as it is said."""
    with open(path, encoding="utf-8") as file:
        code = file.read()
    if how == "log":
        _log(code, path)
    else:
        _cell(code, how == "coloured")


def _cell(code: str, coloured: bool) -> None:  # noqa: FBT001 - called in one place
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415

    InteractiveShell.colors = "Neutral" if coloured else "NoColor"
    shell = InteractiveShell.instance()
    shell.run_cell(code, store_history=True)


def _log(code: str, path: str) -> None:
    """Print the traceback as a service's logger does."""
    logging.basicConfig(format="%(asctime)s %(levelname)s [%(name)s] %(message)s")
    try:
        exec(compile(code, path, "exec"), {"__name__": "__main__"})  # noqa: S102
    except Exception:  # noqa: BLE001 - whatever the recipe provokes
        for line in traceback.format_exc().splitlines():
            logging.getLogger("trainer").error(line)  # noqa: TRY400 - the traceback is the text


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
