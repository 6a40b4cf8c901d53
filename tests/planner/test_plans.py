"""Plans from a choice and a resolver; the resolver here answers from a table of refusals."""

from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

import pytest

from builders.wishes import demands
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.resolver import IndexUnreachable, ResolutionImpossible
from tfmac.planner.resolving import Asking, make_plan
from tfmac.schema.plans import InterpreterChoice, NoPlan, Pin, Plan, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")


class Asked(NamedTuple):
    """One question to the resolver."""

    requirements: "tuple[str, ...]"
    python: str
    target: Target
    constraints: "tuple[str, ...]"
    prereleases: bool
    hashes: bool


class TableResolver:
    """Pins what is asked for exactly; refuses requirements that contain a given text."""

    def __init__(self, *refused: str) -> None:
        self._refused = refused
        self.asked: list[Asked] = []

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        target: Target,
        constraints: Sequence[str] = (),
        preferred: Sequence[Pin] = (),  # noqa: ARG002 - a table has nothing to keep
        prereleases: bool = False,
        hashes: bool = False,
    ) -> "tuple[Pin, ...]":
        self.asked.append(
            Asked(tuple(requirements), python, target, tuple(constraints), prereleases, hashes)
        )
        for text in requirements:
            if any(part in text for part in self._refused):
                raise ResolutionImpossible(f"because {text} collides with pandas, nothing fits")
        exact = [text.partition("==") for text in requirements if "==" in text]
        digests = ("sha256:0",) if hashes else ()
        return tuple(Pin(name=name, version=version, hashes=digests) for name, _, version in exact)

    def artifacts(self, plan: Plan) -> str:
        raise AssertionError(f"nobody asks for the files of {plan}")


def planned(
    wish: Wish,
    resolver: TableResolver,
    *,
    interpreter: Optional[InterpreterChoice] = None,
    hashes: bool = False,
) -> Union[Plan, NoPlan]:
    choice = choose(wish)
    assert isinstance(choice, Choice)
    asking = Asking(resolver=resolver, hashes=hashes)
    return make_plan(wish, choice.best, asking, interpreter=interpreter)


def plan_of(answer: Union[Plan, NoPlan]) -> Plan:
    assert isinstance(answer, Plan)
    return answer


def test_the_pins_are_the_resolvers() -> None:
    """A plan has the chosen requirements and exactly what they resolve to."""
    resolver = TableResolver()

    plan = plan_of(planned(Wish(target=MAC), resolver))

    assert plan.requirements == ("tensorflow==2.19.1", "tensorflow-metal==1.2.0")
    assert list(map(str, plan.pins)) == ["tensorflow==2.19.1", "tensorflow-metal==1.2.0"]
    assert plan.version("tensorflow-metal") == "1.2.0"
    assert plan.version("pandas") is None
    assert plan.gpu
    assert (plan.python, plan.target) == ("3.12", MAC)


def test_the_resolver_is_asked_for_the_wished_machine() -> None:
    """Target, Python, hashes and pre-releases go through as they were wished."""
    resolver = TableResolver()

    plan = plan_of(planned(Wish(target=MAC, python="3.11"), resolver, hashes=True))

    (asked,) = resolver.asked
    assert (asked.python, asked.target) == ("3.11", MAC)
    assert asked.hashes
    assert not asked.prereleases
    assert [pin.hashes for pin in plan.pins] == [("sha256:0",)] * 2


def test_needs_that_no_release_declares_are_constraints() -> None:
    """An old TensorFlow gets the bounds that it needs, and the plan says so."""
    resolver = TableResolver()

    plan = plan_of(planned(Wish(target=MAC, tensorflow="2.10"), resolver))

    assert set(resolver.asked[0].constraints) == {"numpy<2", "protobuf<3.20", "keras==2.10.*"}
    statements = " ".join(one.statement for one in plan.rationale)
    assert "numpy<2, which TensorFlow 2.10.0 needs and does not declare" in statements
    assert "protobuf<3.20, which" not in statements


def test_a_wished_keras_and_packages_are_requirements() -> None:
    """They are resolved together with TensorFlow, not after it."""
    resolver = TableResolver()
    wish = Wish(target=MAC, keras="3.8", demands=demands("pandas>=2", "scipy"))

    planned(wish, resolver)

    assert resolver.asked[0].requirements[2:] == ("keras==3.8.*", "pandas>=2", "scipy")


def test_the_interpreter_passes_through() -> None:
    """The plan names the Python that it is to be built on."""
    interpreter = InterpreterChoice(path="/opt/python3.12", version="3.12.9", origin="PATH")

    assert plan_of(
        planned(Wish(target=MAC), TableResolver(), interpreter=interpreter)
    ).interpreter == (interpreter)


def test_colliding_packages_make_it_try_an_older_tensorflow() -> None:
    """Where the user's packages refuse the newest, the next older minor is planned instead."""
    resolver = TableResolver("tensorflow==2.19")

    plan = plan_of(planned(Wish(target=MAC, demands=demands("pandas")), resolver))

    assert plan.version("tensorflow") == "2.18.1"
    assert plan.gpu
    first = plan.rejected[0]
    assert first.stack == "TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"
    assert first.cause == "requirement-conflict"
    assert first.reason == "because tensorflow==2.19.1 collides with pandas, nothing fits"


def test_an_older_tensorflow_still_meets_the_wishes() -> None:
    """Nothing outside the wished versions is tried before the wishes themselves are in question."""
    resolver = TableResolver("pandas")
    wish = Wish(target=MAC, tensorflow=">=2.18,<2.20", demands=demands("pandas"))

    assert isinstance(planned(wish, resolver), NoPlan)
    attempts = [one.requirements[0] for one in resolver.asked]
    assert attempts[:2] == ["tensorflow==2.19.1", "tensorflow==2.18.1"]
    # From here on one wish after the other is given up, to see which of them collide.
    assert "pandas" not in resolver.asked[2].requirements


def test_each_minor_is_tried_once_and_only_a_few() -> None:
    """A refusal costs a resolution, so patch releases are skipped and the search is short."""
    resolver = TableResolver("pandas")

    planned(Wish(target=MAC, demands=demands("pandas")), resolver)

    asked = [one.requirements for one in resolver.asked if "pandas" in one.requirements]
    minors = [requirements[0].rpartition(".")[0] for requirements in asked]
    assert len(minors) == len(set(minors))
    assert 2 <= len(minors) <= 6


def test_all_refused_is_no_plan_in_the_resolvers_words() -> None:
    """The reason is the resolver's for the best set; only what is to blame is named."""
    resolver = TableResolver("pandas")

    answer = planned(Wish(target=MAC, gpu=True, demands=demands("pandas", "scipy")), resolver)

    assert isinstance(answer, NoPlan)
    (conflict,) = answer.conflicts
    assert conflict.wishes == ("--with pandas",)
    assert conflict.reason == "because pandas collides with pandas, nothing fits"
    assert conflict.cause == "requirement-conflict"
    assert answer.nearest == (
        "without --with pandas: TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"
    )


def test_an_index_that_lacks_the_newest_gets_the_next_older() -> None:
    """A company's index may lag behind; the plan says what was refused, and by whom."""
    plan = plan_of(planned(Wish(target=MAC), TableResolver("tensorflow==2.19")))

    assert plan.version("tensorflow") == "2.18.1"
    assert "TensorFlow 2.19.1" in plan.rejected[0].stack
    assert "nothing fits" in plan.rejected[0].reason


def test_an_index_without_tensorflow_ends_in_the_resolvers_words() -> None:
    """After a few releases the first refusal is the answer."""
    resolver = TableResolver("tensorflow==")

    answer = planned(Wish(target=MAC), resolver)

    assert isinstance(answer, NoPlan)
    assert answer.nearest is None
    assert "2.19.1" in answer.conflicts[0].reason
    assert 1 < len(resolver.asked) <= 6


def test_an_unreachable_index_is_no_refusal() -> None:
    """That nobody answered says nothing about the wishes."""

    class Offline(TableResolver):
        def resolve(self, requirements: Sequence[str], **_: object) -> "tuple[Pin, ...]":
            raise IndexUnreachable(f"no answer for {len(requirements)} requirements")

    with pytest.raises(IndexUnreachable):
        planned(Wish(target=MAC, demands=demands("pandas")), Offline())
