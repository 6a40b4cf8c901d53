"""Replaces calls of TensorFlow's functions and Lambdas in a model by operations of Keras 3."""

from typing import Optional

from packaging.version import Version

from tfmac.models.migration.network import Network
from tfmac.models.migration.operations.expressing import Expression, Outcome, Setting
from tfmac.schema.migration import Change, Untranslated


def express(
    network: Network,
    keras: Version,
    *,
    old_bilinear: bool = False,
    tensorflow_1: Optional[bool] = None,
) -> "tuple[Network, tuple[Change, ...], tuple[Untranslated, ...]]":
    """Give a model without such layers, what was changed, and what could not be.

    ``old_bilinear`` says that its writer enlarged images between other points than every later
    Keras; ``tensorflow_1`` that the names in its Lambdas are those of TensorFlow 1, which such a
    writer used unless it is said.
    """
    outcome = Outcome(changes=[], untranslated=[])
    setting = Setting(
        keras=keras,
        old_bilinear=old_bilinear,
        tensorflow_1=old_bilinear if tensorflow_1 is None else tensorflow_1,
    )
    result = Expression(network, outcome, setting).run()
    return result, tuple(outcome.changes), tuple(outcome.untranslated)
