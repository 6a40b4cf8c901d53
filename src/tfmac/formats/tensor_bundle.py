"""TensorFlow checkpoints: an index of tensors beside files of data, of TensorFlow 1 and 2.

Field numbers are those of ``tensor_bundle.proto`` in tensorflow/tensorflow
(tensorflow/core/protobuf); the layout of texts in the data files is that of
``tensor_bundle.cc`` there. Of the data, only the graph of objects is read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

import msgspec

from tfmac.formats.graph_def import GraphReading
from tfmac.formats.meta_graph import MetaGraphs
from tfmac.formats.model_reading import OpenMember, Problems
from tfmac.formats.object_graph import VARIABLE, Role, Roles, Stored, TrackedObject, read_objects
from tfmac.formats.protobuf import Budget, InvalidMessage, Message, Source, signed
from tfmac.formats.sstable import Table
from tfmac.formats.tensorflow_types import STRING, read_shape, tensor_bytes, type_name
from tfmac.schema.model_content import Content, Graph, Member, ModelFormat, Node, Tensor

_OBJECTS = "_CHECKPOINTABLE_OBJECT_GRAPH"
_MOST_TENSORS = 200_000
_LARGEST_OBJECTS = 64 << 20
# What optimizers of TensorFlow 1 add to the name of a variable, and the scope Keras puts them in.
_SLOT = re.compile(
    r"(^|/)(training|Adam|RMSprop|SGD|Adagrad|Adadelta|Adamax|Nadam)/"
    r"|/(Adam|RMSProp|Momentum|Adagrad|Adadelta|Ftrl)(_\d+)?$"
    r"|(^|/)beta\d_power(_\d+)?$"
)
_COUNTER = re.compile(r"(^|/)global_step$|/ExponentialMovingAverage$")
# Keys that are paths through a graph of objects, which may itself be damaged.
_ATTRIBUTE = "/.ATTRIBUTES/"
_OPTIMIZER_PATH = re.compile(r"(^|/)_?optimizer/|/\.OPTIMIZER_SLOT/")
_OTHER_PATH = re.compile(r"(^|/)(keras_api|_?metrics|_all_variables|save_counter)/")


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A tensor of the index: where its bytes lie, unless it is stored in slices."""

    key: str
    type: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    sliced: bool
    checksum: int = 0
    """Of the bytes, as TensorFlow masks it."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint holds."""

    weights: tuple[Tensor, ...]
    optimizer: tuple[Tensor, ...]
    others: tuple[Tensor, ...]
    objects: tuple[TrackedObject, ...]


def read_checkpoint(
    open_member: OpenMember, names: Sequence[tuple[str, int]], prefix: str, path: str
) -> Content:
    """Read a checkpoint by its prefix: ``model.ckpt`` for ``model.ckpt.index`` and its data."""
    problems = Problems()
    folder = prefix.rpartition("/")[0]
    state = f"{folder}/checkpoint" if folder else "checkpoint"
    own = [(name, size) for name, size in names if name.startswith(f"{prefix}.") or name == state]
    budget = Budget()
    bundle = read_bundle(open_member, dict(own), prefix, problems, budget)
    graphs = _read_meta(open_member, dict(own), f"{prefix}.meta", problems, budget)
    nodes = tuple(
        Node(
            number=number,
            kind="variable" if any(value.kind == VARIABLE for value in item.values) else "object",
            children=item.children,
        )
        for number, item in enumerate(bundle.objects)
    )
    return Content(
        path=path,
        format=ModelFormat.CHECKPOINT,
        bytes=sum(size for _, size in own),
        stated=graphs.stated if graphs else {},
        tensors=bundle.weights,
        optimizer=bundle.optimizer,
        others=bundle.others,
        members=tuple(Member(name=name, bytes=size) for name, size in own),
        graph=graphs.graph(nodes) if graphs else Graph(operations={}, nodes=nodes),
        problems=problems.all(),
    )


def _read_meta(
    open_member: OpenMember,
    sizes: Mapping[str, int],
    name: str,
    problems: Problems,
    budget: Budget,
) -> Optional[MetaGraphs]:
    """Read the graph that TensorFlow 1 writes beside a checkpoint."""
    if name not in sizes:
        return None
    graphs = MetaGraphs(GraphReading())
    with problems.reading(name), open_member(name) as stream:
        graphs.read(Source(stream, sizes[name], budget).message())
    return graphs


def read_bundle(
    open_member: OpenMember,
    sizes: Mapping[str, int],
    prefix: str,
    problems: Problems,
    budget: Budget,
) -> Bundle:
    """Read the index and the graph of objects of a checkpoint."""
    reading = _Reading(open_member, sizes, prefix, problems, budget)
    reading.read_index()
    objects = reading.read_objects()
    tensors: dict[Role, list[tuple[int, Tensor]]] = {role: [] for role in Role}
    owners = _owners(objects)
    roles = Roles(objects)
    for place, entry in enumerate(reading.entries):
        number, stored = owners.get(entry.key, (-1, None))
        if stored is None:
            role = _role_by_name(entry.key)
        else:
            role = roles.of(number) if stored.kind == VARIABLE else Role.OTHER
            place = roles.place(number) if role is Role.WEIGHT else place  # noqa: PLW2901
        tensors[role].append((place, _tensor(entry, stored.name if stored else "")))
    for found in tensors.values():
        found.sort(key=lambda item: item[0])
    return Bundle(
        weights=tuple(tensor for _, tensor in tensors[Role.WEIGHT]),
        optimizer=tuple(tensor for _, tensor in tensors[Role.OPTIMIZER]),
        others=tuple(tensor for _, tensor in tensors[Role.OTHER]),
        objects=objects,
    )


def read_entries(
    open_member: OpenMember, sizes: Mapping[str, int], prefix: str, problems: Problems
) -> tuple[tuple[Entry, ...], int]:
    """Read where the tensors of a checkpoint lie, and in how many files of data."""
    reading = _Reading(open_member, sizes, prefix, problems, Budget())
    reading.read_index()
    return tuple(reading.entries), reading.shards


def _owners(objects: Iterable[TrackedObject]) -> dict[str, tuple[int, Stored]]:
    """Find the object of each key; one that is saved under two takes both."""
    return {
        stored.key: (number, stored)
        for number, item in enumerate(objects)
        for stored in item.values
    }


def _role_by_name(key: str) -> Role:
    """Tell what a tensor is for where no graph of objects does."""
    path, attribute, kind = key.partition(_ATTRIBUTE)
    if attribute and kind != VARIABLE:
        return Role.OTHER
    optimizer, other = (_OPTIMIZER_PATH, _OTHER_PATH) if attribute else (_SLOT, _COUNTER)
    if optimizer.search(f"{path}/" if attribute else key):
        return Role.OPTIMIZER
    return Role.OTHER if other.search(f"{path}/" if attribute else key) else Role.WEIGHT


def _tensor(entry: Entry, name: str) -> Tensor:
    size = tensor_bytes(entry.type, entry.shape)
    return Tensor(
        path=entry.key,
        shape=entry.shape,
        dtype=type_name(entry.type),
        bytes=entry.size if size is None else size,
        name=name,
    )


class _Reading:
    """The reading of one checkpoint."""

    def __init__(
        self,
        open_member: OpenMember,
        sizes: Mapping[str, int],
        prefix: str,
        problems: Problems,
        budget: Budget,
    ) -> None:
        self._open = open_member
        self._sizes = sizes
        self._prefix = prefix
        self._problems = problems
        self._budget = budget
        self.shards = 1
        self._objects: Optional[Entry] = None
        self.entries: list[Entry] = []

    def read_index(self) -> None:
        """Read every entry of the index, then hold the entries against the files of data."""
        name = f"{self._prefix}.index"
        if name not in self._sizes:
            self._problems.add("the index of the variables is missing", name)
            return
        with self._problems.reading(name), self._open(name) as stream:
            table = Table(Source(stream, self._sizes[name], self._budget))
            try:
                self._read_entries(table)
            finally:
                for offset in table.unsound:
                    self._problems.add("a block does not match its checksum", f"{name}, {offset}")
        self._check_shards()

    def _read_entries(self, table: Table) -> None:
        for key, value in table.entries():
            if not key:
                self._read_header(value)
            elif key[0] == 0:
                continue  # a slice of a tensor, whose own entry tells the whole shape
            elif len(self.entries) == _MOST_TENSORS:
                raise InvalidMessage(f"more than {_MOST_TENSORS:,} tensors", offset=value.start)
            else:
                self._take(_read_entry(key.decode("utf-8", "replace"), value), value.start)

    def _read_header(self, value: Message) -> None:
        """Read a ``BundleHeaderProto``."""
        for number, field in value.fields():
            if isinstance(field, Message):
                continue
            if number == 1:  # num_shards
                self.shards = field
            elif number == 2 and field:  # endianness
                self._problems.add("written on a machine with the other byte order")

    def _take(self, entry: Entry, offset: int) -> None:
        location = f"{self._prefix}.index, byte {offset}"
        expected = tensor_bytes(entry.type, entry.shape)
        if any(length < 0 for length in entry.shape) or entry.size < 0 or entry.offset < 0:
            self._problems.add(f"{entry.key}: no tensor has these sizes", location)
        elif entry.key == _OBJECTS:
            self._objects = entry
        else:
            if not entry.sliced and expected is not None and expected != entry.size:
                self._problems.add(f"{entry.key}: its shape and its bytes do not agree", location)
            self.entries.append(entry)

    def _shard(self, number: int) -> str:
        return f"{self._prefix}.data-{number:05d}-of-{self.shards:05d}"

    def _check_shards(self) -> None:
        """Say which files of data are missing or too short."""
        ends: dict[int, int] = {}
        for entry in (*self.entries, *((self._objects,) if self._objects else ())):
            if not entry.sliced:
                ends[entry.shard] = max(ends.get(entry.shard, 0), entry.offset + entry.size)
        for shard, end in sorted(ends.items()):
            name = self._shard(shard)
            if name not in self._sizes:
                self._problems.add("a file of the variables' data is missing", name)
            elif self._sizes[name] < end:
                missing = end - self._sizes[name]
                self._problems.add(f"cut off: {missing:,} bytes are missing", name)

    def read_objects(self) -> tuple[TrackedObject, ...]:
        """Read the graph of objects out of the data, where there is one."""
        entry = self._objects
        if entry is None:
            return ()
        name = self._shard(entry.shard)
        if self._sizes.get(name, 0) < entry.offset + entry.size:
            return ()  # said already
        objects: list[TrackedObject] = []
        with self._problems.reading(name), self._open(name) as stream:
            if entry.type != STRING or entry.size > _LARGEST_OBJECTS:
                raise InvalidMessage("no graph of objects", offset=entry.offset)
            end = entry.offset + entry.size
            source = Source(stream, end, self._budget)
            # One text: its length, four bytes of checksum, the text.
            length, position = source.varint(entry.offset, end)
            if length != end - position - 4:
                raise InvalidMessage("no graph of objects", offset=entry.offset)
            objects = read_objects(Message(source, position + 4, end))
        return tuple(objects)


def _read_entry(key: str, value: Message) -> Entry:
    """Read a ``BundleEntryProto``."""
    numbers = {1: 0, 3: 0, 4: 0, 5: 0, 6: 0}  # dtype, shard_id, offset, size, crc32c
    shape: Optional[tuple[int, ...]] = ()
    sliced = False
    for number, field in value.fields():
        if isinstance(field, int):
            numbers[number] = signed(field)
        elif number == 2:
            shape = read_shape(field)
        elif number == 7:  # slices
            sliced = True
    return Entry(
        key=key,
        type=numbers[1],
        shape=(-1,) if shape is None else shape,
        shard=numbers[3],
        offset=numbers[4],
        size=numbers[5],
        sliced=sliced,
        checksum=numbers[6],
    )
