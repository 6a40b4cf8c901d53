"""The rules, applied to every layer of a network, at any depth."""

from collections.abc import Sequence
from typing import Optional

import msgspec

from tfmac.models.migration.network import Layer, Network
from tfmac.models.migration.rules.base import Outcome, Rule, Scene
from tfmac.schema.migration import Change, Untranslated


class Ledger:
    """Collects what was done, and what could not be."""

    def __init__(self) -> None:
        self.changes: dict[Change, None] = {}
        self.untranslated: dict[Untranslated, None] = {}

    def add(self, rule: str, layer: Layer, outcome: Outcome, place: str) -> None:
        """Note the outcome of a rule for a layer at a location of the old model."""
        for statement in outcome.statements:
            self.changes[Change(rule=rule, layer=place, statement=statement)] = None
        if outcome.reason is not None:
            found = Untranslated(
                layer=place,
                class_name=layer.class_name,
                reason=outcome.reason,
                needs=outcome.needs,
                cause=outcome.cause,
            )
            self.untranslated[found] = None


class Applier:
    """Applies a list of rules in its order."""

    def __init__(self, rules: Sequence[Rule], scene: Scene, ledger: Ledger) -> None:
        self._rules, self._scene, self._ledger = rules, scene, ledger

    def network(self, network: Network, place: str) -> Network:
        """Translate all layers of a model; ``place`` is its location."""
        return msgspec.structs.replace(
            network, layers=tuple(self.layer(one, place) for one in network.layers)
        )

    def layer(self, layer: Layer, around: str) -> Layer:
        """Translate one layer: first what is in it, then itself."""
        place = layer.source or around
        if layer.network is not None:
            layer = msgspec.structs.replace(layer, network=self.network(layer.network, place))
        if layer.parts:
            parts = {
                key: tuple(self.layer(one, place) for one in inner)
                for key, inner in layer.parts.items()
            }
            layer = msgspec.structs.replace(layer, parts=parts)
        for rule in self._rules:
            if rule.concerns(layer, self._scene):
                outcome: Optional[Outcome] = rule.apply(layer, self._scene)
                if outcome is not None:
                    self._ledger.add(rule.name, layer, outcome, place)
                    layer = outcome.layer
                    if outcome.reason is not None:
                        break
        return layer
