"""Which advice fits a machine, and what facts confirm, exclude and complete."""

import msgspec

from builders.facts import SITE, distribution, facts
from tfmac.explainer.advice import choose, worded_circumstances
from tfmac.explainer.circumstances import Known
from tfmac.explainer.facts import confirmed, excluded, together, written_by
from tfmac.explainer.signatures import records
from tfmac.schema.findings import Constraint, ConstraintKind
from tfmac.schema.log_signatures import Advice, Circumstances, LogKnowledge

OLD = Advice(
    when=Circumstances(packages={"tensorflow": "<2.16"}),
    text="Stay with {name|Keras 2}.",
    constraints=(Constraint(kind=ConstraintKind.REQUIREMENT, value="keras<3", reason="it fits"),),
)
ELSE = Advice(text="Load it with tf_keras.")
LOG = LogKnowledge(signatures=(), why="", advice=(OLD, ELSE))
NUMPY = next(one for one in records() if one.cause == "numpy-2-with-numpy-1-binaries")


def _texts(known: Known) -> list[tuple[str, object]]:
    return [(one.text, one.condition) for one in choose(LOG, known, {})]


def test_advice_that_fits_is_the_only_one() -> None:
    """Where its circumstances hold, nothing else is said."""
    assert _texts(Known(packages={"tensorflow": "2.15.0"})) == [("Stay with Keras 2.", None)]


def test_advice_expires_where_its_range_ends() -> None:
    """A release behind the range gets the advice that comes next, without a condition."""
    assert _texts(Known(packages={"tensorflow": "2.16.0"})) == [("Load it with tf_keras.", None)]


def test_what_is_unknown_becomes_a_condition() -> None:
    """Nothing is known of the version: both are told, each with when it is right."""
    assert _texts(Known()) == [
        ("Stay with Keras 2.", "with tensorflow <2.16"),
        ("Load it with tf_keras.", "otherwise"),
    ]


def test_a_package_that_is_surely_missing_settles_its_advice() -> None:
    """A complete list of what is installed answers no where a partial one does not answer."""
    assert _texts(Known(complete=True)) == [("Load it with tf_keras.", None)]


def test_a_capture_takes_the_place_of_the_words_behind_the_bar() -> None:
    """What the log named is named."""
    chosen = list(choose(LOG, Known(packages={"tensorflow": "2.9"}), {"name": "keras 2.9"}))

    assert [one.text for one in chosen] == ["Stay with keras 2.9."]


def test_circumstances_are_written_as_a_condition() -> None:
    """All that is asked is said."""
    when = Circumstances(python="<3.12", platforms=("macos-arm64",), packages={"numpy": ">=2"})

    said = worded_circumstances(when)

    assert said == "with numpy >=2 and Python <3.12 on an Apple-silicon Mac"


def test_facts_confirm_and_exclude_a_cause() -> None:
    """NumPy 2 speaks for what NumPy 1 rules out."""
    two = Known(packages={"numpy": "2.0.1", "tensorflow": "2.16.2"}, complete=True)
    one = Known(packages={"numpy": "1.26.4", "tensorflow": "2.16.2"}, complete=True)

    assert confirmed(NUMPY, two)
    assert not excluded(NUMPY, two)
    assert excluded(NUMPY, one)


def test_only_a_path_and_no_other_version_prove_whose_log_it_is() -> None:
    """A log that names the folder but another version was written before the change."""
    here = facts(distribution("numpy", "2.0.1"))

    assert written_by(here, Known(paths=(SITE,)))
    assert not written_by(here, Known(paths=("/elsewhere/site-packages",)))
    assert not written_by(here, Known(paths=(SITE,), packages={"numpy": "1.26.4"}))


def test_what_a_log_shows_goes_before_what_facts_say() -> None:
    """The rest is taken from the facts."""
    joined = together(
        Known(packages={"numpy": "1.26.4"}, macos="12.1"),
        Known(packages={"numpy": "2.0.1", "h5py": "3.11.0"}, macos="15.0", complete=True),
    )

    assert joined.packages == {"numpy": "1.26.4", "h5py": "3.11.0"}
    assert joined.macos == "12.1"
    assert msgspec.structs.asdict(joined)["complete"] is True


def test_commands_for_a_case_keep_to_that_case() -> None:
    """What a condition says of packages binds the planner, too."""
    conditional, otherwise = choose(LOG, Known(), {})
    assert [one.value for one in conditional.given] == ["tensorflow<2.16"]
    assert otherwise.given == ()
    (certain,) = choose(LOG, Known(packages={"tensorflow": "2.15.0"}), {})
    assert certain.given == ()
