"""From an error text to its causes, and to what helps on a machine."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Callable, Optional, Union

from tfmac._version import __version__
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.explanations import (
    Explanation,
    ExplanationReport,
    Harmless,
    Quote,
    Recognised,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tfmac.api.advised_commands import Machine
    from tfmac.explainer import Explained
    from tfmac.explainer.advice import Chosen
    from tfmac.explainer.circumstances import Known
    from tfmac.explainer.ranking import Found
    from tfmac.observe.locate import Locating
    from tfmac.schema.facts import Facts
    from tfmac.schema.findings import Constraint
    from tfmac.schema.platform import Target

_MOST_QUOTES = 3
_LONGEST_QUOTE = 400
_MOST_CAUSES = 5
_MOST_EXCEPTIONS = 10


def explain(
    text: Union[str, bytes, BaseException],
    *,
    facts: Union[Facts, Callable[[], Optional[Facts]], None] = None,
    target: Optional[Target] = None,
    facts_are_of_the_log: bool = False,
    home: str = "",
) -> ExplanationReport:
    """Find the causes that show in an error text, or in an exception with its traceback.

    Bytes are those of a file: a log in any encoding, or a notebook.

    ``facts``, or a function that is asked for them only where a cause was found, shape the advice
    and may confirm a cause. They rule one out only where the text's own
    paths prove that the environment which they describe has written it. ``facts_are_of_the_log``
    says that the user names that environment as the failing one, which settles what advice depends
    on. ``target`` is the machine that the advice is for; ``home`` is what ``~`` stands for.
    """
    from tfmac.explainer import explain as find_causes

    found = find_causes(_text(text))
    if callable(facts):
        facts = facts() if found.causes or found.harmless else None
    here = facts is not None and _written_by(facts, found, home)
    known = _known(found, facts, settled=here or facts_are_of_the_log)
    machine = _machine(found.reading.known, facts, target)
    causes, ruled_out = _left(found, known, here=here)
    return ExplanationReport(
        schema_version=SCHEMA_VERSION,
        tfmac=__version__,
        lines=max(found.reading.log.numbers, default=0),
        causes=tuple(_explanation(one, found, known, machine) for one in causes[:_MOST_CAUSES]),
        harmless=tuple(_harmless(one, found) for one in found.harmless),
        versions=_versions(found.reading.known),
        recognised=_recognised(found),
        written_here=here,
        advice_for=str(machine) if machine is not None else None,
        ruled_out=ruled_out,
    )


def collect_installed(*, python: Optional[str] = None, env: Optional[str] = None) -> Facts:
    """Observe of an environment what advice needs: its interpreter, and what is installed.

    The environment is chosen as by ``collect_facts``. Raises ``NothingToInspect``.
    """
    with collecting(python=python, env=env) as collect:
        return collect()


@contextlib.contextmanager
def collecting(
    *, python: Optional[str] = None, env: Optional[str] = None
) -> Iterator[Callable[[], Facts]]:
    """Begin to do as ``collect_installed`` does; what is given ends it.

    An interpreter that has to be asked answers while something else is done. Nothing is waited for
    where the facts are not asked for. Raises ``NothingToInspect``, as what is given does.
    """
    from tfmac.observe.locate import begin_to_locate

    locating = begin_to_locate(python=python, env=env)
    try:
        yield functools.partial(_observed, locating)
    finally:
        locating.drop()


def _observed(locating: Locating) -> Facts:
    from tfmac.observe.host import observe_host, target_of_host
    from tfmac.observe.observation import observe

    host = observe_host()
    if locating.waiting:
        _prepare_commands(target_of_host(host))
    return observe(
        locating.located(),
        host=host,
        target=None,
        parts=frozenset(),
        cwd=None,
        variables=os.environ,
        records=False,
    )


def _prepare_commands(target: Optional[Target]) -> None:
    """Load what commands will need, in the time that an interpreter takes to answer."""
    from tfmac.knowledge import tensorflow
    from tfmac.planner import choosing, repair  # noqa: F401

    if target is not None:
        tensorflow.offers(target)


def _text(given: Union[str, bytes, BaseException]) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, bytes):
        from tfmac.explainer.reading import decoded

        return decoded(given)
    import traceback

    return "".join(traceback.format_exception(type(given), given, given.__traceback__))


def _written_by(facts: Facts, found: Explained, home: str) -> bool:
    from tfmac.explainer.facts import written_by

    return written_by(facts, found.reading.known, home=home)


def _known(found: Explained, facts: Optional[Facts], *, settled: bool) -> Known:
    """Put what facts say behind what the log says itself, where they are of its machine."""
    shown = found.reading.known
    if facts is None or not settled:
        return shown
    from tfmac.explainer.facts import known_of_facts, together

    return together(shown, known_of_facts(facts))


def _left(
    found: Explained, known: Known, *, here: bool
) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Leave out the causes that the facts of the very machine exclude.

    Harmless lines are a cause only where a log has nothing else.
    """
    from tfmac.explainer.facts import excluded

    gone = [one for one in found.causes if here and excluded(one.record, known)]
    causes = tuple(one for one in found.causes if one not in gone)
    nothing_else = not causes and not any(
        event.kind.value in {"exception", "death", "installer"} and not event.bare
        for event in found.reading.events
    )
    if nothing_else and not gone:
        causes = found.harmless
    return causes, tuple(one.record.cause for one in gone)


def _machine(shown: Known, facts: Optional[Facts], target: Optional[Target]) -> Optional[Machine]:
    """Say where commands are to be carried out; None where neither facts nor the log tell."""
    from tfmac.api.advised_commands import Machine
    from tfmac.explainer.facts import known_of_facts, target_of

    known = known_of_facts(facts) if facts is not None else shown
    meant = target or target_of(known)
    if meant is None:
        return None
    python = ".".join(known.python.split(".")[:2]) if known.python else None
    if facts is None or (target is not None and facts.target != target):
        return Machine(target=meant, python=python)
    kind = facts.environment.kind.value
    changeable = kind not in {"system", "homebrew", "tree", "python.org"}
    interpreter = getattr(facts.interpreter, "value", None)
    return Machine(
        target=meant,
        python=python,
        interpreter=interpreter.path if interpreter is not None and changeable else None,
        by_uv=kind == "uv",
        native=known.interpreter in {None, meant.architecture.value},
        installed=known.packages,
    )


def _explanation(
    one: Found, found: Explained, known: Known, machine: Optional[Machine]
) -> Explanation:
    from tfmac.explainer.advice import choose
    from tfmac.explainer.facts import confirmed
    from tfmac.explainer.wording import worded

    log = one.record.log
    captures = one.best.captures
    chosen = list(choose(log, known, captures)) if log is not None else []
    return Explanation(
        cause=one.record.cause,
        title=one.record.definition,
        confidence=one.best.confidence,
        quotes=tuple(_quotes(one, found)),
        why=worded(log.why, captures) if log is not None else "",
        steps=tuple(_step(advice, machine) for advice in chosen),
        constraints=_constraints(chosen),
        references=one.record.references,
        confirmed_by=("what is installed",) if confirmed(one.record, known) else (),
    )


def _constraints(chosen: Sequence[Chosen]) -> tuple[Constraint, ...]:
    """The constraints of the advice that surely fits, else of all that may."""
    sure = [one for one in chosen if one.condition is None]
    found = [constraint for one in sure or chosen for constraint in one.constraints]
    return tuple(one for place, one in enumerate(found) if one not in found[:place])


def _step(advice: Chosen, machine: Optional[Machine]) -> Step:
    lines: tuple[str, ...] = ()
    if machine is not None and advice.constraints:
        from tfmac.api.advised_commands import commands

        lines = commands((*advice.given, *advice.constraints), machine)
    return Step(text=advice.text, condition=advice.condition, commands=lines, code=advice.code)


def _quotes(one: Found, found: Explained) -> Iterator[Quote]:
    """The very lines that show a cause, that of its best sign first."""
    log = found.reading.log
    seen: set[int] = set()
    for hit in one.hits:
        for place in hit.places:
            line = log.line(log.line_at(place))
            if line.number not in seen and len(seen) < _MOST_QUOTES:
                seen.add(line.number)
                text = line.raw.strip()
                shown = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
                yield Quote(line=line.number, text=shown)


def _harmless(one: Found, found: Explained) -> Harmless:
    from tfmac.explainer.wording import worded

    log = one.record.log
    why = worded(log.why, one.best.captures) if log is not None else ""
    return Harmless(cause=one.record.cause, quotes=tuple(_quotes(one, found)), why=why)


def _versions(shown: Known) -> dict[str, str]:
    python = {"python": shown.python} if shown.python is not None else {}
    return {**python, **dict(sorted(shown.packages.items()))}


def _recognised(found: Explained) -> Recognised:
    shown = found.reading.known
    raised = [
        event for event in found.reading.events if event.kind.value == "exception" and event.type
    ]
    last = max((event.group for event in raised), default=0)
    raised.sort(key=lambda event: (event.group != last, not event.ended))
    return Recognised(
        exceptions=tuple(dict.fromkeys(event.type for event in raised))[:_MOST_EXCEPTIONS],
        paths=shown.paths,
        keras=shown.keras,
        system=shown.system,
        platform=shown.platform,
        macos=shown.macos,
    )
