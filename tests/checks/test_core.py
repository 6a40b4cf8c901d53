"""What computes in an environment, by what is installed in it."""

from typing import Optional

import msgspec
import pytest

from builders.facts import distribution, facts, linux, tensorflow
from tfmac import api
from tfmac.checks.core import core_of
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import Distribution
from tfmac.schema.findings import Outcome
from tfmac.schema.proof import Core

KERAS = distribution("keras", "3.12.0")
KERAS_2 = distribution("keras", "2.15.0")
TORCH = distribution("torch", "2.9.0")
JAX = distribution("jax", "0.8.0")


@pytest.mark.parametrize(
    ("installed", "backend", "expected"),
    [
        ([tensorflow("2.20.0"), KERAS, TORCH, JAX], None, Core.TENSORFLOW),
        ([tensorflow("2.20.0"), KERAS, TORCH], "torch", Core.TENSORFLOW),
        ([tensorflow("2.15.0", name="tensorflow-macos")], None, Core.TENSORFLOW),
        ([KERAS, TORCH], None, Core.TORCH),
        ([KERAS, JAX], None, Core.JAX),
        ([KERAS, TORCH, JAX], None, Core.TORCH),
        ([KERAS, TORCH, JAX], "jax", Core.JAX),
        ([KERAS, TORCH], "jax", Core.TORCH),
        ([KERAS_2, TORCH], None, None),
        ([TORCH, JAX], None, None),
        ([KERAS], None, None),
        ([], None, None),
    ],
)
def test_what_computes(
    installed: "list[Distribution]", backend: Optional[str], expected: Optional[Core]
) -> None:
    """TensorFlow first; PyTorch and JAX only under a Keras 3; the variable decides between them."""
    variables = {} if backend is None else {"KERAS_BACKEND": backend}
    environment = msgspec.structs.replace(facts(*installed), variables=variables)
    assert core_of(environment) is expected


def test_what_is_unknown_computes_nothing() -> None:
    """Where the distributions could not be read nothing is claimed."""
    unread = msgspec.structs.replace(facts(KERAS, TORCH), distributions=Unknown(reason="test"))
    assert core_of(unread) is None


@pytest.mark.parametrize("core", [TORCH, JAX])
def test_no_wheel_of_tensorflow_matters_where_keras_has_another_core(core: Distribution) -> None:
    """A sound Keras on a Python without TensorFlow is not called broken for that."""
    cause = "no-wheel-for-python"
    bare = api.diagnose(facts(host=linux(), python="3.14.0"), only=[cause])
    assert [one.cause for one in bare.findings] == [cause]

    sound = api.diagnose(facts(KERAS, core, host=linux(), python="3.14.0"), only=[cause])

    assert sound.findings == ()
    assert [one.outcome for one in sound.outcomes] == [Outcome.NOT_APPLICABLE]
