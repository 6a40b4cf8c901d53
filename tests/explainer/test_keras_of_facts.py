"""Which Keras runs, as far as what is installed tells: advice depends on it."""

from typing import Optional

import pytest

from builders.facts import distribution, facts
from tfmac.explainer.circumstances import Known
from tfmac.explainer.facts import known_of_facts, together


@pytest.mark.parametrize(
    ("installed", "generation"),
    [
        ({"tensorflow": "2.21.0", "keras": "3.15.1"}, 3),
        ({"tensorflow-macos": "2.16.2", "keras": "3.0.5"}, 3),
        ({"keras": "3.8.0", "torch": "2.6.0"}, 3),
        ({"tensorflow": "2.15.1", "keras": "2.15.0"}, 2),
        ({"tensorflow-cpu": "2.4.4"}, 2),
        # Which of the two runs, a variable and the program decide.
        ({"tensorflow": "2.21.0", "keras": "3.15.1", "tf-keras": "2.21.0"}, None),
        # These do not go together: that is another cause's matter.
        ({"tensorflow": "2.15.1", "keras": "3.8.0"}, None),
        ({"tensorflow": "2.18.1", "keras": "2.15.0"}, None),
        ({"tensorflow": "2.21.0"}, None),
        ({"tensorflow": "two"}, None),
        ({"numpy": "2.0.0"}, None),
        ({"tensorflow": "two", "keras": "three"}, None),
    ],
)
def test_the_generation_of_keras(installed: "dict[str, str]", generation: Optional[int]) -> None:
    """Three, two, or not told."""
    known = known_of_facts(facts(*(distribution(*one) for one in installed.items())))

    assert known.keras == generation


def test_the_log_goes_before_what_is_installed() -> None:
    """A traceback through tf_keras is one through Keras 2, whatever lies beside it."""
    installed = known_of_facts(
        facts(distribution("tensorflow", "2.21.0"), distribution("keras", "3.15.1"))
    )

    assert together(Known(keras=2), installed).keras == 2
    assert together(Known(), installed).keras == 3
