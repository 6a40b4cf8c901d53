"""Checks of the Keras packages beside TensorFlow."""

from collections.abc import Iterator

from tfmac.checks.case import Case, NotApplicable, minor
from tfmac.checks.measured import ask
from tfmac.knowledge.combinations import Broken
from tfmac.schema.findings import (
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Severity,
)


def keras_generation(case: Case) -> Iterator[Finding]:
    """Whether a separate Keras 2 is of TensorFlow's own minor release.

    Looks at: tf-keras beside TensorFlow 2.16 and later, where nothing is declared against it and
    it was not seen to break.
    Why it matters: Keras 2 calls private functions of the TensorFlow of its own minor.
    Repair: the tf-keras of TensorFlow's minor.
    Sources: the threads under ``tfmac cause tf-keras-not-matching-tensorflow``.
    """
    tensorflow = case.tensorflow
    first, second = minor(tensorflow.version)
    tf_keras = case.distributions.get("tf-keras")
    if tf_keras is None or (first, second) < (2, 16):
        raise NotApplicable("there is no tf-keras beside TensorFlow 2.16 or later")
    if minor(tf_keras.version) == (first, second):
        return
    if isinstance(ask(case, tf_keras.name, tf_keras.version), Broken):
        return
    yield Finding(
        cause="tf-keras-not-matching-tensorflow",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        subject=f"{tf_keras.name} {tf_keras.version}",
        message=f"{tf_keras.name} {tf_keras.version} is not of {tensorflow.name} {first}.{second}",
        evidence=(
            Evidence(
                statement=f"{tensorflow.name} is {tensorflow.version}",
                source="dist-info",
                location=tensorflow.location,
            ),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"{tf_keras.name}=={first}.{second}.*",
                reason="Keras 2 fits the TensorFlow of its own minor only",
            ),
        ),
    )


def legacy_keras_switch(case: Case) -> Iterator[Finding]:
    """Whether the switch to Keras 2 has a Keras 2 to switch to.

    Looks at: ``TF_USE_LEGACY_KERAS`` and tf-keras, with TensorFlow 2.16 or later.
    Why it matters: without tf-keras the import succeeds and ``tf.keras`` is broken.
    Repair: tf-keras of TensorFlow's minor, or the variable taken away.
    Sources: measured with TensorFlow 2.16-2.21.
    """
    switch = case.facts.variables.get("TF_USE_LEGACY_KERAS", "")
    if switch.lower() not in {"1", "true"}:
        raise NotApplicable("TF_USE_LEGACY_KERAS is not set")
    tensorflow = case.tensorflow
    first, second = minor(tensorflow.version)
    if (first, second) < (2, 16) or "tf-keras" in case.distributions:
        return
    yield Finding(
        cause="legacy-keras-switch-without-tf-keras",
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject="TF_USE_LEGACY_KERAS",
        message="TF_USE_LEGACY_KERAS asks for Keras 2, and tf-keras is not installed",
        evidence=(
            Evidence(statement=f"TF_USE_LEGACY_KERAS={switch}", source="environment variable"),
        ),
        constraints=(
            Constraint(
                kind=ConstraintKind.REQUIREMENT,
                value=f"tf-keras=={first}.{second}.*",
                reason="Keras 2 as its own package",
            ),
        ),
    )
