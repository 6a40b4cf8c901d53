"""What a rule is, what it gets, and what it gives."""

import enum
from collections.abc import Callable
from typing import Any, Optional

import msgspec

from tfmac.models.configuration import Json
from tfmac.models.migration.network import Layer
from tfmac.models.migration.targets import Release, Target


class Writers(enum.Enum):
    """Whose files a rule is about."""

    ANY = "any"
    KERAS_2 = "keras-2"
    KERAS_3 = "keras-3"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a rule may look at beside the layer."""

    target: Target
    is_keras_3: bool
    """Whether Keras 3 wrote the file."""
    writer: Optional[Release] = None
    """The minor release of Keras that wrote it, where the file tells."""
    is_hdf5: bool = False
    old_bilinear: bool = False
    """Whether the writer enlarged images between other points than all later ones."""
    custom: frozenset[str] = frozenset()
    """The classes that the user supplies, by their bare names."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule makes of a layer."""

    layer: Layer
    statements: tuple[str, ...] = ()
    """What was changed, for the user; empty where only the spelling is another."""
    reason: Optional[str] = None
    """Why the layer cannot be translated."""
    needs: Optional[str] = None
    cause: Optional[str] = None


Apply = Callable[[Layer, Scene], Optional[Outcome]]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One known break, and what is done about it."""

    name: str
    apply: Apply
    classes: frozenset[str] = frozenset()
    """The layers that it is about; empty for all."""
    writers: Writers = Writers.KERAS_2
    since: Release = (3, 0)
    """The first release, among those that the file may be written for, that needs it."""
    before: Optional[Release] = None

    def concerns(self, layer: Layer, scene: Scene) -> bool:
        """Whether it is about this layer, this writer and the wanted release."""
        if self.classes and layer.class_name not in self.classes:
            return False
        if self.writers is not Writers.ANY and (
            scene.is_keras_3 is not (self.writers is Writers.KERAS_3)
        ):
            return False
        release = scene.target.release
        return self.since <= release and (self.before is None or release < self.before)


def with_config(layer: Layer, config: Json) -> Layer:
    """Give the layer another configuration."""
    return msgspec.structs.replace(layer, config=config)


def without(layer: Layer, *keys: str) -> Layer:
    """Take keys out of the configuration."""
    return with_config(
        layer, {key: value for key, value in layer.config.items() if key not in keys}
    )


def having(layer: Layer, **arguments: Any) -> Layer:  # noqa: ANN401 - configurations are JSON
    """Put keys into the configuration."""
    return with_config(layer, {**layer.config, **arguments})


def renamed(layer: Layer, names: dict[str, str]) -> Layer:
    """Give keys of the configuration other names, where the other is not there already."""
    config = dict(layer.config)
    for old, new in names.items():
        if old in config:
            value = config.pop(old)
            config.setdefault(new, value)
    return with_config(layer, config)
