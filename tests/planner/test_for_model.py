"""Sets in which a model file loads."""

from builders.loadability_contents import Json, dense, hdf5, layer, sequential
from planner.test_plans import TableResolver
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.resolving import Asking, make_plan
from tfmac.schema.model_content import Content
from tfmac.schema.plans import NoPlan, Plan, StackKind, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")
INPUT: Json = {"batch_input_shape": [None, 4]}
SIMPLE = hdf5(sequential(layer("InputLayer", **INPUT), dense()))
# Keras 3 does not know the argument (it does in no release).
TIME_MAJOR = hdf5(sequential(layer("LSTM", units=2, time_major=False, **INPUT)))
NEEDS_CODE = hdf5(sequential(layer("MyOwnLayer", **INPUT)))


def best(model: Content, **wish: object) -> Choice:
    answer = choose(Wish(target=MAC, model=model, **wish))  # type: ignore[arg-type]
    assert isinstance(answer, Choice), answer
    return answer


def test_a_model_that_loads_everywhere_leaves_the_best_set() -> None:
    """What any release loads takes nothing away."""
    assert best(SIMPLE).best.tensorflow == "2.19.1"


def test_a_model_of_keras_2_takes_a_tensorflow_that_loads_it() -> None:
    """The newest that does, with the GPU; the other way is legacy Keras on a newer one."""
    chosen = best(TIME_MAJOR).best
    assert (chosen.stack, chosen.tensorflow) == (StackKind.TENSORFLOW_METAL, "2.15.1")
    newer = best(TIME_MAJOR, tensorflow=">=2.16").best
    assert newer.stack is StackKind.TF_KERAS


def test_a_model_that_nothing_loads_is_no_plan() -> None:
    """The file is named as the wish that nothing meets."""
    answer = choose(Wish(target=MAC, model=NEEDS_CODE))
    assert isinstance(answer, NoPlan)
    assert answer.conflicts[0].wishes == ("--for-model model.h5",)
    assert "tfmac inspect" in answer.conflicts[0].reason
    assert answer.nearest is not None
    assert answer.nearest.startswith("without --for-model model.h5")


def test_a_model_and_a_stack_that_do_not_go_together() -> None:
    """Both wishes are named."""
    answer = choose(Wish(target=MAC, model=TIME_MAJOR, stack=StackKind.KERAS_TORCH))
    assert isinstance(answer, NoPlan)
    assert set(answer.conflicts[0].wishes) == {"--stack keras-torch", "--for-model model.h5"}


def test_the_keras_that_loads_it_is_asked_for() -> None:
    """With Keras 3 the very release is a requirement: another one may refuse the file."""
    wish = Wish(target=MAC, model=SIMPLE, tensorflow="2.19")
    answer = choose(wish)
    assert isinstance(answer, Choice)
    plan = make_plan(wish, answer.best, Asking(resolver=TableResolver()))
    assert isinstance(plan, Plan)
    (keras,) = (text for text in plan.requirements if text.startswith("keras=="))
    assert plan.version("keras") == keras.partition("==")[2]
