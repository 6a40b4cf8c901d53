"""Where a set is looked for after the best one was refused; an index here knows one more package.

That package has releases for some Pythons, and needs some TensorFlow: no knowledge says so.
"""

from collections.abc import Sequence
from typing import NamedTuple, Optional, Union

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from builders.wishes import demands
from tfmac.knowledge import releases
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.resolver import ResolutionImpossible
from tfmac.planner.resolving import Asking, make_plan
from tfmac.planner.searching import Reach
from tfmac.schema.plans import InterpreterChoice, NoPlan, Pin, Plan, StackKind, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-14-arm64")
ANYWHERE = Reach()


class Package(NamedTuple):
    """A package of the user's own, and what it goes with."""

    name: str = "addon"
    pythons: "tuple[str, ...]" = ("3.9", "3.10", "3.11", "3.12", "3.13")
    tensorflow: str = ""

    def goes_with(self, python: str, framework: Requirement) -> bool:
        """Whether it can be installed beside an exact release."""
        (clause,) = framework.specifier
        wanted = SpecifierSet(self.tensorflow)
        return python in self.pythons and wanted.contains(clause.version, prereleases=True)


class Index:
    """A resolver over the recorded frameworks and some packages of a user's."""

    def __init__(self, *packages: Package) -> None:
        self._packages = {one.name: one for one in packages}
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def resolve(
        self,
        requirements: Sequence[str],
        *,
        python: str,
        target: Target,  # noqa: ARG002 - all is for the same machine
        constraints: Sequence[str] = (),
        preferred: Sequence[Pin] = (),  # noqa: ARG002 - there is nothing to keep
        prereleases: bool = False,  # noqa: ARG002 - there are none
        hashes: bool = False,  # noqa: ARG002 - there are none
    ) -> "tuple[Pin, ...]":
        self.asked.append((python, tuple(requirements)))
        wanted = [Requirement(one) for one in requirements]
        own = [self._packages[one.name] for one in wanted if one.name in self._packages]
        if any(python not in one.pythons for one in own):
            raise ResolutionImpossible(f"there is no wheel for Python {python}")
        bounds = {one.name: one.specifier for one in map(Requirement, constraints)}
        pins = []
        for one in wanted:
            if one.name in self._packages:
                pins.append(Pin(name=one.name, version="1.0"))
            else:
                allowed = one.specifier & bounds.get(one.name, SpecifierSet())
                pins.append(Pin(name=one.name, version=_newest(one.name, allowed, own, python)))
        return tuple(pins)

    def artifacts(self, plan: Plan) -> str:
        raise AssertionError(f"nobody asks for the files of {plan}")


def _newest(name: str, allowed: SpecifierSet, beside: "list[Package]", python: str) -> str:
    is_framework = name in ("tensorflow", "tensorflow-macos")
    for version in releases.versions(name):
        exact = Requirement(f"{name}=={version}")
        fits = not is_framework or all(one.goes_with(python, exact) for one in beside)
        if fits and allowed.contains(version):
            return version
    raise ResolutionImpossible(f"no {name}{allowed} goes with the rest")


def planned(wish: Wish, index: Index, reach: Optional[Reach] = ANYWHERE) -> Union[Plan, NoPlan]:
    choice = choose(wish)
    assert isinstance(choice, Choice)
    return make_plan(wish, choice.best, Asking(resolver=index, reach=reach))


def plan_of(answer: Union[Plan, NoPlan]) -> Plan:
    assert isinstance(answer, Plan)
    return answer


def wish_for(*packages: str, **others: object) -> Wish:
    return Wish(target=MAC, demands=demands(*packages), **others)  # type: ignore[arg-type]


def interpreter(version: str) -> InterpreterChoice:
    return InterpreterChoice(path=f"/opt/{version}", version=version, origin="PATH")


def test_a_package_without_a_wheel_for_the_best_python_gets_another() -> None:
    """Nobody wished for that Python; the same TensorFlow is on an older one, too."""
    plan = plan_of(planned(wish_for("addon"), Index(Package(pythons=("3.10", "3.11")))))

    assert (plan.python, plan.version("tensorflow"), plan.gpu) == ("3.11", "2.19.1", True)
    assert plan.rejected[0].stack == "TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"


def test_a_package_that_needs_a_newer_tensorflow_gets_it_without_the_gpu() -> None:
    """The GPU was not wished for: what is best with it is no reason for a refusal."""
    index = Index(Package(tensorflow=">=2.21"))

    plan = plan_of(planned(wish_for("addon"), index))

    assert (plan.stack, plan.gpu) == (StackKind.TENSORFLOW_CPU, False)
    assert plan.version("tensorflow") == "2.21.0"


def test_what_was_refused_is_not_offered_as_an_alternative() -> None:
    """It stands among the rejected, with the resolver's reason."""
    plan = plan_of(planned(wish_for("addon"), Index(Package(tensorflow=">=2.21"))))

    rejected = {one.stack for one in plan.rejected}
    assert "TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12" in rejected
    assert not rejected & {one.title for one in plan.alternatives}


def test_a_wished_gpu_is_kept_or_named() -> None:
    """With the GPU there is none, and the two wishes that collide are those two."""
    index = Index(Package(tensorflow=">=2.21"), Package(name="other"))

    answer = planned(wish_for("addon", "other", gpu=True), index)

    assert isinstance(answer, NoPlan)
    assert answer.conflicts[0].wishes == ("--gpu", "--with addon")
    assert answer.nearest == (
        "without --with addon: TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"
    )


def test_the_nearest_plan_gives_up_nothing_else() -> None:
    """Two packages that can be had nowhere: no plan gives up one of them alone."""
    index = Index(Package(pythons=()), Package(name="other", pythons=()))

    answer = planned(wish_for("addon", "other"), index)

    assert isinstance(answer, NoPlan)
    assert answer.conflicts[0].wishes == ("--with addon",)
    assert answer.nearest is None


def test_doubtful_pairs_come_after_those_without_doubts() -> None:
    """TensorFlow 2.19.0 is newer than 2.18.1, and something stands against it."""
    index = Index(Package(tensorflow="<2.19.1"))

    plan = plan_of(planned(wish_for("addon"), index))

    assert (plan.python, plan.version("tensorflow")) == ("3.12", "2.18.1")


def test_only_a_python_that_is_here_is_taken_where_none_may_be_fetched() -> None:
    """The plan names its interpreter."""
    index = Index(Package(pythons=("3.10", "3.11")))
    here = Reach(interpreters=(interpreter("3.12.4"), interpreter("3.10.9")), fetched=False)

    plan = plan_of(planned(wish_for("addon"), index, here))

    assert plan.python == "3.10"
    assert plan.interpreter == interpreter("3.10.9")


def test_without_a_reach_the_stack_and_the_python_stay() -> None:
    """An environment that is repaired keeps what it stands on."""
    newer = Index(Package(tensorflow=">=2.21"))
    assert isinstance(planned(wish_for("addon"), newer, None), NoPlan)

    older = Index(Package(tensorflow="<2.18"))
    plan = plan_of(planned(wish_for("addon"), older, None))
    assert (plan.python, plan.gpu) == ("3.12", True)


def test_a_package_that_can_be_had_nowhere_costs_one_question_for_each_python() -> None:
    """No framework is tried beside it."""
    index = Index(Package(pythons=()))

    assert isinstance(planned(wish_for("addon"), index), NoPlan)

    questions = [(python, asked) for python, asked in index.asked if "addon" in asked]
    assert len(questions) == len(set(questions))
    assert {asked for _, asked in questions[1:]} == {("addon",)}
