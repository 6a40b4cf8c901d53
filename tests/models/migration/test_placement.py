"""Where each stored array goes: by the variable that it is, never by its place in a list alone."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pytest
from packaging.version import Version

from tfmac.models.migration.placement import Placement, placed
from tfmac.models.migration.translation import Translation
from tfmac.schema.model_content import Content, ModelFormat, Tensor, WeightGroup

NEWEST = Version("3.15.1")
Shapes = Mapping[str, Sequence[int]]


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    """Describe a layer as both Keras do."""
    return {"class_name": class_name, "config": {"name": name, **config}}


def sequential(*layers: Mapping[str, Any], name: str = "model") -> dict[str, Any]:
    """Describe a model of layers one after the other."""
    return {"class_name": "Sequential", "config": {"name": name, "layers": list(layers)}}


def grouped(
    configuration: Mapping[str, Any],
    groups: Mapping[str, Shapes],
    *,
    keras: str = "2.15.0",
    backend: str = "tensorflow",
) -> Content:
    """Make the content of a file that lists the arrays of each layer."""
    tensors, listed = [], []
    for name, arrays in groups.items():
        paths = [f"{name}/{one}" for one in arrays]
        listed.append(WeightGroup(layer=name, tensors=tuple(paths)))
        tensors += [
            Tensor(path=path, shape=tuple(shape), dtype="float32", bytes=4, name=one)
            for path, (one, shape) in zip(paths, arrays.items())
        ]
    return Content(
        path="a.h5",
        format=ModelFormat.KERAS_HDF5,
        bytes=1,
        stated={"keras_version": keras, "backend": backend},
        configuration=dict(configuration),
        tensors=tuple(tensors),
        groups=tuple(listed),
    )


def owned(configuration: Mapping[str, Any], arrays: Shapes, top: str = "layers") -> Content:
    """Make the content of a file that has the arrays below the objects that own them."""
    owners: dict[str, list[str]] = {}
    for path in arrays:
        owners.setdefault(path.rpartition("/vars/")[0], []).append(path)
    return Content(
        path="a.keras",
        format=ModelFormat.KERAS_ARCHIVE,
        bytes=1,
        stated={"keras_version": "2.15.0"},
        configuration=dict(configuration),
        tensors=tuple(
            Tensor(path=path, shape=tuple(shape), dtype="float32", bytes=4)
            for path, shape in arrays.items()
        ),
        groups=tuple(
            WeightGroup(layer=owner, tensors=tuple(paths)) for owner, paths in owners.items()
        ),
        entries=(top,),
    )


def place(
    content: Content,
    configuration: Optional[Mapping[str, Any]] = None,
    sources: Optional[dict[str, str]] = None,
) -> Placement:
    """Place by a translation that changes nothing but what is given."""
    new: dict[str, Any] = dict(configuration or content.configuration or {})
    if sources is None:
        sources = dict(_locations(new, ""))
    return placed(content, Translation(configuration=new, sources=sources), NEWEST)


def _locations(entry: Mapping[str, Any], around: str) -> Any:
    for one in entry["config"].get("layers", ()):
        name = one["config"]["name"]
        location = f"{around}/{name}" if around else name
        yield location, location
        yield from _locations(one, location)


def ways(placement: Placement) -> dict[str, str]:
    """Give the places with what goes there."""
    assert placement.untranslated == ()
    return {one.path: one.sources[0] for one in placement.arrays}


NORMALIZED = {"gamma:0": (3,), "beta:0": (3,), "moving_mean:0": (3,), "moving_variance:0": (3,)}


def test_layers_are_numbered_by_their_class() -> None:
    """The second Dense is ``dense_1``, however it is called and whatever is between."""
    content = grouped(
        sequential(
            layer("Dense", "b", units=3), layer("Dropout", "c"), layer("Dense", "a", units=2)
        ),
        {
            "b": {"b/kernel:0": (4, 3), "b/bias:0": (3,)},
            "c": {},
            "a": {"a/kernel:0": (3, 2), "a/bias:0": (2,)},
        },
    )

    assert ways(place(content)) == {
        "layers/dense/vars/0": "b/b/kernel:0",
        "layers/dense/vars/1": "b/b/bias:0",
        "layers/dense_1/vars/0": "a/a/kernel:0",
        "layers/dense_1/vars/1": "a/a/bias:0",
    }


def test_what_a_layer_has_not_moves_what_comes_after() -> None:
    """Without ``gamma`` the first variable of a BatchNormalization is ``beta``."""
    arrays = {name: shape for name, shape in NORMALIZED.items() if name != "gamma:0"}
    content = grouped(sequential(layer("BatchNormalization", "n", scale=False)), {"n": arrays})

    assert ways(place(content)) == {
        "layers/batch_normalization/vars/0": "n/beta:0",
        "layers/batch_normalization/vars/1": "n/moving_mean:0",
        "layers/batch_normalization/vars/2": "n/moving_variance:0",
    }


INNER = sequential(layer("BatchNormalization", "n"), layer("Dense", "d", units=2), name="inner")
DENSE = {"d/kernel:0": (3, 2), "d/bias:0": (2,)}
TRAINED = {"gamma:0": (3,), "beta:0": (3,), **DENSE}
FIXED = {"moving_mean:0": (3,), "moving_variance:0": (3,)}


@pytest.mark.parametrize("keras", ["2.4.0", "2.15.0", "3.8.0"])
def test_a_model_inside_lists_first_what_is_trained(keras: str) -> None:
    """Its group has the statistics of all its layers at the end."""
    content = grouped(sequential(INNER), {"inner": {**TRAINED, **FIXED}}, keras=keras)

    found = ways(place(content))

    inner = "layers/sequential/layers"
    assert found[f"{inner}/batch_normalization/vars/2"] == "inner/moving_mean:0"
    assert found[f"{inner}/dense/vars/0"] == "inner/d/kernel:0"


def test_a_layer_that_is_not_trained_lists_all_of_its_arrays_behind() -> None:
    """The kernel of a frozen Dense comes with the statistics of what is before it."""
    frozen = sequential(
        layer("BatchNormalization", "n"),
        layer("Dense", "d", units=2, trainable=False),
        name="inner",
    )
    arrays = {"gamma:0": (3,), "beta:0": (3,), **FIXED, **DENSE}

    found = ways(place(grouped(sequential(frozen), {"inner": arrays})))

    assert found["layers/sequential/layers/dense/vars/1"] == "inner/d/bias:0"


@pytest.mark.parametrize(
    ("keras", "names"),
    [
        ("2.15.0", ["kernel:0", "recurrent_kernel:0", "bias:0"]),
        ("3.8.0", ["kernel", "recurrent_kernel", "bias"]),
    ],
)
def test_a_bidirectional_layer_has_two_cells(keras: str, names: Sequence[str]) -> None:
    """The one that goes forward is listed first, and each has its place."""
    shapes = [(5, 12), (3, 12), (12,)]
    lstm = layer("LSTM", "lstm", units=3)
    arrays = {
        f"bi/{way}/{name}": shape
        for way in ("forward_lstm/lstm_cell", "backward_lstm/lstm_cell")
        for name, shape in zip(names, shapes)
    }
    content = grouped(
        sequential(layer("Bidirectional", "bi", layer=lstm)), {"bi": arrays}, keras=keras
    )

    found = ways(place(content))

    assert found["layers/bidirectional/forward_layer/cell/vars/1"].startswith("bi/bi/forward")
    assert found["layers/bidirectional/backward_layer/cell/vars/2"].startswith("bi/bi/backward")


def test_cells_of_a_stack_are_numbered_by_their_class() -> None:
    """Two LSTMCells and a GRUCell between them."""
    cells = [
        layer("LSTMCell", "a", units=3),
        layer("GRUCell", "b", units=3, use_bias=False),
        layer("LSTMCell", "c", units=3, use_bias=False),
    ]
    stack = layer("StackedRNNCells", "stack", cells=cells)
    arrays = {
        "a/kernel:0": (5, 12),
        "a/recurrent_kernel:0": (3, 12),
        "a/bias:0": (12,),
        "b/kernel:0": (3, 9),
        "b/recurrent_kernel:0": (3, 9),
        "c/kernel:0": (3, 12),
        "c/recurrent_kernel:0": (3, 12),
    }
    content = grouped(sequential(layer("RNN", "r", cell=stack)), {"r": arrays})

    found = ways(place(content))

    assert found["layers/rnn/cell/cells/gru_cell/vars/1"] == "r/b/recurrent_kernel:0"
    assert found["layers/rnn/cell/cells/lstm_cell_1/vars/0"] == "r/c/kernel:0"


def test_names_that_disagree_with_the_order_are_not_guessed() -> None:
    """An array of another name is none of this layer's variables."""
    content = grouped(
        sequential(layer("Dense", "d", units=2)),
        {"d": {"d/bias:0": (2,), "d/kernel:0": (3, 2)}},
    )

    (found,) = place(content).untranslated
    assert found.layer == "d"
    assert "otherwise" in found.reason


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"d/kernel:0": (3, 2)}, "has 2"),
        ({"d/kernel:0": (3, 2), "d/bias:0": (2,), "d/more:0": (1,)}, "has 2"),
        ({"d/kernel:0": (3, 5), "d/bias:0": (5,)}, "shape"),
        ({"d/kernel:0": (1, 3, 2), "d/bias:0": (2,)}, "shape"),
    ],
    ids=["missing", "too many", "another size", "another rank"],
)
def test_arrays_that_are_not_those_of_the_layer_are_named(arrays: Shapes, reason: str) -> None:
    """Nothing is placed then."""
    found = place(grouped(sequential(layer("Dense", "d", units=2)), {"d": arrays}))

    assert found.arrays == ()
    assert {one.layer for one in found.untranslated} == {"d"}
    assert any(reason in one.reason for one in found.untranslated)


def test_a_layer_that_is_left_out_leaves_its_arrays_behind_in_words() -> None:
    """The new model has no place for them, and that is not silent."""
    old = sequential(layer("Dense", "a", units=2), layer("Dense", "b", units=2))
    dense = {"kernel:0": (2, 2), "bias:0": (2,)}
    content = grouped(old, {"a": dense, "b": dense})

    found = place(content, sequential(layer("Dense", "a", units=2)), {"a": "a"})

    assert [one.layer for one in found.untranslated] == ["b"]


def test_a_new_layer_with_variables_needs_a_source() -> None:
    """What a rule adds may have no variables that nobody has."""
    content = grouped(sequential(layer("Activation", "a")), {"a": {}})

    found = place(content, sequential(layer("Dense", "n", units=2)), {})

    assert {one.layer for one in found.untranslated} == {"n"}


def test_classes_of_somebody_keep_the_order_of_their_arrays() -> None:
    """They are numbered as they were stored, beside what is known."""
    content = grouped(
        sequential(layer("Mine", "m"), layer("Dense", "d", units=2)),
        {"m": {"m/z:0": (1,), "m/a:0": (2,)}, "d": {"kernel:0": (3, 2), "bias:0": (2,)}},
    )

    found = ways(place(content))

    assert found["layers/mine/vars/0"] == "m/m/z:0"
    assert found["layers/mine/vars/1"] == "m/m/a:0"


@pytest.mark.parametrize(
    ("top", "second"), [("layers", "dense_1"), ("_layer_checkpoint_dependencies", "dense_2")]
)
def test_objects_are_numbered_once_or_twice(top: str, second: str) -> None:
    """Keras 2.12 and 2.13 count each layer that has arrays twice."""
    content = owned(
        sequential(layer("Dense", "a", units=3), layer("Dense", "b", units=2)),
        {
            f"{top}/dense/vars/0": (4, 3),
            f"{top}/dense/vars/1": (3,),
            f"{top}/{second}/vars/0": (3, 2),
            f"{top}/{second}/vars/1": (2,),
        },
        top,
    )

    assert ways(place(content))["layers/dense_1/vars/0"] == f"{top}/{second}/vars/0"


def test_private_objects_of_keras_2_are_public_in_keras_3() -> None:
    """``_query_dense`` became ``query_dense``, and is the same object."""
    names = ("query", "key", "value", "output")
    arrays = {
        f"layers/multi_head_attention/_{name}_dense/vars/{number}": (2, 2)
        for name in names
        for number in (0, 1)
    }
    content = owned(sequential(layer("MultiHeadAttention", "m", num_heads=2, key_dim=2)), arrays)

    assert ways(place(content)) == {path.replace("/_", "/"): path for path in arrays}


def test_layers_of_cudnn_are_arranged_anew() -> None:
    """Each array has a transform of its name, and the change is told."""
    arrays = {"kernel:0": (5, 12), "recurrent_kernel:0": (3, 12), "bias:0": (24,)}
    content = grouped(sequential(layer("CuDNNLSTM", "l", units=3)), {"l": arrays})

    found = place(content, sequential(layer("LSTM", "l", units=3)), {"l": "l"})

    assert [one.transform for one in found.arrays] == [
        "cudnn-lstm-kernel",
        "cudnn-lstm-recurrent-kernel",
        "cudnn-lstm-bias",
    ]
    assert found.arrays[-1].shape == (12,)
    assert len(found.changes) == 3


def test_kernels_of_theano_are_turned() -> None:
    """Its convolutions take them the other way round; other layers' kernels stay."""
    content = grouped(
        sequential(layer("Conv2D", "c", filters=2), layer("Dense", "d", units=2)),
        {
            "c": {"kernel:0": (3, 3, 1, 2), "bias:0": (2,)},
            "d": {"kernel:0": (3, 2), "bias:0": (2,)},
        },
        backend="theano",
    )

    found = {one.path: one.transform for one in place(content).arrays}

    assert found["layers/conv2d/vars/0"] == "theano-kernel"
    assert found["layers/dense/vars/0"] is None


def _tensor(name: str) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}


def test_the_order_of_a_functional_model_is_that_of_its_calls() -> None:
    """The layer that is farther from the output comes first, wherever it is listed."""

    def called(name: str, *inputs: str, class_name: str = "Dense") -> dict[str, Any]:
        call = {"args": [[_tensor(one) for one in inputs]], "kwargs": {}}
        return {
            **layer(class_name, name, units=2),
            "name": name,
            "inbound_nodes": [call] if inputs else [],
        }

    new = {
        "class_name": "Functional",
        "config": {
            "name": "f",
            "layers": [
                called("i", class_name="InputLayer"),
                called("near", "far"),
                called("far", "i"),
            ],
            "output_layers": [["near", 0, 0]],
        },
    }
    dense = {"kernel:0": (2, 2), "bias:0": (2,)}
    content = grouped(new, {"i": {}, "near": dense, "far": dense})

    found = ways(place(content))

    assert found["layers/dense/vars/0"] == "far/kernel:0"
    assert found["layers/dense_1/vars/0"] == "near/kernel:0"


def test_a_vocabulary_that_is_not_in_the_file_is_asked_for() -> None:
    """A layer without its words would load, and compute something else."""
    content = grouped(sequential(layer("StringLookup", "s", vocabulary=None)), {"s": {}})

    (found,) = place(content).untranslated
    assert found.layer == "s"
    assert "vocabulary" in found.reason
