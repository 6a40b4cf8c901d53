"""Plans from a choice and a resolver; the resolver here answers from a table of refusals."""

from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

import pytest
from packaging.requirements import Requirement

from builders.wishes import demands
from tfmac.knowledge import releases
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
    """Pins what is asked for exactly; refuses requirements that contain a given text.

    Of a framework without a version it takes the newest that it does not refuse.
    """

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
        digests = ("sha256:0",) if hashes else ()
        taken = [self._taken(text, constraints) for text in requirements]
        exact = [text.partition("==") for text in taken if "==" in text]
        return tuple(Pin(name=name, version=version, hashes=digests) for name, _, version in exact)

    def _taken(self, text: str, constraints: Sequence[str]) -> str:
        bounds = [Requirement(one) for one in constraints]
        allowed = [one.specifier for one in bounds if one.name == text and len(one.specifier) > 1]
        versions = releases.versions(text) if allowed else ()
        found = (f"{text}=={one}" for one in versions if allowed[0].contains(one))
        fitting = (one for one in found if not any(part in one for part in self._refused))
        try:
            return next(fitting) if allowed else text
        except StopIteration:
            raise ResolutionImpossible(f"no {text} is left") from None

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
    """Nothing outside the wished versions is taken."""
    wish = Wish(target=MAC, tensorflow=">=2.18,<2.20", demands=demands("pandas"))

    plan = plan_of(planned(wish, TableResolver("tensorflow==2.19")))
    assert plan.version("tensorflow") == "2.18.1"

    answer = planned(wish, TableResolver("tensorflow==2.18", "tensorflow==2.19"))
    assert isinstance(answer, NoPlan)


def test_a_refusal_of_what_cannot_be_had_at_all_is_short() -> None:
    """A refusal costs a resolution: no release is tried beside a package that none goes with."""
    resolver = TableResolver("pandas")

    planned(Wish(target=MAC, demands=demands("pandas")), resolver)

    asked = [one.requirements for one in resolver.asked if "pandas" in one.requirements]
    assert asked[1:] == [("pandas",)]


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
