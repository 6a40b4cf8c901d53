"""Masks of sequences that are joined."""

from typing import Any

import pytest
from tests.models.migration.cases import content, translated


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
