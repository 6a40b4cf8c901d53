"""Masks of sequences that are joined."""

from typing import Any

import pytest

from models.migration.cases import content, translated


def layer(class_name: str, name: str, *sources: str, **config: Any) -> dict[str, Any]:
    """Make a layer that takes the outputs of others."""
    nodes = [[[one, 0, 0, {}] for one in sources]] if sources else []
    return {
        "class_name": class_name,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": nodes,
    }


def joined(second: dict[str, Any], last: dict[str, Any], keras: str) -> "list[str]":
    """Join a masked sequence with another, and name what is left over."""
    layers = [
        layer("InputLayer", "in", batch_input_shape=[None, 4]),
        layer("Embedding", "masked", "in", input_dim=5, output_dim=3, mask_zero=True),
        second,
        layer("Add", "joined", "masked", "second"),
        layer("Dropout", "dropout", "joined", rate=0.5),
        last,
    ]
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [["in", 0, 0]],
        "output_layers": [["last", 0, 0]],
    }
    found = translated(content({"class_name": "Functional", "config": config}), keras)
    return [one.layer for one in found.untranslated]


PLAIN = layer("Embedding", "second", "in", input_dim=5, output_dim=3, mask_zero=False)
ALIKE = layer("Dropout", "second", "masked", rate=0.1)
OTHERWISE = layer("Masking", "second", "masked", mask_value=0.5)
LSTM = layer("LSTM", "last", "dropout", units=2, recurrent_activation="sigmoid")
DENSE = layer("Dense", "last", "dropout", units=2)


@pytest.mark.parametrize("second", [PLAIN, OTHERWISE])
@pytest.mark.parametrize(("keras", "left"), [("3.4.1", []), ("3.5.0", ["joined"])])
def test_sequences_that_are_masked_otherwise(
    second: dict[str, Any], keras: str, left: "list[str]"
) -> None:
    """From 3.5 on, the recurrent layer would see other steps."""
    assert joined(second, LSTM, keras) == left


def test_sequences_that_are_masked_alike() -> None:
    """A mask joined with itself is itself."""
    assert joined(ALIKE, LSTM, "3.15.1") == []


def test_a_mask_that_nothing_uses() -> None:
    """Nothing is computed otherwise."""
    assert joined(PLAIN, DENSE, "3.15.1") == []


@pytest.mark.parametrize(("masked", "left"), [(True, ["last"]), (False, [])])
@pytest.mark.parametrize("keras", ["3.0.5", "3.15.1"])
@pytest.mark.parametrize("as_argument", [True, False])
def test_a_masked_sequence_with_states_to_start_with(
    keras: str,
    left: "list[str]",
    masked: bool,  # noqa: FBT001 - a parameter of the test
    as_argument: bool,  # noqa: FBT001 - as above
) -> None:
    """Keras 3 hands no mask to a layer that takes two tensors."""
    last = layer("GRU", "last", "words", "state", units=2, recurrent_activation="sigmoid")
    if as_argument:
        last["inbound_nodes"] = [[["words", 0, 0, {"initial_state": ["state", 0, 0]}]]]
    layers = [
        layer("InputLayer", "in", batch_input_shape=[None, 4]),
        layer("InputLayer", "state", batch_input_shape=[None, 2]),
        layer("Embedding", "words", "in", input_dim=5, output_dim=3, mask_zero=masked),
        last,
    ]
    config = {
        "name": "m",
        "layers": layers,
        "input_layers": [["in", 0, 0], ["state", 0, 0]],
        "output_layers": [["last", 0, 0]],
    }
    found = translated(content({"class_name": "Functional", "config": config}, "2.15.0"), keras)

    assert [one.layer for one in found.untranslated] == left
