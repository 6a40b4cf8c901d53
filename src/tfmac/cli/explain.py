"""``tfmac explain``: from an error text to its cause, and to a fix that fits this machine."""

import contextlib
import gc
import sys
from typing import TYPE_CHECKING, BinaryIO, Callable, Optional

import click

from tfmac.cli.common import (
    CommandFailed,
    format_option,
    own_environment_options,
    own_home,
    print_result,
    read_facts,
    share_option,
    target_option,
    terminal_width,
)
from tfmac.cli.exit_codes import ExitCode
from tfmac.schema.platform import Target

if TYPE_CHECKING:
    from tfmac.schema.explanations import ExplanationReport
    from tfmac.schema.facts import Facts

_HEAD, _TAIL = 2_000_000, 6_000_000
"""So many bytes are read of the beginning and of the end of a log."""
_BLOCK = 1 << 20


@click.command(name="explain")
@click.argument("file", required=False, default="-", metavar="[FILE | -]")
@click.option("--facts", "facts_file", metavar="FILE", help="Saved facts of the failing machine.")
@own_environment_options
@target_option
@format_option
@share_option
def command(
    *,
    file: str,
    facts_file: Optional[str],
    python: Optional[str],
    env: Optional[str],
    target: Optional[Target],
    output_format: str,
    share: bool,
) -> int:
    """Say what an error text means, and what to do here.

    Reads FILE, or what is piped or pasted into it: an error, a whole log, a notebook. The text may
    come from another machine; the commands are for the environment that tfmac doctor would look
    at, or for --facts, --python, --env or --for.
    """
    if facts_file is not None and (python or env):
        raise click.UsageError("--facts already says which environment it is")
    try:
        return _explained(file, facts_file, python, env, target, output_format, share=share)
    finally:
        # Lines and events stay until the end: to look for cycles among them when the process ends
        # would take a tenth of all the time.
        gc.freeze()


def _explained(  # noqa: PLR0917
    file: str,
    facts_file: Optional[str],
    python: Optional[str],
    env: Optional[str],
    target: Optional[Target],
    output_format: str,
    *,
    share: bool,
) -> int:
    from tfmac import api

    named = bool(facts_file or python or env)
    with contextlib.ExitStack() as stack:
        # An interpreter that has to be asked answers while the log is read.
        at_hand = None if named else _facts_at_hand(stack)
        content = _content(file)
        facts = None if at_hand else _facts(facts_file, python, env)
        report = api.explain(
            content,
            facts=at_hand or facts,
            target=target,
            facts_are_of_the_log=named,
            home=own_home(),
        )
    if facts is not None:
        from tfmac.api.confirming import confirmed_by_checks

        report = confirmed_by_checks(report, lambda _causes: facts)
    print_result(_rendered(report, output_format, share=share))
    return ExitCode.DONE


def _content(path: str) -> bytes:
    if path == "-":
        if sys.stdin.isatty():
            click.echo("tfmac: paste the error text, then end it with Ctrl-D", err=True)
        return _bounded(sys.stdin.buffer)
    try:
        with open(path, "rb") as file:
            return _bounded(file)
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}", ExitCode.NOTHING_TO_INSPECT) from error


def _bounded(stream: BinaryIO) -> bytes:
    """Read the head and the tail of a stream, however long it is."""
    head = stream.read(_HEAD)
    tail = b""
    while True:
        block = stream.read(_BLOCK)
        if not block:
            break
        tail += block
        if len(tail) > 2 * _TAIL:
            tail = tail[-_TAIL:]
    left_out = len(tail) > _TAIL
    return head + (b"\n" + tail[-_TAIL:] if left_out else tail)


def _facts(path: Optional[str], python: Optional[str], env: Optional[str]) -> "Facts":
    """Give the facts that the user names."""
    from tfmac.api.explaining import collect_installed
    from tfmac.observe.locate import NothingToInspect

    if path is not None:
        return read_facts(path)
    try:
        return collect_installed(python=python, env=env)
    except NothingToInspect as error:
        raise CommandFailed(str(error), ExitCode.NOTHING_TO_INSPECT) from error


def _facts_at_hand(stack: contextlib.ExitStack) -> "Callable[[], Optional[Facts]]":
    """Begin to observe the environment at hand; give what asks for its facts, if there is one."""
    from tfmac.api.explaining import collecting
    from tfmac.observe.locate import NothingToInspect

    def nothing() -> "Optional[Facts]":
        return None

    try:
        collect = stack.enter_context(collecting())
    except NothingToInspect:
        return nothing

    def asked() -> "Optional[Facts]":
        try:
            return collect()
        except NothingToInspect:
            return None

    return asked


def _rendered(report: "ExplanationReport", output_format: str, *, share: bool) -> str:
    from tfmac.schema.codec import to_json
    from tfmac.schema.redaction import redact

    if share:
        report = redact(report, home=own_home())
    if output_format == "json":
        return to_json(report)
    from tfmac.report.explanations import render

    return render(report, width=terminal_width())
