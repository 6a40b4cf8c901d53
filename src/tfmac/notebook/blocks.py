"""``with tfmac.explained():`` explains what leaves the block, and lets it go on."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Optional

import click

_WIDTH = 100


@contextmanager
def explained() -> Iterator[None]:
    """Print the traceback of an exception and what it means, then raise it again.

    Where nothing is known of it, nothing is printed. An exception that then ends the program is
    not shown a second time.
    """
    try:
        yield
    except Exception as error:
        text = explanation_of(error)
        if text is not None:
            traceback.print_exception(type(error), error, error.__traceback__)
            sys.stderr.write("\n" + (text if sys.stderr.isatty() else click.unstyle(text)))
            _show_no_more(error)
        raise


def explanation_of(error: BaseException) -> Optional[str]:
    """Explain an exception of this process as text; None where nothing is known of it.

    The facts are those of this process's own interpreter.
    """
    from tfmac.api.explaining import collect_installed, explain  # noqa: PLC0415 - when it is needed
    from tfmac.report.explanations import render  # noqa: PLC0415

    if not explain(error).causes:
        return None
    facts = collect_installed(python=sys.executable)
    report = explain(error, facts=facts, facts_are_of_the_log=True)
    return render(report, width=_WIDTH) if report.causes else None


def _show_no_more(shown: BaseException) -> None:
    """Leave out the traceback of this one exception when it ends the program."""
    before = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]
    ) -> None:
        if error is not shown:
            before(kind, error, trace)

    sys.excepthook = hook
