"""Weights of models whose functions the reader has otherwise: what tells it, and what does not."""

from typing import Any, Optional

import msgspec
import pytest

from builders.loadability_contents import (
    DIFFERS,
    INPUT_2,
    INPUT_3,
    KERAS_2_2,
    LOADS,
    TF_1_15,
    TF_2_3,
    TF_2_9,
    TF_2_12,
    TF_2_15,
    UNKNOWN,
    Json,
    by_layers,
    by_objects,
    dense,
    keras,
    layer,
    sequential,
    tensor,
)
from tfmac.models.loadability.verdict import judge
from tfmac.schema.loadability import Verdict
from tfmac.schema.model_content import Architecture, Content, WeightGroup

IN_3 = keras("3.8.0")
DENSE = (tensor("dense/kernel:0", 4, 2), tensor("dense/bias:0", 2))
LSTM = (
    tensor("lstm/kernel:0", 5, 16),
    tensor("lstm/recurrent_kernel:0", 4, 16),
    tensor("lstm/bias:0", 16),
)
OWN_DENSE = (tensor("layers/dense/vars/0", 4, 2), tensor("layers/dense/vars/1", 2))
NAMED_DENSE = (tensor("layers/dense/vars/0", 4, 2, name="d"),)


def beside(content: Content, configuration: Json, version: Optional[str] = "2.9.0") -> Content:
    """Put an architecture beside weights."""
    stated = {} if version is None else {"keras_version": version}
    found = Architecture(file="model.json", configuration=configuration, stated=stated)
    return msgspec.structs.replace(content, beside=found, path="model.weights.h5")


def recurrent(name: str, activation: str) -> Json:
    return layer(name, units=4, recurrent_activation=activation, activation="tanh")


def objects(*owners: str) -> Content:
    """Give objects without arrays beside one embedding."""
    content = by_objects(tensor("layers/embedding/vars/0", 9, 4))
    groups = tuple(WeightGroup(layer=one, tensors=()) for one in ("", *owners))
    return msgspec.structs.replace(content, groups=groups)


def heads() -> Content:
    parts = ("query", "key", "value", "attention_output")
    return by_layers("2.9.0", h=tuple(tensor(f"h/{part}/kernel:0", 4, 2, 2) for part in parts))


class TestWeightsAlone:
    @pytest.mark.parametrize(
        ("content", "reader"),
        [
            (by_layers("2.9.0", dense=DENSE), IN_3),
            (by_layers("2.9.0", dense=DENSE), keras("3.15.1")),
            (by_layers("2.9.0", e=(tensor("e/embeddings:0", 9, 4),), squash=()), IN_3),
            (by_layers("2.9.0", e=(tensor("e/embeddings:0", 9, 4),), activation_1=()), IN_3),
            (by_layers("2.9.0", mine=(tensor("mine/scale:0", 4),)), IN_3),
            (by_objects(*NAMED_DENSE), TF_2_15),
            (by_objects(*OWN_DENSE), TF_2_15),
            (by_objects(*OWN_DENSE), IN_3),
            (objects("layers/activation"), IN_3),
            (by_objects(tensor("layers/lstm/cell/vars/0", 4, 16)), IN_3),
            (by_objects(tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2)), IN_3),
        ],
    )
    def test_that_may_cross_with_any_activation_are_not_known(
        self, content: Content, reader: str
    ) -> None:
        judged = judge(content, reader)

        assert (judged.verdict, judged.cause) == (UNKNOWN, "saved-behaviour-changed")
        assert "hard_sigmoid" in str(judged.message)

    @pytest.mark.parametrize(
        ("content", "reader"),
        [
            (by_layers("2.9.0", dense=DENSE), TF_2_15),
            (by_layers("2.9.0", dense=DENSE), "tensorflow==2.18.1,tf-keras==2.18.0"),
            (by_layers("2.9.0", e=(tensor("e/embeddings:0", 9, 4),), dropout_1=()), IN_3),
            (by_layers("2.9.0", n=(tensor("n/gamma:0", 4), tensor("n/beta:0", 4))), IN_3),
            (by_layers("2.9.0", n=(tensor("n/gamma_1:0", 4),), input_1=()), IN_3),
            (heads(), IN_3),
            (by_objects(*NAMED_DENSE), IN_3),
            (objects("layers/dropout", "layers/p_re_lu", "layers/global_max_pooling1d"), IN_3),
            (objects("layers/sequential", "layers/sequential/layers/embedding_1"), TF_2_15),
            (by_objects(tensor("_layer_checkpoint_dependencies/dense/vars/0", 4, 2)), TF_2_12),
        ],
    )
    def test_that_stay_or_have_no_activation_load(self, content: Content, reader: str) -> None:
        assert judge(content, reader).verdict is LOADS

    def test_the_message_names_layers_and_what_would_tell(self) -> None:
        content = by_layers("2.9.0", **dict.fromkeys("abcd", DENSE), n=())
        named = msgspec.structs.replace(content, path="folder/net_weights.h5")

        message = str(judge(named, IN_3).message)

        assert "(a, b, c, …)" in message
        assert "as net.json" in message

    def test_a_writer_that_nothing_tells_is_said(self) -> None:
        message = str(judge(by_objects(*OWN_DENSE), TF_2_15).message)

        assert "nor whether Keras 2 or 3 wrote them" in message


class TestArchitectureBeside:
    @pytest.mark.parametrize(
        ("activation", "reader", "verdict"),
        [
            ("relu", IN_3, LOADS),
            ("hard_sigmoid", IN_3, DIFFERS),
            ("hard_sigmoid", TF_2_15, LOADS),
        ],
    )
    def test_tells_the_activations(self, activation: str, reader: str, verdict: Verdict) -> None:
        model = sequential(INPUT_2, dense(activation=activation))
        weights = by_layers("2.9.0", dense=DENSE)

        assert judge(beside(weights, model), reader).verdict is verdict

    @pytest.mark.parametrize(
        ("version", "reader", "verdict"),
        [
            ("2.15.0", IN_3, DIFFERS),
            ("2.15.0", TF_2_15, LOADS),
            (None, IN_3, LOADS),
            (None, TF_2_15, DIFFERS),
        ],
    )
    def test_tells_the_writer_of_objects_too(
        self, version: Optional[str], reader: str, verdict: Verdict
    ) -> None:
        """Keras 2 states its version in an architecture, Keras 3 the modules of its objects."""
        model = sequential(INPUT_3, dense(activation="hard_sigmoid"), module="keras")

        judged = judge(beside(by_objects(*OWN_DENSE), model, version), reader)

        assert judged.verdict is verdict
        assert verdict is LOADS or "model.json" in str(judged.message)

    def test_without_any_writer_leaves_hard_sigmoid_open(self) -> None:
        model = sequential(INPUT_2, dense(activation="hard_sigmoid"))

        for reader in (IN_3, TF_2_15):
            judged = judge(beside(by_objects(*OWN_DENSE), model, None), reader)
            assert judged.verdict is UNKNOWN

    def test_finds_the_function_in_a_wrapper_and_in_a_cell(self) -> None:
        inner = layer("RNN", cell=layer("LSTMCell", units=4, recurrent_activation="hard_sigmoid"))
        model = sequential({**layer("Bidirectional", layer=inner), "name": "lstm"})
        model["config"]["layers"][0]["config"]["name"] = "lstm"

        assert judge(beside(by_layers("2.9.0", lstm=LSTM), model), IN_3).verdict is DIFFERS

    @pytest.mark.parametrize(
        "model",
        [
            sequential(INPUT_2, dense(), {**dense(), "config": {"name": "more", "units": 2}}),
            sequential(INPUT_2, layer("Dense", units=3)),
            sequential(INPUT_2, {**dense(), "config": {"name": "other", "units": 2}}),
            sequential(INPUT_2),
            layer("Tower", units=2),
            {"class_name": "Sequential", "config": {"layers": [1, "x", {"class_name": 3}]}},
            {"class_name": "Sequential", "config": 5},
            [],
        ],
    )
    def test_of_another_model_tells_nothing(self, model: Any) -> None:
        weights = by_layers("2.9.0", dense=DENSE)

        assert judge(beside(weights, model), IN_3).verdict is UNKNOWN

    @pytest.mark.parametrize(
        "model",
        [
            sequential(INPUT_3, dense(), dense()),
            sequential(INPUT_3, layer("Dense", units=3)),
            sequential(INPUT_3, dense(), layer("Conv2D", filters=3)),
            sequential(INPUT_3, layer("EinsumDense", units=2)),
        ],
    )
    def test_of_other_objects_tells_nothing(self, model: Json) -> None:
        assert judge(beside(by_objects(*OWN_DENSE), model), IN_3).verdict is UNKNOWN

    def test_with_ragged_tensors_is_not_known_of_keras_3(self) -> None:
        ragged = layer("InputLayer", batch_input_shape=[None, None, 5], ragged=True)
        content = beside(
            by_layers("2.9.0", lstm=LSTM), sequential(ragged, recurrent("LSTM", "sigmoid"))
        )

        assert judge(content, IN_3).verdict is UNKNOWN
        assert judge(content, TF_2_15).verdict is LOADS

    def test_with_an_enlargement_of_the_first_keras_differs(self) -> None:
        up = layer("UpSampling2D", interpolation="bilinear")
        weights = by_layers("2.2.4", dense=DENSE, upsampling2d=())

        judged = judge(beside(weights, sequential(dense(), up), "2.2.4"), TF_2_9)

        assert judged.verdict is DIFFERS


class TestDefaultOfRecurrentLayers:
    @pytest.mark.parametrize(
        ("version", "reader", "verdict"),
        [
            ("2.2.4", TF_2_9, UNKNOWN),
            ("2.2.4-tf", TF_2_3, UNKNOWN),
            ("2.3.1", TF_2_9, LOADS),
            ("2.2.4", KERAS_2_2, LOADS),
            ("2.2.4-tf", TF_1_15, LOADS),
            ("2.4.0", TF_1_15, UNKNOWN),
            ("2.4.0", TF_2_9, LOADS),
        ],
    )
    def test_of_an_lstm_changed_with_keras_2_3(
        self, version: str, reader: str, verdict: Verdict
    ) -> None:
        assert judge(by_layers(version, lstm=LSTM), reader).verdict is verdict

    @pytest.mark.parametrize(
        ("version", "function", "reader", "verdict"),
        [
            ("2.2.4", "sigmoid", TF_2_9, LOADS),
            ("2.2.4", "hard_sigmoid", TF_2_9, UNKNOWN),
            ("2.4.0", "hard_sigmoid", TF_2_9, LOADS),
            ("2.4.0", "sigmoid", TF_1_15, UNKNOWN),
            ("2.4.0", "hard_sigmoid", TF_1_15, LOADS),
        ],
    )
    def test_does_not_matter_where_a_script_names_another(
        self, version: str, function: str, reader: str, verdict: Verdict
    ) -> None:
        """What is not the writer's default was named."""
        model = sequential(recurrent("LSTM", function))

        judged = judge(beside(by_layers(version, lstm=LSTM), model, version), reader)

        assert judged.verdict is verdict

    @pytest.mark.parametrize(
        ("version", "function", "reader", "verdict"),
        [
            ("2.15.0", "hard_sigmoid", IN_3, DIFFERS),
            ("2.15.0", "sigmoid", IN_3, LOADS),
            ("2.15.0", "hard_sigmoid", TF_2_15, LOADS),
            (None, "sigmoid", TF_2_15, UNKNOWN),
            (None, "sigmoid", IN_3, LOADS),
            (None, "tanh", TF_2_15, LOADS),
        ],
    )
    def test_of_a_convolving_layer_changed_with_keras_3(
        self, version: Optional[str], function: str, reader: str, verdict: Verdict
    ) -> None:
        convolving = layer("ConvLSTM2D", filters=2, recurrent_activation=function)
        weights = by_objects(tensor("layers/conv_lstm2d/cell/vars/1", 3, 3, 2, 8))
        model = sequential(convolving, module="keras")

        assert judge(beside(weights, model, version), reader).verdict is verdict
