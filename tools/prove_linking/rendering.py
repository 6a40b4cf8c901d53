"""The report as Markdown: table, scores, disagreements."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Optional

from tools.prove_linking import plan, scores
from tools.prove_linking.records import Journal, Judged, Loaded
from tools.prove_linking.scores import Outcome, Pair

_LETTERS = {
    Outcome.LOADS: "L",
    Outcome.CANNOT_LOAD: "C",
    Outcome.OTHER: "o",
    Outcome.CRASH: "x",
    Outcome.TIMEOUT: "t",
}
LEGEND = (
    "Verdict/outcome: L loads, C cannot load; outcome also o failed without the loader, x crash, "
    "t no answer in time. **Bold**: they differ. `m`: the declared metadata is wrong about the "
    "pair. *: held out."
)


class Seen(NamedTuple):
    """A pair that was both judged and loaded."""

    judged: Judged
    loaded: Loaded
    held_out: bool


def seen(journal: Journal, wanted: plan.Plan, engine: str) -> tuple[Seen, ...]:
    """Collect the finished pairs of a plan."""
    found = []
    names = [plan.requirement(*subject) for subject in wanted.releases()]
    for tensorflow in wanted.tensorflows:
        judged = journal.judged(engine, tensorflow.version)
        loaded = journal.loaded(tensorflow.version)
        apart = tensorflow.held_out and journal.judged_first(engine, tensorflow.version)
        found += [
            Seen(judged[name], loaded[name], apart)
            for name in names
            if name in judged and name in loaded
        ]
    return tuple(found)


def report(journal: Journal, wanted: plan.Plan, engine: str) -> str:
    """Write the whole report about what the journal has of a plan."""
    pairs = seen(journal, wanted, engine)
    parts = (
        _table(pairs, wanted),
        (LEGEND,),
        _counts(pairs),
        _score_table(pairs),
        _cross_checks(pairs),
        _disagreements(pairs),
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _table(pairs: Sequence[Seen], wanted: plan.Plan) -> Iterator[str]:
    cells = {(each.judged.release, each.judged.tensorflow): each for each in pairs}
    versions = sorted(wanted.tensorflows, key=lambda each: _numbers(each.version))
    marks = {each.judged.tensorflow for each in pairs if each.held_out}
    heads = [f"{each.version}{'*' if each.version in marks else ''}" for each in versions]
    yield _row("release", *heads)
    yield _row(*["---"] * (len(heads) + 1))
    for extension, version in wanted.releases():
        name = plan.requirement(extension, version)
        found = [cells.get((name, each.version)) for each in versions]
        if any(found):
            yield _row(f"{extension.name} {version}", *[_cell(each) for each in found])


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _cell(each: Optional[Seen]) -> str:
    if each is None:
        return ""
    pair = scores.package_pair(each.judged, each.loaded)
    verdict = "?" if pair.loads is None else "L" if pair.loads else "C"
    text = f"{verdict}/{_LETTERS[pair.outcome]}"
    if pair.disagrees:
        text = f"**{text}**"
    wrong = _contradicts(scores.declared_pair(each.judged, each.loaded))
    return f"{text} m" if wrong else text


def _contradicts(pair: Pair) -> bool:
    """Whether an installer that trusts the metadata would be misled; silence admits."""
    if pair.outcome is Outcome.CANNOT_LOAD:
        return pair.loads is not False
    return pair.outcome is Outcome.LOADS and pair.loads is False


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _counts(pairs: Sequence[Seen]) -> Iterator[str]:
    releases = {each.judged.release for each in pairs}
    yield (
        f"{len(pairs)} pairs: {len(releases)} releases of "
        f"{len({_project(name) for name in releases})} extensions beside "
        f"{len({each.judged.tensorflow for each in pairs})} TensorFlow versions; "
        f"{sum(len(each.judged.libraries) for each in pairs)} libraries."
    )


def _score_table(pairs: Sequence[Seen]) -> Iterator[str]:
    yield _row("level", "pairs", "cannot load", "precision", "recall", "false C", "false L", "open")
    yield _row(*["---"] * 8)
    for part, chosen in (("", pairs), (", held out", [one for one in pairs if one.held_out])):
        views = (
            ("libraries", _library_pairs(chosen)),
            ("packages", [scores.package_pair(one.judged, one.loaded) for one in chosen]),
            ("declared metadata", [scores.declared_pair(one.judged, one.loaded) for one in chosen]),
        )
        for name, compared in views:
            yield _score_row(f"{name}{part}", compared)


def _library_pairs(pairs: Iterable[Seen]) -> list[Pair]:
    return [one for each in pairs for one in scores.library_pairs(each.judged, each.loaded)]


def _score_row(name: str, pairs: Iterable[Pair]) -> str:
    total = scores.score(pairs)
    return _row(
        name,
        str(total.pairs),
        str(total.both + total.missed),
        _figure(total.precision),
        _figure(total.recall),
        str(total.falsely),
        str(total.missed),
        str(total.apart),
    )


def _figure(share: Optional[float]) -> str:
    """Write a share so that only a whole one reads 1."""
    return "none" if share is None else "1" if share == 1 else f"{min(share, 0.9999):.4f}"


def _cross_checks(pairs: Sequence[Seen]) -> Iterator[str]:
    """Tell what supports the outcomes themselves."""
    attempts = [one for each in pairs for one in each.loaded.libraries]
    refused = [one for one in attempts if scores.library_outcome(one) is Outcome.CANNOT_LOAD]
    lazily = sum(one.lazy is None for one in refused)
    libraries = [one for one in _library_pairs(pairs) if one.outcome is Outcome.CANNOT_LOAD]
    same = sum(_message(one.predicted) == _message(one.happened) for one in libraries)
    imports = [scores.import_pair(each.judged, each.loaded) for each in pairs]
    succeeded = [one for one in imports if one.outcome is Outcome.LOADS]
    by_loader = [one for one in imports if one.outcome is Outcome.CANNOT_LOAD]
    yield f"- Libraries that the loader refused: {len(refused)}; {lazily} of them open lazily."
    yield f"- Predicted messages that equal the loader's: {same} of {len(libraries)}."
    yield (
        f"- Imports of packages: {len(succeeded)} succeed, {len(by_loader)} end by the loader, "
        f"{len(imports) - len(succeeded) - len(by_loader)} otherwise. Of those that the loader "
        f"ended, {sum(one.loads is True for one in by_loader)} had the verdict `loads`."
    )
    late = sorted({_project(one.release) for one in succeeded if one.loads is False})
    yield (
        f"- Of those that succeed, {sum(one.loads is False for one in succeeded)} had the verdict "
        f"`cannot-load`: what they miss is opened later ({', '.join(late) or 'none'})."
    )
    strays = sorted({name for each in pairs for name in _strays(each)})
    yield f"- Opened by an import and not counted as opened: {', '.join(strays) or 'none'}."


def _project(release: str) -> str:
    return release.partition("==")[0]


def _message(text: Optional[str]) -> str:
    return (text or "").strip()


def _strays(each: Seen) -> Iterator[str]:
    named = {one.path for one in each.judged.libraries if one.named}
    own = {one.path for one in each.judged.libraries}
    for path in each.loaded.imported.mapped:
        if path in own - named:
            yield f"{_project(each.judged.release)}: {path.rpartition('/')[2]}"


def _disagreements(pairs: Sequence[Seen]) -> Iterator[str]:
    everything = [
        *(scores.package_pair(each.judged, each.loaded) for each in pairs),
        *_library_pairs(pairs),
    ]
    shown = [one for one in everything if one.disagrees]
    yield f"Disagreements: {len(shown)}."
    for one in shown:
        said = f"said `{one.predicted}`" if one.predicted else "said loads"
        yield (
            f"- {one.release} beside {one.tensorflow}, {one.subject}: {said}; "
            f"{one.outcome.value} {one.happened}".rstrip()
        )
    yield ""
    yield from _left_open(everything)


def _left_open(pairs: Iterable[Pair]) -> Iterator[str]:
    left = [one for one in pairs if one.outcome not in {Outcome.LOADS, Outcome.CANNOT_LOAD}]
    yield f"Without an outcome: {len(left)}."
    for one in left:
        where = f"{one.release} beside {one.tensorflow}, {one.subject}"
        yield f"- {where}: {one.outcome.value}: {one.happened}"
