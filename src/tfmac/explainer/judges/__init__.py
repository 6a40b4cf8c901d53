"""Judgements that need knowledge, registered by the names that signatures give them.

Few logs need any of them, so that each is loaded when it is first asked.
"""

from typing import Callable

import msgspec

from tfmac.explainer.judges import names
from tfmac.explainer.judges.case import Case, Judgement


class _Loaded(msgspec.Struct, frozen=True, kw_only=True):
    judge: Callable[[Case], Judgement]
    causes: frozenset[str]


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """What tells which causes explain an event."""

    load: Callable[[], _Loaded]

    @property
    def judge(self) -> Callable[[Case], Judgement]:
        """The function that judges."""
        return self.load().judge

    @property
    def causes(self) -> frozenset[str]:
        """The causes that it can name."""
        return self.load().causes


def _argument_in_code() -> _Loaded:
    from tfmac.explainer.judges import calls  # noqa: PLC0415

    return _Loaded(judge=calls.judge, causes=calls.CAUSES)


def _offered_versions() -> _Loaded:
    from tfmac.explainer.judges import offered_versions  # noqa: PLC0415

    return _Loaded(judge=offered_versions.judge, causes=offered_versions.CAUSES)


def _plugin_abi() -> _Loaded:
    from tfmac.explainer.judges import plugin_abi  # noqa: PLC0415

    return _Loaded(judge=plugin_abi.judge, causes=plugin_abi.CAUSES)


JUDGES = {
    "argument-in-code": Judge(load=_argument_in_code),
    "offered-versions": Judge(load=_offered_versions),
    "plugin-abi": Judge(load=_plugin_abi),
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
