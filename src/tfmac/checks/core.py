"""What computes in an environment, by what is installed in it."""

from typing import Optional

from tfmac.knowledge.tensorflow import TENSORFLOW_NAMES
from tfmac.schema.fact import Unknown
from tfmac.schema.facts import Distribution, Facts
from tfmac.schema.proof import Core

# In the order in which they are preferred where several are there.
_UNDER_KERAS = (Core.TORCH, Core.JAX)


def core_of(facts: Facts) -> Optional[Core]:
    """Say what computes: TensorFlow where it is installed, else PyTorch or JAX under a Keras 3.

    Where both of these are there, ``KERAS_BACKEND`` decides, else PyTorch is taken. None where
    nothing is installed that Keras could compute with, or what is installed is unknown.
    """
    if isinstance(facts.distributions, Unknown):
        return None
    distributions = {one.name: one for one in facts.distributions.value}
    if any(name in distributions for name in TENSORFLOW_NAMES):
        return Core.TENSORFLOW
    if not _is_keras_3(distributions.get("keras")):
        return None
    there = [core for core in _UNDER_KERAS if core.value in distributions]
    wished = [core for core in there if core.value == facts.variables.get("KERAS_BACKEND")]
    return next(iter([*wished, *there]), None)


def _is_keras_3(keras: Optional[Distribution]) -> bool:
    """Keras 2 computes with TensorFlow alone."""
    generation = "" if keras is None else keras.version.partition(".")[0]
    return generation.isdigit() and int(generation) >= 3
