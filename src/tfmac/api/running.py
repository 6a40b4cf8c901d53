"""Running a user's program, and explaining what ended it."""

import os
import signal
from collections.abc import Sequence
from typing import Optional

import msgspec

from tfmac.environments.running import CannotStart, Ended
from tfmac.observe.locate import Located, NothingToInspect
from tfmac.schema.explanations import ExplanationReport

__all__ = ["CannotStart", "Ended", "NothingToInspect", "Ran", "explain_end", "run_program"]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A program that has run: how it ended, and in which interpreter."""

    ended: Ended
    interpreter: str


def run_program(
    arguments: Sequence[str],
    *,
    python: Optional[str] = None,
    env: Optional[str] = None,
    timeout: Optional[float] = None,
) -> Ran:
    """Run ``python ARGUMENTS`` with the user's interpreter, as if it were started directly.

    The interpreter is that of ``env`` or ``python``, else the one that ``tfmac doctor`` would look
    at. Raises ``NothingToInspect`` where there is none, and ``CannotStart``.
    """
    from tfmac.environments.running import run_through
    from tfmac.observe.locate import locate

    interpreter = _interpreter(locate(python=python, env=env))
    ended = run_through([interpreter, *arguments], timeout=timeout)
    return Ran(ended=ended, interpreter=interpreter)


def _interpreter(located: Located) -> str:
    from tfmac.schema.fact import Found

    if not isinstance(located.interpreter, Found):
        raise NothingToInspect(f"{located.environment.root} has no interpreter")
    return located.interpreter.value.path


def explain_end(ran: Ran) -> Optional[ExplanationReport]:
    """Explain why a program has failed; None where it has not, or where nothing is known of it."""
    from tfmac.api.confirming import confirmed_by_checks
    from tfmac.api.diagnosis import collect_facts
    from tfmac.api.explaining import collect_installed, explain

    ended = ran.ended
    if ended.code == 0 and not ended.timed_out:
        return None
    text = ended.stderr.decode("utf-8", "replace") + _last_words(ended)
    found = explain(text)
    if not any(one.cause not in _harmless(found) for one in found.causes):
        return None
    try:
        facts = collect_installed(python=ran.interpreter)
    except NothingToInspect:
        return found  # the program has taken its own environment away
    home = os.path.expanduser("~")
    report = explain(text, facts=facts, facts_are_of_the_log=True, home=home)
    # Whatever the text's paths prove: it was this machine that wrote it, just now.
    report = msgspec.structs.replace(report, written_here=True)
    cwd = os.getcwd()
    return confirmed_by_checks(
        report, lambda causes: collect_facts(python=ran.interpreter, only=causes, cwd=cwd)
    )


def _harmless(report: ExplanationReport) -> frozenset[str]:
    return frozenset(one.cause for one in report.harmless)


def _last_words(ended: Ended) -> str:
    """Say what a shell would say of a death: the program itself could not."""
    if ended.signal is None or ended.timed_out:
        return ""
    name = signal.Signals(ended.signal).name
    return f"\nProcess finished with exit code {128 + ended.signal} ({name})\n"
