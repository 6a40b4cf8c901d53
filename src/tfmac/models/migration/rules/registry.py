"""All rules, in the order in which they are applied."""

from tfmac.models.migration.rules import (
    activations,
    applications,
    arguments,
    bare_operations,
    calls,
    classes,
    inputs,
    layers,
    objects,
    types,
)
from tfmac.models.migration.rules.base import Rule, Writers

_RECURRENT = frozenset({"LSTM", "GRU", "LSTMCell", "GRUCell", "ConvLSTM1D", "ConvLSTM2D"})
_CONVOLVING = frozenset({"ConvLSTM3D"})
_GATED = frozenset({"GRU", "GRUCell"})
_TIMED = frozenset({"RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
_AROUND = frozenset({"Bidirectional", "CuDNNLSTM", "CuDNNGRU"})
_PREPROCESSING = frozenset(
    {"CategoryEncoding", "Discretization", "IntegerLookup", "StringLookup", "TextVectorization"}
)
_ATTENTION = frozenset({"Attention", "AdditiveAttention"})

RULES = (
    Rule(name="operation-module", apply=bare_operations.in_its_module, writers=Writers.KERAS_3),
    Rule(name="operation-form", apply=bare_operations.form, writers=Writers.KERAS_3),
    Rule(name="built-by-calls", apply=calls.built),
    Rule(name="inner-model", apply=classes.model_class, writers=Writers.ANY),
    Rule(name="class-name", apply=classes.other_name, writers=Writers.ANY),
    Rule(
        name="application",
        apply=applications.in_its_module,
        classes=applications.CLASSES,
        writers=Writers.ANY,
    ),
    Rule(name="custom-class", apply=classes.custom, writers=Writers.ANY),
    Rule(name="batch-shape", apply=inputs.input_layer, writers=Writers.ANY),
    Rule(name="input-shape", apply=inputs.input_shape, writers=Writers.ANY),
    Rule(name="initial-state", apply=calls.initial_state, classes=_TIMED | _AROUND),
    Rule(name="causal", apply=calls.causal, classes=_ATTENTION),
    Rule(name="dtype-policy", apply=types.policy, writers=Writers.ANY),
    Rule(
        name="cudnn",
        apply=layers.cudnn,
        classes=frozenset({"CuDNNLSTM", "CuDNNGRU"}),
    ),
    Rule(name="reset-after", apply=layers.reset_after, classes=_GATED),
    Rule(
        name="recurrent-default",
        apply=layers.recurrent_defaults,
        classes=_RECURRENT | _CONVOLVING,
    ),
    Rule(name="time-major", apply=layers.time_major, classes=_TIMED),
    Rule(name="negative-slope", apply=layers.leaky_relu, classes=frozenset({"LeakyReLU"})),
    Rule(
        name="numbers",
        apply=layers.numbers,
        classes=frozenset({"ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Softmax"}),
    ),
    Rule(name="one-axis", apply=layers.one_axis, classes=frozenset({"BatchNormalization"})),
    Rule(name="renorm", apply=layers.batch_defaults, classes=frozenset({"BatchNormalization"})),
    Rule(
        name="attention-shapes",
        apply=layers.attention_shapes,
        classes=frozenset({"MultiHeadAttention"}),
        writers=Writers.ANY,
    ),
    Rule(name="old-preprocessing", apply=layers.old_preprocessing, classes=_PREPROCESSING),
    Rule(
        name="discretization-type",
        apply=layers.discretized,
        classes=frozenset({"Discretization"}),
    ),
    Rule(name="resizing", apply=layers.resizing, classes=frozenset({"Resizing"})),
    Rule(
        name="random-crop",
        apply=layers.crop_in_training,
        classes=frozenset({"RandomCrop"}),
        writers=Writers.ANY,
        since=(3, 6),
    ),
    Rule(
        name="ragged",
        apply=layers.ragged,
        classes=frozenset({"TextVectorization"}),
        writers=Writers.KERAS_2,
    ),
    Rule(name="activations", apply=activations.activations, writers=Writers.ANY),
    Rule(
        name="thresholded-relu",
        apply=layers.thresholded,
        classes=frozenset({"ThresholdedReLU"}),
    ),
    Rule(name="objects", apply=objects.objects, writers=Writers.ANY),
    Rule(name="module", apply=classes.public_module, writers=Writers.ANY),
    Rule(name="arguments", apply=arguments.accepted, writers=Writers.ANY),
)
