"""The guide on models that do not load: its commands are run, and what it shows is their output."""

import re
from pathlib import Path

from builders.model_files import write_hdf5
from builders.models import input_2, layer_2, model
from cli.console import document, tfmac
from cli.test_guides import GUIDES, commands

GUIDE = "why-does-my-model-not-load.md"
_SHOWN = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def make_models() -> None:
    """Make the files that the guide is about."""
    Path("models").mkdir()
    recurrent = {"activation": "tanh", "recurrent_activation": "sigmoid", "time_major": False}
    speech = layer_2("LSTM", "d", "x", units=3, implementation=2, **recurrent)
    gate = layer_2("Dense", "d", "x", units=3, activation="hard_sigmoid")
    write_hdf5(
        Path("models/speech.h5"), model("Functional", "speech", input_2("x", None, 20, 8), speech)
    )
    write_hdf5(Path("models/gate.h5"), model("Functional", "gate", input_2("x", None, 4), gate))


def test_why_does_my_model_not_load() -> None:
    """Every command ends well, and every line that is shown is one of its output."""
    make_models()
    ended = [tfmac(*words[1:]) for words in commands(GUIDE)]

    assert [end.code for end in ended] == [0] * len(ended), ended
    said = {line.rstrip() for end in ended for line in end.out.splitlines()}
    text = (GUIDES / GUIDE).read_text()
    shown = [line for block in _SHOWN.findall(text) for line in block.splitlines()]
    assert len(shown) > 5
    assert [line for line in shown if line not in said] == []
    assert len(document(ended[-1].out, "models")["models"]) == 2
