"""What pip, uv, conda and poetry complain of, in blocks: what was wanted, and what was offered."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from tfmac.explainer.events import Event
from tfmac.explainer.expressions import expression
from tfmac.explainer.log import Log, squeeze
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases
from tfmac.schema.log_signatures import EventKind

_MOST_LINES = 60
_MOST_BUILD_LINES = 600
_MOST_EVENTS = 60
_MOST_REASONS = 40


class _Mark(NamedTuple):
    """Words that begin a block. Those of a build go on with the block of the build before them."""

    tool: str
    words: str
    build: bool = False


_MARKS = tuple(
    _Mark(tool, squeeze(words), build)
    for tool, words, build in (
        ("pip", "Could not find a version that satisfies the requirement", False),
        ("pip", "is not a supported wheel on this platform", False),
        ("pip", "because these package versions have conflicting dependencies", False),
        ("pip", "The conflict is caused by:", False),
        ("pip", "dependency resolver does not currently take into account", False),
        ("pip", "ResolutionImpossible", False),
        ("pip", "requires a different Python", False),
        ("pip", "which is incompatible", False),
        ("pip", "Ignoring invalid distribution", False),
        ("pip", "externally-managed-environment", False),
        ("pip", "No matching distribution found for", False),
        ("pip", "Skipping * as it is not installed", False),
        ("pip", "as it is not installed", False),
        ("pip", "Failed building wheel for", True),
        ("pip", "Failed to build", True),
        ("pip", "Could not build wheels for", True),
        ("pip", "failed-wheel-build-for-install", True),
        ("pip", "subprocess-exited-with-error", True),
        ("pip", "metadata-generation-failed", True),
        ("pip", "Command errored out with exit status", True),
        ("pip", "(setup.py): finished with status 'error'", True),
        ("pip", "(setup.py) ... error", True),
        ("pip", "(pyproject.toml) ... error", True),
        ("uv", "No solution found when resolving", False),
        ("uv", "requirements are unsatisfiable", False),
        ("uv", "project's requirements are unsatisfiable", False),
        ("uv", "we can conclude that", False),
        ("uv", "The build backend returned an error", True),
        ("uv", "Failed to download and build", True),
        ("uv", "error: failed to build `", True),
        ("uv", "is not compatible with the current platform", False),
        ("uv", "doesn't have a source distribution or wheel for the current platform", False),
        ("uv", "can't be installed because it doesn't have", False),
        ("conda", "PackagesNotFoundError", False),
        ("conda", "PackagesNotFoundInChannelsError", False),
        ("conda", "ResolvePackageNotFound", False),
        ("conda", "UnsatisfiableError", False),
        ("conda", "LibMambaUnsatisfiableError", False),
        ("conda", "nothing provides", False),
        ("conda", "The following packages are incompatible", False),
        ("conda", "Could not solve for environment specs", False),
        ("poetry", "Unable to find installation candidates for", False),
        ("poetry", "version solving failed", False),
        ("poetry", "SolverProblemError", False),
        (
            "poetry",
            "is not compatible with some of the required packages Python requirement",
            False,
        ),
    )
)

# In squeezed text: pip's requirement, where it comes from, and the versions that it saw.
_WANTED = expression(
    r"satisfiestherequirement([\w.-]{1,100}?)(?:\[[\w,.-]{0,100}\])?([=<>!~@;][^()]{0,300}?)?"
    r"(?:\(from(?!versions)(?:[^()]|\([^()]{0,60}\)){0,300}\)){0,6}(?:\(fromversions:([^)]{0,60000}))?"
    r"(?=[()]|ERROR|$)"
)
_NO_MATCH = expression(
    r"Nomatchingdistributionfoundfor([\w.-]{1,100}?)(?:\[[\w,.-]{0,100}\])?(?:([=<>!~]=?[\w.*,=<>!~]{1,60}?)(?:\(|ERROR|WARNING|\[|$)|(?=\(|ERROR|WARNING|$))"
)
_ON_A_LINE = expression(
    r"(?:satisfies the requirement|No matching distribution found for)\s['\"`]?"
    r"([A-Za-z](?:[\w.-]{0,100}\w)?)(?:\[[\w,.-]{0,100}\])?"
    r"((?:\s?[=<>!~]{1,2}\s?[\w*]{1,20}(?:\.[\w*]{1,20}){0,6},?){0,6})"
    r"(?=[\s'\"`*.,;:!?)(]|$)"
)
_UV_PINNED = expression(
    r"Because([A-Za-z][\w.-]{0,100}?)(?:\[[\w,.-]{0,100}\])?==([\w.]{1,40}?)hasno"
)
_UV_NAMED = expression(
    r"Because([A-Za-z][\w.-]{0,100}?)(?:([=<>!~]=?[\w.,=<>!~*]{1,60}?))?(?:hasno|wasnotfound)"
)
_UV_LOCKED = expression(r"[Dd]istribution'?([A-Za-z][\w.-]{0,100})==([\w.+]{1,40})@")
_POETRY = expression(r"installationcandidatesfor([\w.-]{1,100}?)\(([\w.]{1,40})\)")


def installations(log: Log) -> Iterator[Event]:
    """Read the complaints of installers."""
    marks = sorted(
        {
            (log.line_at(place), mark.build, mark.tool)
            for mark in _MARKS
            for place in itertools.islice(log.places(mark.words), _MOST_EVENTS)
        }
    )
    blocks: list[tuple[int, bool, str]] = []
    reached = -1
    for line, build, tool in marks:
        if (
            blocks
            and line <= reached
            and (build == blocks[-1][1])
            and _goes_on(log, line, build=build)
        ):
            continue
        blocks.append((line, build, tool))
        reached = line + (_MOST_BUILD_LINES if build else _MOST_LINES)
    for number, (line, build, tool) in enumerate(blocks[:_MOST_EVENTS]):
        following = blocks[number + 1][0] if number + 1 < len(blocks) else len(log.contents)
        most = _MOST_BUILD_LINES if build else _MOST_LINES
        last = max(line, min(line + most, following - 1, len(log.contents) - 1))
        yield _block(log, tool, _first(log, line), last)


def _goes_on(log: Log, line: int, *, build: bool) -> bool:
    """Whether a line belongs to the block that is open: builds do, and what sums up a search."""
    if build:
        return True
    start, end = log.span(line, min(line + 1, len(log.contents) - 1))
    return "Couldnotfindaversion" not in log.squeezed[start:end]


def _first(log: Log, line: int) -> int:
    """Add the lines above that say which versions were left out, or why nothing was found."""
    if _concludes(log, line):
        return _reasons(log, line)
    first = line
    while first > 0 and line - first < 4 and "Ignored the following" in log.contents[first - 1]:
        first -= 1
    return first


def _concludes(log: Log, line: int) -> bool:
    """Whether a line is the end of a resolver's reasoning, which is above it."""
    start, end = log.span(line, min(line + 1, len(log.contents) - 1))
    return any(words in log.squeezed[start:end] for words in _CONCLUSIONS)


_CONCLUSIONS = ("versionsolvingfailed", "requirementsareunsatisfiable", "wecanconcludethat")


def _reasons(log: Log, line: int) -> int:
    """Find the line at which the reasoning begins that a line concludes."""
    for above in range(line, max(-1, line - _MOST_REASONS), -1):
        if log.contents[above].lstrip("\u2570\u2500 >").startswith("Because"):
            return above
    return line


def _block(log: Log, tool: str, first: int, last: int) -> Event:
    start, end = log.span(first, last)
    return Event(
        kind=EventKind.INSTALLER,
        type=tool,
        start=start,
        end=end,
        captures=_read(log, first, last),
    )


def _read(log: Log, first: int, last: int) -> dict[str, str]:
    """Read what was wanted; where prose follows it, its line alone tells where it ends."""
    start, end = log.span(first, last)
    captures = _captures(log.squeezed[start:end])
    if captures and ("offered" in captures or _is_requirement(captures)):
        return captures
    return _of_line(log, first, last) or captures


def _is_requirement(captures: dict[str, str]) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    try:
        SpecifierSet(captures["wanted"])
    except InvalidSpecifier:
        return False
    return bool(captures["wanted"]) or releases.package(captures["package"]) is not None


def _of_line(log: Log, first: int, last: int) -> dict[str, str]:
    """Read what was wanted where the line says no more, and other text follows it."""
    for content in log.contents[first : last + 1]:
        found = _ON_A_LINE.search(content)
        if found is not None:
            wanted = "".join(found.group(2).split()).rstrip(",")
            return {"package": normalise(found.group(1)), "wanted": wanted}
    return {}


def _captures(text: str) -> dict[str, str]:
    found = _WANTED.search(text)
    if found is not None:
        captures = {
            "package": normalise(found.group(1)),
            "wanted": (found.group(2) or "").partition(";")[0],
        }
        if found.group(3) is not None:
            versions = [one for one in found.group(3).split(",") if one[:1].isdigit()]
            captures["offered"] = ", ".join(versions) or "none"
        return captures
    pinned = _UV_PINNED.search(text) or _UV_LOCKED.search(text)
    if pinned is not None:
        return {"package": normalise(pinned.group(1)), "wanted": f"=={pinned.group(2)}"}
    poetry = _POETRY.search(text)
    if poetry is not None:
        return {"package": normalise(poetry.group(1)), "wanted": f"=={poetry.group(2)}"}
    named = _UV_NAMED.search(text) or _NO_MATCH.search(text)
    if named is not None:
        return {"package": normalise(named.group(1)), "wanted": named.group(2) or ""}
    return {}
