"""Limits that no metadata holds."""

import pytest

from tfmac.knowledge import limits
from tfmac.schema.limits import LimitKind


def test_tensorflow_that_imports_distutils() -> None:
    """2.16 to 2.18 have wheels for Python 3.12 and import a module that it lacks."""
    for version, limited in (
        ("2.15.1", False),
        ("2.16.2", True),
        ("2.18.1", True),
        ("2.19.0", False),
    ):
        found = limits.limit_of("tensorflow", version, LimitKind.PYTHON)
        assert [one.value for one in found] == (["<3.12"] if limited else [])
        assert all(one.unless == "setuptools" for one in found)


def test_a_plugin_whose_tag_understates_its_macos() -> None:
    """tensorflow-metal 0.5.1 is tagged 12.0 and built for 13.0."""
    (limit,) = limits.limit_of("tensorflow_metal", "0.5.1", LimitKind.MACOS)

    assert limit.value == ">=13.0"
    assert limit.sources[0].sha256 is not None


def test_intel_wheels_need_avx() -> None:
    """Reported, not computed: each has a thread."""
    (limit,) = limits.limit_of("tensorflow", "2.12.0", LimitKind.PROCESSOR)

    assert limit.value == "avx"
    assert all(one.name.startswith("https://") for one in limit.sources)


@pytest.mark.parametrize("version", ["", "latest", "99.0"])
def test_nothing_is_known_of_what_is_no_release(version: str) -> None:
    """No limit is made up."""
    assert limits.limits_of("tensorflow", version) == ()
    assert limits.limits_of("nobody-knows", "1.0") == ()
