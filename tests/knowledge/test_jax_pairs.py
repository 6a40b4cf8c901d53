"""Which packages a jax accepts beside it, by what it declares."""

import pytest

from tfmac.knowledge.jax_pairs import accepts

BOUNDS = (
    "numpy>=1.22",
    "ml_dtypes>=0.2.0",
    "jaxlib <=0.4.30,>=0.4.27",
    "jaxlib ==0.4.29 ; extra == 'ci'",
)
MINIMUM = ("jaxlib==0.4.14; extra == 'minimum-jaxlib'", "jaxlib==0.4.20; extra == 'cpu'")


@pytest.mark.parametrize(
    ("jaxlib", "fits"), [("0.4.26", False), ("0.4.27", True), ("0.4.30", True), ("0.4.31", False)]
)
def test_declared_bounds(jaxlib: str, fits: bool) -> None:  # noqa: FBT001 - a table of cases
    assert accepts("0.4.30", BOUNDS, "jaxlib", jaxlib) is fits


@pytest.mark.parametrize(
    ("jaxlib", "fits"), [("0.4.13", False), ("0.4.14", True), ("0.4.20", True), ("0.4.21", False)]
)
def test_releases_that_declare_only_a_minimum(jaxlib: str, fits: bool) -> None:  # noqa: FBT001
    """No jaxlib is newer than its jax, declared or not."""
    assert accepts("0.4.20", MINIMUM, "jaxlib", jaxlib) is fits


@pytest.mark.parametrize("requires", [(), ("jaxlib ???",)])
def test_nothing_readable_forbids_nothing_but_a_newer_one(requires: tuple[str, ...]) -> None:
    assert accepts("0.4.20", requires, "jaxlib", "0.4.1")
    assert not accepts("0.4.20", requires, "jaxlib", "0.4.21")


def test_what_is_no_version_is_not_judged() -> None:
    assert accepts("nightly", BOUNDS, "jaxlib", "0.4.1")


def test_another_package_has_its_declared_bounds_only() -> None:
    assert accepts("0.4.30", BOUNDS, "ml-dtypes", "0.5.0")
    assert not accepts("0.4.30", BOUNDS, "ml-dtypes", "0.1.0")
    assert accepts("0.4.30", BOUNDS, "scipy", "0.1.0")
