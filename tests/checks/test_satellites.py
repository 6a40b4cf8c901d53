"""Packages that do not work beside the installed TensorFlow, or lack what makes them work."""

from builders.facts import distribution, facts, tensorflow
from tfmac.api import diagnose
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import Confidence, Finding

PROBABILITY = distribution("tensorflow-probability", "0.25.0")
ADDONS = distribution("tensorflow-addons", "0.23.0")


def found(*beside: Distribution, version: str = "2.21.0") -> "list[Finding]":
    diagnosis = diagnose(facts(tensorflow(version), *beside))
    names = tuple(f"{one.name} " for one in beside)
    return [one for one in diagnosis.findings if one.subject.startswith(names)]


def test_what_is_lacking_is_a_constraint() -> None:
    """A repair then brings it; the evidence is the run that failed without it."""
    (finding,) = found(PROBABILITY)
    assert finding.confidence is Confidence.LIKELY
    assert finding.breaks is None
    assert [one.value for one in finding.constraints] == ["tf-keras==2.21.*"]
    assert "without tf-keras==2.21.*" in finding.message
    assert "No module named 'tf_keras'" in finding.evidence[0].statement
    assert finding.evidence[0].source.startswith("ran: linux-x86_64, 20")


def test_tf_keras_of_another_minor_is_not_what_is_needed() -> None:
    """It has to be that of TensorFlow's own."""
    beside = found(PROBABILITY, distribution("tf-keras", "2.19.0"))
    assert "tensorflow-probability 0.25.0" in [one.subject for one in beside]
    assert found(PROBABILITY, distribution("tf-keras", "2.21.0")) == []


def test_what_fails_whatever_is_beside_it_names_the_cause_of_its_error() -> None:
    """No requirement helps; the page of the cause says what the error means."""
    (finding,) = found(ADDONS, distribution("tf-keras", "2.21.0"))
    assert finding.constraints == ()
    assert "keras.src.engine" in finding.evidence[0].statement
    assert finding.evidence[0].source.endswith("tfmac cause keras-private-module-moved")
    assert found(ADDONS, version="2.15.1") == []


def test_what_was_not_run_is_not_judged() -> None:
    """Neither a newer release, nor another minor of TensorFlow."""
    assert found(distribution("tensorflow-addons", "9.0.0")) == []
    assert found(ADDONS, version="2.8.4") == []


def test_what_fails_in_a_call_alone_is_not_judged() -> None:
    """Who does not call it has nothing to repair: tf2onnx converts more than models of Keras."""
    assert found(distribution("tf2onnx", "1.17.0")) == []
