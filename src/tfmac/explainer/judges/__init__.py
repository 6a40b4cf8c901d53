"""Judgements that need knowledge, registered by the names that signatures give them."""

from typing import Callable

import msgspec

from tfmac.explainer.judges import names, offered_versions, plugin_abi
from tfmac.explainer.judges.case import Case, Judgement


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """A function that tells which causes explain an event, and those that it can name."""

    judge: Callable[[Case], Judgement]
    causes: frozenset[str]


JUDGES = {
    "offered-versions": Judge(judge=offered_versions.judge, causes=offered_versions.CAUSES),
    "plugin-abi": Judge(judge=plugin_abi.judge, causes=plugin_abi.CAUSES),
}
"""All judges."""

__all__ = ["JUDGES", "PREDICATES", "Case", "Judge", "Judgement"]

PREDICATES: dict[str, Callable[[str], bool]] = {
    "c-symbol": names.is_c_symbol,
    "cxx-symbol": names.is_cxx_symbol,
    "keras-argument": names.is_keras_argument,
    "keras-class": names.is_keras_class,
    "keras-layer": names.is_keras_layer,
    "keras-misspelling": names.is_keras_misspelling,
    "keras-operation": names.is_keras_operation,
    "numpy-alias": names.is_numpy_alias,
    "tensorflow-1-name": names.is_tensorflow_1_name,
}
"""What can be asked of a captured text."""
