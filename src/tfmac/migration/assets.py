"""The small files of layers: copied from the old archive, or made of the words of a table."""

import os
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tfmac.formats.byte_ranges import whole
from tfmac.formats.protobuf import Source
from tfmac.formats.saved_tables import SavedTables
from tfmac.formats.tensor_values import BundleValues
from tfmac.formats.zip_members import InvalidZip, ZipMembers
from tfmac.migration.values import UnreadableValues, Values, open_regular
from tfmac.models.migration.placement_assets import PlacedAsset
from tfmac.observe.model_paths import saved_model_folder
from tfmac.schema.model_content import Content, ModelFormat, Node, Tensor

Tables = Mapping[str, "list[bytes]"]
_TABLE = "lookup_table"
_FILLING = "_initialize"
_KEYS = "/.ATTRIBUTES/table-keys"
_MOST_STEPS = 500_000


def with_tables(content: Content, path: str) -> tuple[Content, Tables]:
    """Add the tables that a SavedModel fills from its graph to what it keeps beside its weights."""
    nodes = content.graph.nodes if content.graph is not None else ()
    found = list(_tables(nodes)) if content.format is ModelFormat.SAVED_MODEL else []
    if not found:
        return content, {}
    name = os.path.join(saved_model_folder(path) or path, "saved_model.pb")
    tables: dict[str, list[bytes]] = {}
    with open_regular(name) as stream:
        graph = SavedTables(Source(stream, os.fstat(stream.fileno()).st_size).message())
        for way, filling in found:
            words = graph.words(filling)
            if words is not None:
                tables[f"{way}{_KEYS}"] = words
    others = (
        Tensor(path=one, shape=(len(words),), dtype="string", bytes=sum(map(len, words)))
        for one, words in tables.items()
    )
    return msgspec.structs.replace(content, others=(*content.others, *others)), tables


def _tables(nodes: "tuple[Node, ...]") -> Iterator[tuple[str, int]]:
    """Give the way to each table in the graph of objects, and the object that fills it."""
    waiting = [("", 0)]
    seen: set[int] = set()
    left = _MOST_STEPS
    while waiting and left:
        left -= 1
        way, number = waiting.pop(0)
        if number in seen or not 0 <= number < len(nodes):
            continue
        seen.add(number)
        node = nodes[number]
        if way.rpartition("/")[2] == _TABLE and _FILLING in node.children:
            yield way, node.children[_FILLING]
            continue
        for name, child in node.children.items():
            escaped = name.replace(".", "..").replace("/", ".S")
            waiting.append((f"{way}/{escaped}" if way else escaped, child))


def asset_members(
    content: Content, path: str, values: Values, assets: Iterable[PlacedAsset], tables: Tables
) -> dict[str, bytes]:
    """Give the files by their names in the new archive."""
    assets = tuple(assets)
    if not assets:
        return {}
    if content.format is not ModelFormat.KERAS_ARCHIVE:
        return {one.path: _words(values, one.source, tables) for one in assets}
    with open_regular(path) as stream:
        members = ZipMembers(whole(stream))
        try:
            return {one.path: members.read(one.source) for one in assets}
        except InvalidZip as error:
            raise UnreadableValues(f"a vocabulary cannot be read: {error}") from error


def _words(values: Values, keys: str, tables: Tables) -> bytes:
    """Put the words of a table into the order of their numbers, from the first one on."""
    words = tables.get(keys)
    if words is None:
        if not isinstance(values, BundleValues):
            raise UnreadableValues("there is no table of words")
        numbers = values.numbers(f"{keys.removesuffix('keys')}values")
        words = [word for _, word in sorted(zip(numbers, values.texts(keys)))]
    if any(b"\n" in word or b"\r" in word for word in words):
        raise UnreadableValues("a word of a vocabulary has more than one line")
    return b"\n".join(words)
