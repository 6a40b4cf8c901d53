"""Keras's HDF5 files: whole models, weights by layers, and weights by the objects that own them.

Read from files of Keras 1 to 3.15. The older two layouts keep each layer's order of weights in an
attribute, in pieces where it was longer than 64 KB; the newer one numbers them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Optional

from tfmac.formats.byte_ranges import Range
from tfmac.formats.hdf5_tree import DAMAGED, Hdf5Tree, InvalidHdf5
from tfmac.formats.json_text import InvalidJson, read_json
from tfmac.schema.model_content import Content, ModelFormat, Problem, Tensor, WeightGroup

_MOST_ENTRIES = 1000
_MOST_STATED = 40
_LONGEST_STATED = 300
_OWN_ATTRIBUTES = ("model_config", "training_config", "layer_names", "weight_names", "nb_layers")
_WEIGHTS = "model_weights"
_OPTIMIZER = "optimizer_weights"
# The layer that holds what a model itself owns is written beside the layers, without being named.
_OF_THE_MODEL = "top_level_model_weights"
_NUMBER = re.compile(r"(\d+)")
# What lies at the top of the newer layout: Keras 2.12-2.13 named it for the checkpoint's graph.
_NEW_TOPS = frozenset({"layers", "_layer_checkpoint_dependencies", "vars"})
_NEW_OPTIMIZERS = ("optimizer/", "_optimizer/")
_NOT_WEIGHTS = ("metrics/", "compile_metrics/", "_metrics/", "_compile_metrics/")


def read_keras_hdf5(stream: Range, *, path: str = "") -> Content:
    """Read any HDF5 file: what of it is Keras's, and how the rest is laid out."""
    try:
        tree = Hdf5Tree(stream)
    except InvalidHdf5 as error:
        problem = Problem(statement=f"no readable HDF5 file: {error}", cause=DAMAGED)
        return Content(
            path=path, format=ModelFormat.OTHER_HDF5, bytes=stream.size, problems=(problem,)
        )
    try:
        return _Reader(tree, path, stream.size).content()
    finally:
        tree.close()


class _Reader:
    def __init__(self, tree: Hdf5Tree, path: str, size: int) -> None:
        self._tree = tree
        self._path = path
        self._size = size
        self._groups: list[WeightGroup] = []
        self._weights: dict[str, Tensor] = {}
        self._optimizer: dict[str, Tensor] = {}

    def content(self) -> Content:
        tree = self._tree
        weights = self._weights_group()
        configuration = self._json("", "model_config") or self._json(weights, "model_config")
        training = self._json("", "training_config")
        stated = {**self._stated(weights), **self._stated("")}
        whole = any(tree.has(one, "model_config") for one in (weights, ""))
        kind = self._layers(weights, whole=whole)
        rest = [
            one
            for place, one in tree.tensors.items()
            if place not in self._weights and place not in self._optimizer
        ]
        return Content(
            path=self._path,
            format=kind,
            bytes=self._size,
            stated=stated,
            configuration=configuration,
            training=training,
            tensors=tuple(self._weights.values()),
            optimizer=tuple(self._optimizer.values()),
            others=tuple(rest),
            groups=tuple(self._groups),
            entries=tuple(tree.entries()[:_MOST_ENTRIES]),
            problems=tuple(tree.problems),
        )

    def _weights_group(self) -> str:
        return _WEIGHTS if _WEIGHTS in self._tree.groups else ""

    def _layers(self, weights: str, *, whole: bool) -> ModelFormat:
        """Read the weights in the layout that the file has, and name the format."""
        names = self._tree.chunked_texts(weights, "layer_names")
        if names is not None:
            self._read_layers(weights, names)
            self._read_optimizer()
            return ModelFormat.KERAS_HDF5 if whole else ModelFormat.KERAS_HDF5_WEIGHTS
        if self._read_first_layout(weights):
            return ModelFormat.KERAS_HDF5 if whole else ModelFormat.KERAS_HDF5_WEIGHTS
        if not whole and not weights and self._has_owners():
            self._read_owners()
            return ModelFormat.KERAS_WEIGHTS
        if whole:
            self._tree.problem("there is no list of layers beside the architecture", weights)
            self._read_optimizer()
            return ModelFormat.KERAS_HDF5
        return ModelFormat.OTHER_HDF5

    # -- layers in the order of ``layer_names``

    def _read_layers(self, base: str, names: Iterable[str]) -> None:
        # Each once: a name that stands there a thousand times is no work for a thousand.
        for name in dict.fromkeys(names):
            self._read_layer(base, name)
        if _below(base, _OF_THE_MODEL) in self._tree.groups:
            self._read_layer(base, _OF_THE_MODEL)

    def _read_layer(self, base: str, layer: str) -> None:
        place = _below(base, layer)
        if place not in self._tree.groups:
            self._tree.problem("the layer is listed, and there is nothing of it", place)
            return
        named = self._tree.chunked_texts(place, "weight_names")
        tensors = list(self._named(place, named or (), self._weights))
        if layer != _OF_THE_MODEL or tensors:
            self._groups.append(WeightGroup(layer=layer, tensors=tuple(tensors)))

    def _named(self, base: str, names: Iterable[str], into: dict[str, Tensor]) -> Iterator[str]:
        for name in names:
            place = _below(base, name)
            tensor = self._tree.tensors.get(place)
            if tensor is None:
                self._tree.problem("the array is listed, and there is none", place)
                continue
            into[place] = _renamed(tensor, name)
            yield place

    def _read_optimizer(self) -> None:
        if _OPTIMIZER not in self._tree.groups:
            return
        names = self._tree.chunked_texts(_OPTIMIZER, "weight_names")
        for _ in self._named(_OPTIMIZER, names or (), self._optimizer):
            pass
        for place, tensor in self._tree.tensors.items():
            if place.startswith(f"{_OPTIMIZER}/"):
                self._optimizer.setdefault(place, tensor)

    def _read_first_layout(self, base: str) -> bool:
        """Read what Keras 0 wrote: ``layer_0`` with ``param_0`` ..., in that order."""
        numbered = re.compile(rf"{re.escape(_below(base, 'layer_'))}(\d+)/param_(\d+)")
        found = [(match, one) for one in self._tree.tensors if (match := numbered.fullmatch(one))]
        if not found:
            return False
        layers: dict[str, list[str]] = {}
        for match, place in sorted(found, key=lambda one: (int(one[0][1]), int(one[0][2]))):
            layers.setdefault(f"layer_{match[1]}", []).append(place)
            self._weights[place] = self._tree.tensors[place]
        self._groups += (
            WeightGroup(layer=layer, tensors=tuple(places)) for layer, places in layers.items()
        )
        return True

    # -- objects with their ``vars``

    def _has_owners(self) -> bool:
        groups = self._tree.groups
        return bool(_NEW_TOPS.intersection(groups)) or any(one.endswith("/vars") for one in groups)

    def _read_owners(self) -> None:
        """Read the layout in which each object has its arrays in a group ``vars``, by number."""
        owners: dict[str, list[str]] = {}
        for place in self._tree.tensors:
            owner, _, rest = place.rpartition("/vars/")
            if not rest and place.startswith("vars/"):
                owner, rest = "", place[5:]
            if rest:
                owners.setdefault(owner, []).append(place)
        for owner in sorted(self._owners(owners), key=_naturally):
            self._read_owner(owner, sorted(owners.get(owner, ()), key=_naturally))

    def _owners(self, owners: Iterable[str]) -> set[str]:
        """Give every object: one without arrays keeps its name here too."""
        bare = (one[: -len("/vars")] for one in self._tree.groups if one.endswith("/vars"))
        return {*owners, *bare, *([""] if "vars" in self._tree.groups else [])}

    def _read_owner(self, owner: str, places: list[str]) -> None:
        place = _below(owner, "vars")
        name = self._tree.text(place, "name") if place in self._tree.groups else None
        tensors = {one: _renamed(self._tree.tensors[one], name or "") for one in places}
        inside = f"{owner}/"
        if inside.startswith(_NEW_OPTIMIZERS):
            self._optimizer.update(tensors)
        elif not inside.startswith(_NOT_WEIGHTS) and "/seed_generator/" not in inside:
            self._weights.update(tensors)
            self._groups.append(WeightGroup(layer=owner, tensors=tuple(places), name=name or ""))

    # -- what is said

    def _json(self, place: str, attribute: str) -> Optional[Any]:  # noqa: ANN401
        text = self._tree.text(place, attribute)
        if text is None:
            return None
        try:
            return read_json(text)
        except InvalidJson as error:
            self._tree.problem(f"{attribute} cannot be read: {error}", place)
            return None

    def _stated(self, place: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in self._tree.attributes(place)[:_MOST_STATED]:
            if name.startswith(_OWN_ATTRIBUTES):
                continue
            texts = self._tree.texts(place, name)
            if texts and len(texts) == 1 and len(texts[0]) <= _LONGEST_STATED:
                found[name] = texts[0]
        return found


def _below(place: str, name: str) -> str:
    return f"{place}/{name}" if place else name


def _renamed(tensor: Tensor, name: str) -> Tensor:
    return Tensor(
        path=tensor.path, shape=tensor.shape, dtype=tensor.dtype, bytes=tensor.bytes, name=name
    )


def _naturally(place: str) -> list[tuple[int, str]]:
    """Sort ``dense_10`` after ``dense_9``."""
    return [
        (int(part), "") if part.isdecimal() and len(part) < 10 else (-1, part)
        for part in _NUMBER.split(place)
    ]
