"""Judgements over whole logs: names, offered versions, warnings before another's error."""

import pytest

from builders.facts import distribution, facts
from tfmac import api
from tfmac.explainer import explain
from tfmac.explainer.judges import PREDICATES

SLOW = (
    "WARNING:absl:At this time, the v2.11+ optimizer `tf.keras.optimizers.Adam` runs slowly on "
    "M1/M2 Macs, please use the legacy Keras optimizer instead.\n"
)
BUG = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 12\n'
REFUSED = (
    "ERROR: Could not find a version that satisfies the requirement tensorflow<2.11,>=2.7 "
    "(from -r requirements.txt (line 14)) (from versions: 2.13.0rc0, 2.13.0rc1, 2.13.0rc2, "
    "2.13.0, 2.13.1, 2.14.0rc0, 2.14.0rc1, 2.14.0, 2.14.1)\n"
)
ARRAY = "AttributeError: _ARRAY_API not found\n"


def _causes(text: str) -> list[str]:
    return [one.record.cause for one in explain(text).causes]


@pytest.mark.parametrize("name", ["Session", "placeholder", "contrib", "train.AdamOptimizer"])
def test_a_name_of_tensorflow_1_is_told(name: str) -> None:
    """It was there under that name, and is gone."""
    assert PREDICATES["tensorflow-1-name"](name)


@pytest.mark.parametrize("name", ["bananas", "Sesion", "kera", "constnat", "Tensor", "keras"])
def test_a_name_that_never_was_is_none_of_tensorflow_1(name: str) -> None:
    """A typing mistake is no removed name, nor is a name that is still there."""
    assert not PREDICATES["tensorflow-1-name"](name)


def test_a_misspelled_loss_is_none_of_the_authors_own() -> None:
    """The names themselves, and quite other ones, are no misspellings."""
    misspelled = PREDICATES["keras-misspelling"]

    assert misspelled("categorical_crosentropy")
    assert misspelled("adamm")
    assert not misspelled("RAdam")
    assert not misspelled("adamw")
    assert not misspelled("categorical_crossentropy")
    assert not misspelled("dice_coef_loss")


def test_a_warning_before_anothers_error_is_no_cause() -> None:
    """The warning alone is one: nothing else has happened."""
    assert _causes(SLOW) == ["new-optimizer-slow-on-mac"]
    assert _causes(SLOW + BUG) == []


def test_a_requirement_of_a_file_has_its_list_read() -> None:
    """The parentheses of ``(line 14)`` do not hide what was offered."""
    assert _causes(REFUSED) == ["no-arm64-wheel-before-2-13"]


def test_the_line_tells_which_keras_read_an_archive() -> None:
    """The functions have the same names in Keras 2.13 and in Keras 3.0."""
    text = (
        "Traceback (most recent call last):\n"
        '  File "/p/keras/src/saving/saving_lib.py", line {}, in load_model\n'
        "    model = deserialize_keras_object(\n"
        '  File "/p/keras/src/saving/serialization_lib.py", line 1, in deserialize_keras_object\n'
        "TypeError: no\n"
    )

    assert explain(text.format(246)).reading.known.keras == 2
    assert explain(text.format(155)).reading.known.keras == 3


def test_an_exception_is_explained_like_its_text() -> None:
    """What a notebook has at hand is the exception itself."""
    try:
        raise AttributeError("_ARRAY_API not found")  # noqa: TRY301 - the words matter
    except AttributeError as error:
        report = api.explain(error)

    assert [one.cause for one in report.causes] == ["numpy-2-with-numpy-1-binaries"]
    assert report.recognised.exceptions == ("AttributeError",)


def test_facts_are_asked_for_only_where_a_cause_was_found() -> None:
    """Observing a machine takes longer than reading a log."""
    asked: list[str] = []

    def machine() -> None:
        asked.append("asked")

    api.explain(BUG, facts=machine)
    assert asked == []

    api.explain(ARRAY, facts=machine)
    assert asked == ["asked"]


def test_facts_do_not_change_the_order_of_causes() -> None:
    """Advice differs between machines, what a log means does not."""
    mac = facts(distribution("tensorflow", "2.16.2"))
    text = ARRAY + SLOW + REFUSED

    alone = [one.cause for one in api.explain(text).causes]

    assert [one.cause for one in api.explain(text, facts=mac).causes] == alone
    assert len(alone) > 1


@pytest.mark.parametrize(
    "said",
    [
        "it says no module named 'distutils' since the update",
        'It "works" elsewhere. Here: No module named distutils.',
        "error: NO MODULE NAMED distutils",
    ],
)
def test_a_message_that_a_person_typed_anew_is_understood(said: str) -> None:
    """Capitals and quote marks are lost first."""
    assert _causes(said) == ["python-3-12-without-distutils"]


def test_what_was_printed_goes_before_what_was_typed() -> None:
    """Looser reading is for texts in which nothing was found."""
    text = "ModuleNotFoundError: No module named 'distutils'\n\n no module named 'numpy.core'\n"

    assert _causes(text) == ["python-3-12-without-distutils"]


@pytest.mark.parametrize(
    "said",
    [
        "it says no module named 'distutilities'",
        "ModuleNotFoundError: no module named tensorflow_hub",
        "KeyError: no module named distutils",
    ],
)
def test_looser_reading_keeps_words_and_classes(said: str) -> None:
    """A word has to end where it ends, and a class that is shown has to be the right one."""
    assert _causes(said) == []


@pytest.mark.parametrize(
    ("around", "causes"),
    [
        ("zsh: abort      python train.py\n", ["abseil-symbol-clash"]),
        ("Abort trap: 6\n", ["abseil-symbol-clash"]),
        ("zsh: abort      renderer --frames 12\n", []),
    ],
)
def test_a_mutex_that_could_not_be_locked_is_of_python_where_that_shows(
    around: str, causes: "list[str]"
) -> None:
    """Any program on a Mac may end with these words."""
    said = "libc++abi: terminating due to uncaught exception of type std::__1::system_error: "

    assert _causes(f"{said}mutex lock failed: Invalid argument\n{around}") == causes


@pytest.mark.parametrize(
    ("around", "causes"),
    [
        ("It is jax 0.4.26.", ["jax-metal-op-not-compiled"]),
        ("On my Mac mini it ends so.", ["jax-metal-op-not-compiled"]),
        ("On a machine with another accelerator it ends so.", []),
    ],
)
def test_one_of_several_signs_elsewhere_is_enough(around: str, causes: "list[str]") -> None:
    """Other compilers say the same; what stands around the words tells which one it was."""
    assert _causes(f"failed to legalize operation 'mhlo.sort'\n{around}\n") == causes
