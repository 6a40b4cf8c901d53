"""The configuration of a model, translated for another release of Keras 3."""

from collections.abc import Sequence

import msgspec
from packaging.version import Version

from tfmac.models.migration.network import Network
from tfmac.models.migration.operations.express import express
from tfmac.models.migration.reading import UnreadableArchitecture, network_of
from tfmac.models.migration.reading_calls import references_in
from tfmac.models.migration.rules import inputs, masks, names, splitting
from tfmac.models.migration.rules.applying import Applier, Ledger
from tfmac.models.migration.rules.base import Scene
from tfmac.models.migration.rules.classes import model_name
from tfmac.models.migration.rules.registry import RULES
from tfmac.models.migration.rules.training import training_of
from tfmac.models.migration.scenes import scene_of
from tfmac.models.migration.sharing import tied
from tfmac.models.migration.translation import Translation
from tfmac.models.migration.variables.source import source_variables
from tfmac.models.migration.writing import locations, written
from tfmac.schema.migration import Untranslated
from tfmac.schema.model_content import Content

__all__ = ["Translation", "translate"]


def translate(content: Content, keras: Version, *, custom: Sequence[str] = ()) -> Translation:
    """Write a model's configuration as a release of Keras 3 reads it.

    ``custom`` names the classes that the user supplies: ``module:Class`` or the class alone.
    """
    ledger = Ledger()
    scene = scene_of(content, keras, custom)
    try:
        given = network_of(content.configuration)
    except UnreadableArchitecture as error:
        return _impossible(content, str(error))
    if content.tensors:
        given = tied(given, source_variables(content, content.configuration).shared)
    network = _translated(given, keras, scene, ledger)
    configuration = written(network, scene.target)
    training = training_of(content, scene, ledger, _renamed_outputs(given, network))
    if training is not None:
        configuration["compile_config"] = training
    return Translation(
        configuration=configuration,
        training=training,
        sources=dict(locations(network)),
        changes=tuple(ledger.changes),
        untranslated=tuple(ledger.untranslated),
    )


def _translated(network: Network, keras: Version, scene: Scene, ledger: Ledger) -> Network:
    name = model_name(network.class_name, bool(network.outputs))
    if name is None:
        bare = network.class_name.rpartition(">")[2]
        ledger.untranslated[
            Untranslated(
                layer="",
                class_name=network.class_name,
                reason=f"{network.class_name} is somebody's own class of model",
                needs=f"--custom module:{bare}",
                cause="custom-layer-unknown",
            )
        ] = None
        name = network.class_name
    network = msgspec.structs.replace(network, class_name=name)
    network = names.named(inputs.with_inputs(network), ledger)
    masks.check(network, scene, ledger)
    network, changes, untranslated = express(network, keras, old_bilinear=scene.old_bilinear)
    ledger.changes.update(dict.fromkeys(changes))
    ledger.untranslated.update(dict.fromkeys(untranslated))
    network = splitting.split(network, scene, ledger)
    return Applier(RULES, scene, ledger).network(network, "")


def _renamed_outputs(before: Network, after: Network) -> dict[str, str]:
    """Give the new names of layers that are outputs; a dictionary of outputs has its own names."""
    if isinstance(before.outputs, dict):
        return {}
    names: dict[str, str] = {}
    for old, new in zip(_outputs(before), _outputs(after)):
        names.setdefault(old, new)
    return {old: new for old, new in names.items() if old != new}


def _outputs(network: Network) -> list[str]:
    if network.class_name == "Sequential":
        return [one.name for one in network.layers[-1:]]
    return [one.layer for one in references_in(network.outputs)]


def _impossible(content: Content, reason: str) -> Translation:
    configuration = content.configuration
    name = configuration.get("class_name") if isinstance(configuration, dict) else None
    bare = str(name or "Model")
    return Translation(
        configuration={},
        untranslated=(
            Untranslated(
                layer="",
                class_name=bare,
                reason=reason,
                needs="an architecture file" if name is None else f"--custom module:{bare}",
            ),
        ),
    )
