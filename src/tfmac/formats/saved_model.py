"""SavedModel folders, of TensorFlow 1 and 2, of Keras 2 and as Keras 3 exports them.

Field numbers are those of ``saved_model.proto`` and ``fingerprint.proto`` in
tensorflow/tensorflow (tensorflow/core/protobuf).
"""

from collections.abc import Mapping, Sequence
from typing import IO, Any, Optional

from tfmac.formats.graph_def import GraphReading
from tfmac.formats.meta_graph import MetaGraphs
from tfmac.formats.model_reading import OpenMember, Problems, read_json
from tfmac.formats.protobuf import Budget, Source
from tfmac.formats.tensor_bundle import Bundle, read_bundle
from tfmac.schema.model_content import Content, Member, ModelFormat

_GRAPHS = "saved_model.pb"
_OTHER_GRAPHS = {
    "saved_model.pbtxt": "a SavedModel as text is not read",
    "saved_model.cpb": "a SavedModel in several parts is not read",
}
_KERAS_METADATA = "keras_metadata.pb"
_FINGERPRINT = "fingerprint.pb"
# TensorFlow 1.14 and 1.15 put the architecture there (tf.keras.experimental).
_EXPORTED_JSON = "assets/saved_model.json"
_VARIABLES = "variables/variables"
_VARIABLE_OPERATIONS = {"VarHandleOp", "VariableV2", "Variable"}
_ARCHIVE = {"variables", "trainable_variables", "non_trainable_variables"}


def read_saved_model(
    open_member: OpenMember, names: Sequence[tuple[str, int]], path: str
) -> Content:
    """Read a SavedModel; ``names`` are its files, with ``/`` between folders, and their sizes."""
    folder = _Folder(open_member, names)
    folder.read()
    objects = folder.graphs.objects
    configuration, training = _architecture(objects.root())
    bundle = folder.bundle
    return Content(
        path=path,
        format=ModelFormat.SAVED_MODEL,
        bytes=sum(size for _, size in names),
        stated=folder.stated(),
        configuration=folder.exported if configuration is None else configuration,
        training=training,
        tensors=bundle.weights if bundle else (),
        optimizer=bundle.optimizer if bundle else (),
        others=bundle.others if bundle else (),
        members=tuple(Member(name=name, bytes=size) for name, size in names),
        graph=folder.graphs.graph(objects.nodes),
        problems=folder.problems.all(),
    )


def _architecture(root: Mapping[str, Any]) -> tuple[Optional[Any], Optional[Any]]:
    """Give the configuration and the training configuration as ``.h5`` files have them."""
    configuration = root.get("model_config")
    if configuration is None and isinstance(root.get("config"), dict):
        configuration = {"class_name": root.get("class_name"), "config": root["config"]}
    return configuration, root.get("training_config")


class _Folder:
    """The reading of one SavedModel."""

    def __init__(self, open_member: OpenMember, names: Sequence[tuple[str, int]]) -> None:
        self._open = open_member
        self._sizes = dict(names)
        self._stated: dict[str, str] = {}
        self._budget = Budget()
        self.problems = Problems()
        self.graphs = MetaGraphs(GraphReading())
        self.bundle: Optional[Bundle] = None
        self.exported: Optional[Any] = None

    def read(self) -> None:
        """Read every part; one that is damaged does not hide the others."""
        self._read_graphs()
        self._read_keras_metadata()
        self._read_fingerprint()
        self._read_exported_json()
        self._read_variables()
        for asset in self.graphs.assets:
            if f"assets/{asset}" not in self._sizes:
                self.problems.add("a file that the graph needs is missing", f"assets/{asset}")

    def stated(self) -> dict[str, str]:
        """Give what the folder says of its writer."""
        root = self.graphs.objects.root()
        stated = {**self._stated, **self.graphs.stated}
        for key in ("keras_version", "backend"):
            if isinstance(root.get(key), str):
                stated[key] = root[key]
        if self._exported_by_keras():
            stated["exported_by"] = "ExportArchive"
        return stated

    def _exported_by_keras(self) -> bool:
        """Whether the root is what ``model.export`` makes, not a model itself."""
        nodes = self.graphs.objects.nodes
        root = nodes[0] if nodes else None
        return (
            root is not None
            and root.identifier == "_generic_user_object"
            and set(root.children) >= _ARCHIVE
        )

    def _source(self, stream: IO[bytes], name: str) -> Source:
        return Source(stream, self._sizes[name], self._budget)

    def _read_graphs(self) -> None:
        if _GRAPHS not in self._sizes:
            found = [text for name, text in _OTHER_GRAPHS.items() if name in self._sizes]
            self.problems.add(found[0] if found else "the graphs are missing", _GRAPHS)
            return
        with self.problems.reading(_GRAPHS), self._open(_GRAPHS) as stream:
            for number, part in self._source(stream, _GRAPHS).message().fields():
                if isinstance(part, int):
                    if number == 1:  # saved_model_schema_version
                        self._stated["saved_model_schema_version"] = str(part)
                elif number == 2:  # meta_graphs
                    self.graphs.read(part)

    def _read_keras_metadata(self) -> None:
        if _KERAS_METADATA not in self._sizes or not self.graphs.objects.nodes:
            return
        with self.problems.reading(_KERAS_METADATA), self._open(_KERAS_METADATA) as stream:
            self.graphs.objects.read_metadata(self._source(stream, _KERAS_METADATA).message())

    def _read_fingerprint(self) -> None:
        """Read a ``FingerprintDef``, which TensorFlow 2.12 and later write."""
        if _FINGERPRINT not in self._sizes:
            return
        with self.problems.reading(_FINGERPRINT), self._open(_FINGERPRINT) as stream:
            for number, value in self._source(stream, _FINGERPRINT).message().fields():
                if number == 1 and isinstance(value, int):
                    self._stated["fingerprint"] = f"{value:016x}"

    def _read_exported_json(self) -> None:
        if _EXPORTED_JSON not in self._sizes:
            return
        with self.problems.reading(_EXPORTED_JSON), self._open(_EXPORTED_JSON) as stream:
            self.exported = read_json(self._source(stream, _EXPORTED_JSON).message())

    def _read_variables(self) -> None:
        index = f"{_VARIABLES}.index" in self._sizes
        if index or _VARIABLE_OPERATIONS & self.graphs.operations.keys():
            self.bundle = read_bundle(
                self._open, self._sizes, _VARIABLES, self.problems, self._budget
            )
