"""The history of a public name as text."""

from collections.abc import Iterator, Sequence

from tfmac.report import layout
from tfmac.schema.api_history import ApiKind, ApiLife, ApiLived, ApiPage


def render(page: ApiPage, *, width: int) -> str:
    """Lay out where a name lived, what stands in for it, and where its like is."""
    lines = [layout.strong(page.lives[0].name if page.lives else page.asked)]
    for life in page.lives:
        lines += _life(life, width)
    if not page.lives:
        lines += layout.labelled(
            "", ["is a name of none of the packages that were read"], width=width
        )
    lines += layout.labelled("instead", _instead(page), width=width)
    lines += layout.labelled("also", [_also(life) for life in page.elsewhere], width=width)
    lines += layout.labelled("near", page.near, width=width)
    return "\n".join(lines) + "\n"


def _life(life: ApiLife, width: int) -> list[str]:
    texts = [] if life.note is None else [life.note]
    if not life.lived and not life.unknown:
        texts.append(f"in none of {_span(life.package, life.read)}")
    label = "lived" if life.lived else "read"
    lines = layout.labelled(label, [*texts, *_lived(life)], width=width)
    if life.unknown:
        runs = [(one, one) for one in life.unknown]
        text = f"{life.package} {_joined(life, runs)}: not told by the sources"
        lines += layout.labelled("unknown", [text], width=width)
    gone = _gone(life)
    return lines + (layout.labelled("gone", [gone], width=width) if gone else [])


def _lived(life: ApiLife) -> Iterator[str]:
    for one in life.lived:
        releases = _between(life.package, one.first, one.last)
        kind = "its kind is not told" if one.kind is ApiKind.OTHER else one.kind.value
        yield f"{releases}: {kind}{_call(one)}"


def _call(lived: ApiLived) -> str:
    if lived.parameters is None:
        return ""
    more = [f"[{name}=]" for name in lived.keywords]
    more += ["**"] if lived.open else []
    return f"({', '.join((*lived.parameters, *more))})"


def _gone(life: ApiLife) -> str:
    """Name the releases after the last one with a name."""
    if not life.lived:
        return ""
    after = life.read[life.read.index(life.lived[-1].last) + 1 :]
    without = [(one, one) for one in after if one not in life.unknown]
    return f"not in {life.package} {_joined(life, without)}" if without else ""


def _instead(page: ApiPage) -> Iterator[str]:
    own = page.lives[0].name if page.lives else ""
    for one in page.replacements:
        prefix = "" if one.name == own else f"{one.name}: "
        yield f"{prefix}{one.replacement} ({one.known_from})"


def _also(life: ApiLife) -> str:
    runs = [(one.first, one.last) for one in life.lived]
    return f"{life.name} in {life.package} {_joined(life, runs)}"


def _joined(life: ApiLife, runs: Sequence[tuple[str, str]]) -> str:
    """Write runs of releases, those that meet as one."""
    joined: list[tuple[str, str]] = []
    for first, last in runs:
        if joined and life.read.index(joined[-1][1]) + 1 == life.read.index(first):
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return ", ".join(first if first == last else f"{first} to {last}" for first, last in joined)


def _span(package: str, minors: Sequence[str]) -> str:
    return _between(package, minors[0], minors[-1])


def _between(package: str, first: str, last: str) -> str:
    return f"{package} {first}" if first == last else f"{package} {first} to {last}"
