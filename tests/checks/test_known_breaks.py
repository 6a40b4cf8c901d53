"""What the measured environments say in a diagnosis, declared or not."""

from typing import Optional

import pytest

from builders.facts import distribution, facts, tensorflow
from tfmac.api import diagnose
from tfmac.schema.facts import Distribution, Facts
from tfmac.schema.findings import Confidence, Finding, Severity
from tfmac.schema.knowledge import Step

# pandas loads these first; without them its import fails in a way that TensorFlow catches.
DATES = tuple(distribution(name, "2025.2") for name in ("python-dateutil", "pytz", "tzdata"))
NUMPY_1, NUMPY_2 = distribution("numpy", "1.26.4"), distribution("numpy", "2.0.2")


def about(environment: Facts, name: str) -> Optional[Finding]:
    found = [one for one in diagnose(environment).findings if one.subject.startswith(f"{name} ")]
    assert len(found) <= 1
    return found[0] if found else None


def beside(*distributions: Distribution, version: str = "2.18.1", **more: object) -> Facts:
    return facts(tensorflow(version), *distributions, **more)  # type: ignore[arg-type]


class TestUndeclared:
    def test_what_was_run_is_certain_and_named(self) -> None:
        """The evidence names the environments that were run."""
        found = about(beside(NUMPY_2, distribution("h5py", "3.10.0")), "h5py")

        assert found is not None
        assert (found.severity, found.confidence) == (Severity.ERROR, Confidence.CERTAIN)
        assert found.breaks is Step.IMPORT
        assert "TensorFlow 2.18.1 with h5py 3.10.0" in found.evidence[0].source

    def test_what_lies_between_is_likely(self) -> None:
        found = about(beside(NUMPY_2, *DATES, distribution("pandas", "2.0.1")), "pandas")

        assert found is not None
        assert (found.severity, found.confidence) == (Severity.ERROR, Confidence.LIKELY)

    def test_older_than_all_that_was_built_for_numpy_1(self) -> None:
        assert about(beside(NUMPY_2, *DATES, distribution("pandas", "1.3.5")), "pandas") is not None

    def test_without_what_it_loads_first(self) -> None:
        assert about(beside(NUMPY_2, distribution("pandas", "2.0.1")), "pandas") is None

    @pytest.mark.parametrize("numpy", [(NUMPY_1,), ()])
    def test_built_for_the_numpy_that_is_there(self, numpy: tuple[Distribution, ...]) -> None:
        """Beside NumPy 1, or an unknown one, what was built for NumPy 1 is not accused."""
        assert about(beside(*numpy, *DATES, distribution("pandas", "1.5.0")), "pandas") is None

    def test_versions_that_work_are_not_mentioned(self) -> None:
        assert about(beside(NUMPY_2, *DATES, distribution("pandas", "2.2.3")), "pandas") is None

    def test_a_declared_conflict_is_reported_once(self) -> None:
        environment = facts(
            tensorflow("2.21.0", "protobuf>=6.31.1"), distribution("protobuf", "4.25.8")
        )

        found = about(environment, "protobuf")

        assert found is not None
        assert "declared" in found.message

    def test_another_keras_under_the_legacy_switch(self) -> None:
        """The runs used Keras 3; with the switch set they say nothing of a fit."""
        environment = beside(
            distribution("keras", "2.15.0"),
            distribution("tf-keras", "2.18.0"),
            variables={"TF_USE_LEGACY_KERAS": "1"},
        )

        assert about(environment, "keras") is None


class TestJax:
    def test_jaxlib_alone_is_loaded_by_nobody(self) -> None:
        assert about(beside(NUMPY_2, distribution("jaxlib", "0.4.20")), "jaxlib") is None

    def test_a_newer_jaxlib_though_undeclared(self) -> None:
        environment = beside(distribution("jax", "0.4.20"), distribution("jaxlib", "0.4.30"))

        found = about(environment, "jaxlib")

        assert found is not None
        assert (found.cause, found.severity) == ("jaxlib-not-matching-jax", Severity.ERROR)
        assert [one.value for one in found.constraints] == ["jaxlib<=0.4.20"]

    def test_a_declared_pair_is_reported_once(self) -> None:
        environment = beside(
            distribution("jax", "0.4.30", "jaxlib<=0.4.30,>=0.4.27"),
            distribution("jaxlib", "0.4.20"),
        )

        found = about(environment, "jaxlib")

        assert found is not None
        assert found.cause == "jaxlib-not-matching-jax"

    def test_a_pair_that_fits(self) -> None:
        environment = beside(
            distribution("jax", "0.4.30", "jaxlib<=0.4.30,>=0.4.27"),
            distribution("jaxlib", "0.4.29"),
        )

        assert about(environment, "jaxlib") is None


class TestDeclared:
    def test_known_to_be_harmless(self) -> None:
        environment = facts(
            tensorflow("2.15.1", "wrapt<1.15,>=1.11.0"), distribution("wrapt", "2.5.2")
        )

        found = about(environment, "wrapt")

        assert found is not None
        assert (found.severity, found.breaks) == (Severity.WARNING, None)
        assert "seen to work" in found.message

    def test_not_known(self) -> None:
        environment = facts(
            tensorflow("2.15.1", "numpy<2.0.0,>=1.23.5"), distribution("numpy", "1.4.0")
        )

        found = about(environment, "numpy")

        assert found is not None
        assert (found.severity, found.breaks) == (Severity.WARNING, None)
        assert "not known" in found.message
        assert any("not known:" in one.statement for one in found.evidence)

    def test_a_later_step_is_a_warning(self) -> None:
        """Without h5py a program imports and fits; only some save."""
        found = about(facts(tensorflow("2.18.1", "h5py>=3.11.0")), "h5py")

        assert found is not None
        assert (found.severity, found.breaks) == (Severity.WARNING, Step.SAVE_LOAD)
