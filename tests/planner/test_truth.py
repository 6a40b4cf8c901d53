"""The planner's choice among all that there is, held against a naive search through the knowledge.

Nothing is resolved here; ``tests/slow/test_planner_truth.py`` asks uv about whole plans.
"""

import functools
from typing import Any, Union

import pytest

from builders.drawn_wishes import TARGETS, conditions, drawn, meeting
from builders.truth import Combination, combinations
from builders.wishes import demands
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.stacks import Candidate
from tfmac.schema.plans import NoPlan, StackKind, Wish
from tfmac.schema.platform import Target

SEED = 20261122
WISHES = 50
"""For each target."""


@functools.cache
def answers(target: Target) -> "tuple[tuple[Wish, Union[Choice, NoPlan]], ...]":
    """The planner's answers to some wishes for a machine."""
    return tuple((wish, choose(wish)) for wish in drawn(_seed(target), WISHES, target))


def _seed(target: Target) -> int:
    return SEED + TARGETS.index(target)


def plans(target: Target) -> "list[tuple[Wish, Candidate]]":
    return [(wish, one.best) for wish, one in answers(target) if isinstance(one, Choice)]


def refusals(target: Target) -> "list[tuple[Wish, NoPlan]]":
    return [(wish, one) for wish, one in answers(target) if isinstance(one, NoPlan)]


def combination(candidate: Candidate) -> Combination:
    """A candidate as the naive search writes it."""
    plugin, keras = candidate.plugin, candidate.keras
    return Combination(
        kind=candidate.stack,
        gpu=candidate.gpu,
        python=candidate.python,
        core=(candidate.core.name, candidate.core.version),
        plugin=(plugin.name, plugin.version) if plugin else None,
        legacy_keras=keras.version if keras else None,
    )


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_wishes_are_of_both_kinds(target: Target) -> None:
    """A search that meets plans only, or refusals only, would hold nothing."""
    assert len(plans(target)) >= WISHES // 5
    assert len(refusals(target)) >= WISHES // 5


def test_every_stack_is_among_the_combinations() -> None:
    """The naive search knows each stack, on some machine."""
    found = {one.kind for target in TARGETS for one in combinations(target)}
    assert found == set(StackKind)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_what_is_chosen_meets_the_wishes(target: Target) -> None:
    """Each choice is a combination that there is, and it meets every wish."""
    for wish, candidate in plans(target):
        assert combination(candidate) in set(meeting(wish)), list(conditions(wish))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_no_gpu_is_given_away(target: Target) -> None:
    """What is chosen computes on the CPU only where no combination with a GPU meets the wishes."""
    for wish, candidate in plans(target):
        if not candidate.gpu:
            assert not any(one.gpu for one in meeting(wish)), list(conditions(wish))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_where_there_is_no_plan_nothing_meets_the_wishes(target: Target) -> None:
    """Among all combinations of the stacks that a wish may get there is none."""
    for wish, _ in refusals(target):
        assert next(meeting(wish), None) is None, list(conditions(wish))


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_wishes_that_are_named_collide(target: Target) -> None:
    """No combination meets those alone; without any one of them there is one."""
    for wish, answer in refusals(target):
        (conflict,) = answer.conflicts
        assert next(meeting(wish, *conflict.wishes), None) is None, conflict.wishes
        for given_up in conflict.wishes if len(conflict.wishes) > 1 else ():
            kept = [one for one in conflict.wishes if one != given_up]
            assert next(meeting(wish, *kept), None) is not None, (conflict.wishes, given_up)


@pytest.mark.parametrize(
    ("target", "wish", "possible"),
    [
        ("macos-14-arm64", {"stack": StackKind.TENSORFLOW_METAL_PLUGIN}, False),
        ("macos-15-arm64", {"stack": StackKind.TENSORFLOW_METAL_PLUGIN}, True),
        ("macos-15-arm64", {"stack": StackKind.TF_KERAS, "tensorflow": "2.16"}, True),
        ("macos-15-arm64", {"stack": StackKind.TF_KERAS, "tensorflow": "2.15"}, False),
        ("linux-x86_64", {"tensorflow": "2.6", "keras": ">=2.7"}, False),
        ("linux-x86_64", {"tensorflow": "2.6", "keras": "2.6"}, True),
        ("linux-aarch64", {"stack": StackKind.TENSORFLOW_CPU, "keras": "<2.13"}, True),
        ("linux-aarch64", {"gpu": True}, False),
    ],
)
def test_the_rules_of_the_stacks(target: str, wish: "dict[str, Any]", *, possible: bool) -> None:
    """At the edges of what a stack is for both searches give the same answer."""
    asked = Wish(target=Target.parse(target), **wish)
    assert isinstance(choose(asked), Choice) is possible
    assert any(meeting(asked)) is possible


@pytest.mark.parametrize(
    ("tensorflow", "extension"),
    [
        ("2.9", "tensorflow-io-gcs-filesystem"),
        ("2.11", "tensorflow-addons<0.20"),
        ("2.13.0", "tensorflow-text>=2.12"),
    ],
)
def test_an_intel_mac_is_not_judged_by_the_libraries_for_arm(
    tensorflow: str, extension: str
) -> None:
    """The tables are of ARM Macs: a wheel for Intel that they do not have is no obstacle."""
    target = Target.parse("macos-13-x86_64")
    answer = choose(Wish(target=target, tensorflow=tensorflow, demands=demands(extension)))
    assert isinstance(answer, Choice)
