"""Write the generated pages: ``python tools/build_docs.py``.

Made are ``docs/causes/`` (one page a cause, and an index), ``docs/commands.md`` (the help of every
command) and the table of plug-ins in ``README.md``, between its two markers. ``--check`` writes
nothing and ends with 1 when a page is not what the program says.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from packaging.version import Version

from tfmac.checks.documentation import describe
from tfmac.checks.registry import CHECKS, Check
from tfmac.cli import program
from tfmac.explainer import signatures
from tfmac.explainer.advice import worded_circumstances
from tfmac.explainer.wording import worded
from tfmac.knowledge import extension_abi, failures
from tfmac.schema.abi import AbiPair, AbiVerdict
from tfmac.schema.knowledge import Failure
from tfmac.schema.log_signatures import Advice, LogKnowledge
from tfmac.schema.reports import CheckText

ROOT = Path(__file__).resolve().parent.parent
CAUSES = ROOT / "docs" / "causes"
COMMANDS = ROOT / "docs" / "commands.md"
README = ROOT / "README.md"

PLUGIN = "tensorflow-metal"
TABLE_BEGIN = "<!-- plug-in table: made by tools/build_docs.py -->\n"
TABLE_END = "<!-- end of the plug-in table -->\n"
_MADE = "<!-- made by tools/build_docs.py; do not edit -->\n"
_HELP_WIDTH = 110

_CODE = re.compile(r"(`+)(.+?)\1")
_CAPTURE = re.compile(r"\{\w*:\w+\}")
# What Markdown would read as emphasis, a link, a tag or an escape. Underscores within words,
# and signs before numbers (<2), are plain text to it.
_SPECIAL = re.compile(r"[*\[\]\\]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])")


def pages() -> dict[Path, str]:
    """Give every generated file with its text."""
    made = {CAUSES / f"{name}.md": cause_page(failures.failure(name)) for name in failures.causes()}
    made[CAUSES / "README.md"] = cause_index()
    made[COMMANDS] = commands_page()
    made[README] = with_plugin_table(README.read_text(encoding="utf-8"))
    return made


def cause_page(failure: Failure) -> str:
    """Write the page of one cause."""
    harmless = " It is harmless." if failure.harmless else ""
    lines = [
        _MADE,
        f"# {failure.cause}\n",
        markdown(failure.definition) + harmless + "\n",
        f"Category: {failure.category}. It can be found in: {', '.join(failure.found_by)}.\n",
        "## Sign\n",
        markdown(failure.sign) + "\n",
        "## What has to change\n",
        markdown(failure.remedy) + "\n",
    ]
    if failure.references:
        lines += ["## References\n", *(f"- <{one}>" for one in failure.references), ""]
    lines += _log_lines(failure.cause)
    lines.append("## Checks that find it\n")
    found = [line for check in _finders(failure.cause) for line in _check_lines(describe(check))]
    lines += found or ["None: `tfmac doctor` does not look for it.\n"]
    return "\n".join(lines)


def _log_lines(cause: str) -> Iterator[str]:
    """Give what the explainer knows of a cause: why, what it looks for, and what helps when."""
    log = records_by_cause().get(cause)
    if log is None:
        return
    yield "## In a log\n"
    yield markdown(worded(log.why, {})) + "\n"
    shown = dict.fromkeys(
        pattern for one in log.signatures for pattern in (*one.text, *one.any_text)
    )
    if shown:
        yield "Looked for, where white space and the kind of quotes do not count:\n"
        yield from (f"- `` {_CAPTURE.sub('...', pattern)} ``" for pattern in shown)
        yield ""
    if log.advice:
        yield "What helps:\n"
        yield from (_advice_line(one) for one in log.advice)
        yield ""


def records_by_cause() -> "dict[str, LogKnowledge]":
    """Give what the explainer knows, by cause."""
    return {one.cause: one.log for one in signatures.records() if one.log is not None}


def _advice_line(advice: Advice) -> str:
    condition = f"*{markdown(worded_circumstances(advice.when))}*: " if advice.when else ""
    constraints = "".join(
        f" Needs `{worded(one.value, {})}`: {markdown(worded(one.reason, {}))}."
        for one in advice.constraints
    )
    return f"- {condition}{markdown(worded(advice.text, {}))}{constraints}"


def _finders(cause: str) -> tuple[Check, ...]:
    return tuple(check for check in CHECKS if cause in check.causes)


def _check_lines(text: CheckText) -> Iterator[str]:
    yield f"### {text.check}\n"
    yield f"{markdown(text.question)}\n"
    yield f"- **Looks at**: {markdown(text.looks_at)}"
    yield f"- **Why it matters**: {markdown(text.why_it_matters)}"
    yield f"- **Repair**: {markdown(text.repair)}"
    yield f"- **Sources**: {markdown(text.sources)}\n"


def cause_index() -> str:
    """Write the list of all causes, by category."""
    known = sorted(
        map(failures.failure, failures.causes()), key=lambda one: (one.category, one.cause)
    )
    found = sum(bool(_finders(one.cause)) for one in known)
    lines = [
        _MADE,
        "# Causes\n",
        f"{len(known)} causes, by category; `tfmac doctor` finds the {found} that name a check.",
        "`tfmac cause NAME` prints the page of one.\n",
        "| Category | Cause | What it is | Checks |",
        "|---|---|---|---|",
    ]
    for one in known:
        checks = ", ".join(check.name for check in _finders(one.cause))
        cells = (one.category, f"[{one.cause}]({one.cause}.md)", markdown(one.definition), checks)
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Write the help of the program and of each of its commands."""
    lines = [_MADE, "# Commands\n", "What `--help` prints.\n"]
    settings = program.context_settings
    parent = click.Context(program, info_name="tfmac", terminal_width=_HELP_WIDTH, **settings)
    for name in ("", *program.list_commands(parent)):
        lines += [f"## tfmac {name}".rstrip(), "```text", _help(parent, name), "```\n"]
    return "\n".join(lines)


def _help(parent: click.Context, name: str) -> str:
    command = program.get_command(parent, name) if name else None
    if command is None:
        return program.get_help(parent)
    return command.get_help(click.Context(command, info_name=name, parent=parent))


def with_plugin_table(text: str) -> str:
    """Put the table of plug-ins between the markers of a text."""
    before, begin, rest = text.partition(TABLE_BEGIN)
    _, end, after = rest.partition(TABLE_END)
    if not begin or not end:
        raise ValueError(f"README.md lacks the markers {TABLE_BEGIN.strip()} and its end")
    return f"{before}{begin}{plugin_table()}{end}{after}"


def plugin_table() -> str:
    """Say for each TensorFlow which releases of the plug-in load into it, the newest first.

    Neighbouring releases with the same answer share a line.
    """
    groups: list[tuple[list[str], tuple[str, ...]]] = []
    for name, version, pairs in _judged():
        answer = (name, *_answer(pairs))
        if groups and groups[-1][1] == answer:
            groups[-1][0].append(version)
        else:
            groups.append(([version], answer))
    lines = [
        f"| TensorFlow | Distribution | {PLUGIN} that loads | loads, but unsafe | Python | macOS |",
        "|---|---|---|---|---|---|",
    ]
    lines += [_row((_span(versions[::-1]), *answer)) for versions, answer in groups]
    return "\n".join(lines) + "\n"


def _judged() -> Iterator[tuple[str, str, tuple[AbiPair, ...]]]:
    """Name every TensorFlow once, newest first, under ``tensorflow`` where it has that name."""
    found: dict[str, dict[str, list[AbiPair]]] = {}
    for pair in extension_abi.pairs(PLUGIN):
        name, _, version = pair.framework.partition("==")
        found.setdefault(version, {}).setdefault(name, []).append(pair)
    for version in sorted(found, key=Version, reverse=True):
        name = min(found[version])
        yield name, version, tuple(found[version][name])


def _answer(pairs: tuple[AbiPair, ...]) -> tuple[str, str, str, str]:
    """Give the plug-ins that load, and the Pythons and the oldest macOS for the best of them."""
    judged = sorted(pairs, key=lambda pair: Version(_plugin_version(pair)))
    safe, unsafe = (
        [pair for pair in judged if pair.verdict is verdict]
        for verdict in (AbiVerdict.LOADS, AbiVerdict.LOADS_BUT_UNSAFE)
    )
    if not safe and not unsafe:
        return "none", "", "", ""
    best = (safe or unsafe)[-1]
    return (
        _runs(judged, safe) or "none",
        _runs(judged, unsafe),
        _span(best.common_python),
        best.minimum_macos or "unknown",
    )


def _runs(judged: Sequence[AbiPair], chosen: Sequence[AbiPair]) -> str:
    """Write the chosen releases, neighbours as a run."""
    runs: list[list[str]] = [[]]
    for pair in judged:
        if pair in chosen:
            runs[-1].append(_plugin_version(pair))
        elif runs[-1]:
            runs.append([])
    return ", ".join(_span(run) for run in runs if run)


def _plugin_version(pair: AbiPair) -> str:
    return pair.extension.partition("==")[2]


def _span(versions: Sequence[str]) -> str:
    """Write a run of neighbouring releases, oldest first."""
    return f"{versions[0]} to {versions[-1]}" if len(versions) > 2 else ", ".join(versions)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def markdown(text: str) -> str:
    """Write plain text with code in backticks as Markdown that reads the same."""
    parts: list[str] = []
    end = 0
    for match in _CODE.finditer(text):
        parts += [_SPECIAL.sub(r"\\\g<0>", text[end : match.start()]), f"`{match.group(2)}`"]
        end = match.end()
    return "".join([*parts, _SPECIAL.sub(r"\\\g<0>", text[end:])])


def differing() -> dict[Path, str]:
    """Give the generated files that are not what they should be, with the text due.

    The text is empty for the page of a cause that is no longer there.
    """
    made = pages()
    made.update(dict.fromkeys(set(CAUSES.glob("*.md")) - set(made), ""))
    return {
        path: text
        for path, text in sorted(made.items())
        if not text or not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> None:
    """Write all pages, or compare them."""
    stale = differing()
    if "--check" in sys.argv:
        names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        sys.exit(f"not up to date: {names}; run python tools/build_docs.py" if stale else 0)
    CAUSES.mkdir(parents=True, exist_ok=True)
    for path, text in stale.items():
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()


if __name__ == "__main__":
    main()
