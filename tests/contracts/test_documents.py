"""What checks and the planner say, held against the vocabulary of causes."""

import ast
import re
from collections.abc import Iterator

import pytest

from contracts.sources import SOURCES, Source
from tfmac.checks.documentation import HEADINGS, describe
from tfmac.checks.registry import CHECKS, Check, UnknownSelection, parts_needed, select
from tfmac.knowledge import failures
from tfmac.schema.facts import Part
from tfmac.schema.findings import Confidence, ConstraintKind, Outcome, Severity

CAUSES = set(failures.causes())
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


def _name(check: Check) -> str:
    return check.name


@pytest.mark.parametrize("check", CHECKS, ids=_name)
def test_a_check_is_described_under_the_fixed_headings(check: Check) -> None:
    """A docs page and an answer of ``tfmac cause`` can be made from every check."""
    text = describe(check)

    assert text.check == check.name
    assert text.question.startswith("Whether ")
    for part in (text.question, text.looks_at, text.why_it_matters, text.repair, text.sources):
        assert part.endswith(".")
        assert not any(f"{heading}: " in part for heading in HEADINGS)


@pytest.mark.parametrize("check", CHECKS, ids=_name)
def test_a_check_finds_causes_of_the_vocabulary(check: Check) -> None:
    """Each cause is a known one that is said to be found in environments."""
    assert check.causes
    assert set(check.causes) <= CAUSES
    for cause in check.causes:
        assert "environment" in failures.failure(cause).found_by


def test_names_of_checks_and_families_are_clear() -> None:
    """No two checks share a name, and ``--only`` cannot confuse a family with a cause."""
    names = [check.name for check in CHECKS]
    families = {check.family for check in CHECKS}

    assert len(names) == len(set(names))
    assert families & CAUSES == set()


def _said(source: Source) -> "Iterator[str]":
    """Every text that stands for a cause: a keyword ``cause``, or an answer of a ``…cause``."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.keyword) and node.arg == "cause":
            yield from _constants(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("cause"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _constants(inner.value)


def _constants(node: ast.AST) -> "Iterator[str]":
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


@pytest.mark.parametrize(
    "source",
    [one for one in SOURCES if one.layer in {"checks", "planner", "environments", "api"}],
    ids=lambda source: source.module,
)
def test_every_cause_in_the_source_is_of_the_vocabulary(source: Source) -> None:
    """A slug that nobody defined is never said to a user."""
    slugs = {text for text in _said(source) if _SLUG.fullmatch(text)}

    assert slugs - CAUSES == set()


def test_a_check_says_only_causes_that_it_is_registered_with() -> None:
    """What the files of the checks say is what the registry lists, so that ``--only`` finds it."""
    said = {
        text
        for source in SOURCES
        if source.layer == "checks" and source.module != "tfmac.checks.registry"
        for text in _said(source)
        if _SLUG.fullmatch(text)
    }

    assert said <= {cause for check in CHECKS for cause in check.causes}


def test_the_words_of_a_diagnosis_are_closed() -> None:
    """Severity, confidence, constraints and outcomes have the words of the contract."""
    assert [one.value for one in Severity] == ["error", "warning", "note"]
    assert [one.rank for one in Severity] == [0, 1, 2]
    assert {one.value for one in Confidence} == {"certain", "likely", "possible"}
    assert {one.value for one in Outcome} == {"ran", "skipped", "not-applicable", "crashed"}
    assert {one.value for one in ConstraintKind} == {
        "requirement",
        "remove",
        "python",
        "architecture",
        "macos",
        "variable",
    }


def test_checks_are_chosen_by_cause_and_by_family() -> None:
    """A name is a cause or a family; skipping a cause leaves a check that finds others."""
    by_cause = select(["mixed-architectures"])
    by_family = select(["metal"])
    without = select(skip=["metal", "tensorflow-install-incomplete"])

    assert [check.name for check in by_cause] == ["mixed-architectures"]
    assert {check.family for check in by_family} == {"metal"}
    names = {check.name for check in without}
    assert "tensorflow-complete" not in names
    assert "empty-shell" in names
    assert not any(name.startswith("metal-plugin") for name in names)


def test_a_name_that_is_neither_cause_nor_family_is_refused() -> None:
    """A misspelt selection is never an empty one."""
    with pytest.raises(UnknownSelection, match="'metall' is neither a cause"):
        select(["metall"])


def test_what_is_not_needed_is_not_observed() -> None:
    """The parts of the facts follow from the checks that were chosen."""
    assert parts_needed(select(["requirements"])) == frozenset()
    assert parts_needed(CHECKS) == frozenset(Part)
