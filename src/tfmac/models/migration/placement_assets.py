"""The vocabularies of layers: from the old archive or the tables of a checkpoint to the new one."""

from collections.abc import Iterator

import msgspec

from tfmac.models.migration.translation import Translation
from tfmac.models.migration.variables.owners import Owner
from tfmac.models.migration.variables.slots import Place
from tfmac.models.migration.variables.stored_objects import owners_of_members
from tfmac.models.migration.variables.tracked_objects import owners_of_tables
from tfmac.schema.migration import Untranslated
from tfmac.schema.model_content import Content, ModelFormat

VOCABULARY = "vocabulary.txt"
_LOOKUPS = frozenset({"StringLookup", "IntegerLookup"})
_WITH_VOCABULARY = frozenset({*_LOOKUPS, "TextVectorization"})
# What a layer for text looks words up with; both of them read the same file.
_INSIDE = {"TextVectorization": ("", "_lookup_layer/")}


class PlacedAsset(msgspec.Struct, frozen=True, kw_only=True):
    """One text file of the new archive: the vocabulary of a layer."""

    path: str
    """In the archive: ``assets/layers/string_lookup/vocabulary.txt``."""
    source: str
    """The member of the old archive, or the array of words, that it is made of."""


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a model's layers, and the layers whose file is nowhere."""

    assets: tuple[PlacedAsset, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()


def placed_assets(
    content: Content, model: Owner, translation: Translation, places: "list[Place]"
) -> Assets:
    """Find the vocabulary of each layer of the new model that reads one."""
    sources = _sources(content, model)
    assets: list[PlacedAsset] = []
    untranslated: list[Untranslated] = []
    for place in places:
        owner = place.owner
        if not _reads_vocabulary(owner):
            continue
        source = sources.get(translation.sources.get(owner.location, ""))
        if source is None:
            untranslated.append(_missing(owner))
            continue
        assets += (
            PlacedAsset(path=f"assets/{place.path}/{inside}{VOCABULARY}", source=source)
            for inside in _INSIDE.get(owner.class_name, ("",))
        )
    return Assets(assets=tuple(assets), untranslated=tuple(untranslated))


def _sources(content: Content, model: Owner) -> dict[str, str]:
    found: Iterator[tuple[str, Owner]] = iter(())
    if content.format in {ModelFormat.KERAS_ARCHIVE, ModelFormat.KERAS_WEIGHTS}:
        found = owners_of_members(content, model, VOCABULARY)
    elif content.format in {ModelFormat.SAVED_MODEL, ModelFormat.CHECKPOINT}:
        found = owners_of_tables(content, model)
    return {owner.location: path for path, owner in found}


def _reads_vocabulary(owner: Owner) -> bool:
    """Whether a layer has its vocabulary in a file: else it stands in the configuration."""
    return (
        owner.known
        and owner.class_name in _WITH_VOCABULARY
        and owner.config.get("vocabulary") is None
    )


def _missing(owner: Owner) -> Untranslated:
    return Untranslated(
        layer=owner.location,
        class_name=owner.class_name,
        reason="its vocabulary is not in the file",
        needs="the vocabulary in the configuration of the layer",
    )
