"""Layers of the models that Keras comes with, which it exports nowhere."""

from typing import Any, Optional

import pytest

from models.migration.cases import entry_of, layer, sequential, translated

_SCALE = {"name": "stage_0_block_0_layer_scale", "init_values": 1e-6, "projection_dim": 4}


@pytest.mark.parametrize("module", [None, "keras.src.applications.convnext"])
def test_layers_of_kerass_applications(module: Optional[str]) -> None:
    """HDF5 names no module for them; Keras 3 looks for nothing else."""
    entry = {**layer("LayerScale", **_SCALE), "module": module}
    translation = translated(sequential(entry))
    written = entry_of(translation, str(_SCALE["name"]))

    assert translation.untranslated == ()
    assert (written["module"], written["class_name"]) == (
        "keras.src.applications.convnext",
        "LayerScale",
    )
    assert written["config"] == {**_SCALE, "trainable": True}


@pytest.mark.parametrize(
    ("module", "change"),
    [(None, {"name": "mine"}), (None, {"power": 2}), ("mine.layers", {})],
)
def test_layers_that_are_only_called_like_those_of_applications(
    module: Optional[str], change: dict[str, Any]
) -> None:
    """They are somebody's own."""
    entry = {**layer("LayerScale", **{**_SCALE, **change}), "module": module}

    assert "its code is needed" in translated(sequential(entry)).untranslated[0].reason
