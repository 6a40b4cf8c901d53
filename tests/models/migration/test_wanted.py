"""Which Keras a model is migrated to."""

import pytest
from packaging.version import Version

from tfmac.models.migration.wanted import NoSuchKeras, wanted_keras
from tfmac.schema.platform import Target

MAC = Target.parse("macos-14-arm64")


@pytest.mark.parametrize(
    ("specification", "python", "keras"),
    [
        ("3.0.5", "3.11", "3.0.5"),
        ("keras==3.0.5", "3.11", "3.0.5"),
        ("3.0", "3.11", "3.0.5"),
        (">=3.2,<3.3", "3.11", "3.2.1"),
        (None, "3.9", "3.10.0"),
        # Python 3.9 cannot have it, and a file can be made for another machine.
        ("3.12.0", "3.9", "3.12.0"),
    ],
)
def test_the_newest_that_fits(specification: str, python: str, keras: str) -> None:
    """What is asked for and what the Python can have decide."""
    assert wanted_keras(specification, MAC, [python]) == Version(keras)


def test_the_newest_of_several_pythons_counts() -> None:
    """An old interpreter beside a new one takes nothing away."""
    assert wanted_keras(None, MAC, ["3.9", "3.13"]) > wanted_keras(None, MAC, ["3.9"])


@pytest.mark.parametrize("specification", ["banana", "2.15.0", ">=4", "==3.999"])
def test_what_is_no_keras_3(specification: str) -> None:
    """It is said by its name before anything is read."""
    with pytest.raises(NoSuchKeras):
        wanted_keras(specification, MAC, ["3.12"])


def test_a_python_without_any_keras_3() -> None:
    """Python 3.8 has none."""
    with pytest.raises(NoSuchKeras, match="Python 3\\.8"):
        wanted_keras(None, MAC, ["3.8"])
