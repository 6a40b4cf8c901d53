"""Models over the layers and arguments whose loading differs between releases.

It runs inside every release: standard library and the release alone, valid Python 3.7.
"""

from __future__ import annotations

from typing import Callable

from tools.model_matrix.framework_script import (
    Builder,
    Data,
    Framework,
    Model,
    Tensor,
    arrays,
)

LAYER_BUILDERS: dict[str, Builder] = {}

VECTOR = Data((6,))
SEQUENCE = Data((5, 4))
IMAGE = Data((8, 8, 3))
VOLUME = Data((4, 4, 4, 2))
TOKENS = Data((6,), "int32", 10)

Make = Callable[..., Model]


def _model(*inputs: Data, whole: bool = False) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        LAYER_BUILDERS[make.__name__] = Builder(make.__name__, make, inputs, whole=whole)
        return make

    return add


@_model(VECTOR, whole=True)
def sequential_dense(own: Framework) -> Model:
    """Three layers in a row, the input's shape in the first."""
    layers = [
        own.layers.Dense(16, activation="relu", input_shape=(6,), name="first"),
        own.layers.Dropout(0.2, name="drop"),
        own.layers.Dense(3, activation="softmax", name="last"),
    ]
    return own.keras.Sequential(layers, name="sequential_dense")


def _side_by_side(own: Framework, x: Tensor, names: str) -> Tensor:
    """Put activations beside each other, in layers whose names do not tell them."""
    parts = [
        own.layers.Dense(3, activation=name, name=f"part_{place}")(x)
        for place, name in enumerate(names.split())
    ]
    return own.layers.Concatenate(name="together")(parts)


@_model(VECTOR)
def activations_by_name(own: Framework, x: Tensor) -> Tensor:
    """Activations as strings that all releases know."""
    old = "elu selu softplus softsign exponential linear sigmoid tanh softmax relu"
    return _side_by_side(own, x, old)


@_model(VECTOR)
def hard_sigmoid(own: Framework, x: Tensor) -> Tensor:
    """An activation with a formula that changed."""
    return _side_by_side(own, x, "hard_sigmoid tanh")


@_model(VECTOR)
def activations_of_keras_2(own: Framework, x: Tensor) -> Tensor:
    """Activations that came with Keras 2.4 and later."""
    return _side_by_side(own, x, "swish gelu")


@_model(VECTOR)
def activations_of_keras_3(own: Framework, x: Tensor) -> Tensor:
    """Activations that came with Keras 3."""
    return _side_by_side(own, x, "leaky_relu relu6 silu hard_silu log_softmax")


@_model(IMAGE)
def activation_layers(own: Framework, x: Tensor) -> Tensor:
    """Activations that are layers, arguments and weights included."""
    x = own.layers.Conv2D(4, 3, name="convolution")(x)
    x = own.layers.PReLU(shared_axes=[1, 2], name="parametric")(x)
    x = own.layers.LeakyReLU(0.2, name="leaky")(x)
    x = own.layers.ReLU(6.0, name="six")(x)
    x = own.layers.ELU(0.7, name="elu")(x)
    return own.layers.Softmax(name="softmax")(x)


@_model(VECTOR)
def thresholded(own: Framework, x: Tensor) -> Tensor:
    """A layer that Keras 3 has not."""
    return own.layer("ThresholdedReLU")(theta=0.3, name="threshold")(x)


@_model(SEQUENCE)
def convolutions_1d(own: Framework, x: Tensor) -> Tensor:
    """Causal, dilated and separable convolutions over a sequence."""
    x = own.layers.Conv1D(6, 2, padding="causal", dilation_rate=2, name="causal")(x)
    x = own.layers.SeparableConv1D(4, 2, name="separable")(x)
    return own.layers.GlobalMaxPooling1D(name="largest")(x)


@_model(SEQUENCE)
def convolutions_1d_later(own: Framework, x: Tensor) -> Tensor:
    """Convolutions over a sequence that came with later releases."""
    x = own.layer("Conv1DTranspose")(4, 3, name="transpose")(x)
    return own.layer("DepthwiseConv1D")(2, name="depthwise")(x)


@_model(IMAGE)
def convolutions_2d(own: Framework, x: Tensor) -> Tensor:
    """The convolutions over an image without groups."""
    x = own.layers.Conv2D(4, 3, padding="same", use_bias=False, name="plain")(x)
    x = own.layers.SeparableConv2D(4, 3, depth_multiplier=2, name="separable")(x)
    return own.layers.Conv2DTranspose(2, 3, strides=2, name="transpose")(x)


@_model(IMAGE)
def convolution_depthwise(own: Framework, x: Tensor) -> Tensor:
    """A depthwise convolution, which some releases write with an argument too many."""
    return own.layers.DepthwiseConv2D(3, name="depthwise")(x)


@_model(VOLUME)
def convolutions_3d(own: Framework, x: Tensor) -> Tensor:
    """Convolution and pooling over a volume, and layers that only reshape."""
    x = own.layers.Conv3D(3, 2, activation="relu", name="plain")(x)
    x = own.layers.MaxPooling3D((1, 2, 2), name="pool")(x)
    x = own.layers.Reshape((3, 3), name="reshape")(x)
    x = own.layers.Permute((2, 1), name="permute")(x)
    x = own.layers.GlobalAveragePooling1D(name="mean")(x)
    x = own.layers.RepeatVector(2, name="repeat")(x)
    return own.layers.Flatten(name="flat")(x)


@_model(IMAGE)
def pooling(own: Framework, x: Tensor) -> Tensor:
    """Pooling, padding and cropping."""
    x = own.layers.ZeroPadding2D(((1, 0), (0, 1)), name="pad")(x)
    x = own.layers.AveragePooling2D(2, padding="same", name="mean")(x)
    x = own.layers.MaxPooling2D(2, strides=1, name="largest")(x)
    x = own.layers.Cropping2D(1, name="crop")(x)
    return own.layers.GlobalAveragePooling2D(name="all")(x)


@_model(IMAGE)
def upsampling(own: Framework, x: Tensor) -> Tensor:
    """Upsampling by repetition."""
    return own.layers.UpSampling2D(2, name="up")(x)


@_model(IMAGE)
def upsampling_bilinear(own: Framework, x: Tensor) -> Tensor:
    """Upsampling by interpolation, which early releases compute otherwise."""
    return own.layers.UpSampling2D(2, interpolation="bilinear", name="up")(x)


@_model(IMAGE)
def convolutions_normalized(own: Framework, x: Tensor) -> Tensor:
    """Convolutions between batch normalizations."""
    x = own.layers.Conv2D(8, 3, use_bias=False, name="first")(x)
    x = own.layers.BatchNormalization(name="first_norm")(x)
    x = own.layers.Activation("relu", name="relu")(x)
    x = own.layers.MaxPooling2D(name="pool")(x)
    x = own.layers.BatchNormalization(scale=False, name="second_norm")(x)
    x = own.layers.Flatten(name="flat")(x)
    return own.layers.Dense(5, activation="softmax", name="classes")(x)


@_model(IMAGE)
def mobile_block(own: Framework, x: Tensor) -> Tensor:
    """A block of MobileNet: depthwise convolution and a sum."""
    x = own.layers.Conv2D(8, 1, use_bias=False, name="expand")(x)
    y = own.layers.BatchNormalization(name="expand_norm")(x)
    y = own.layers.ReLU(6.0, name="expand_relu")(y)
    y = own.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depth")(y)
    y = own.layers.BatchNormalization(name="depth_norm")(y)
    return own.layers.Add(name="sum")([x, y])


@_model(SEQUENCE)
def layer_normalization(own: Framework, x: Tensor) -> Tensor:
    """Normalization over features."""
    return own.layer("LayerNormalization")(epsilon=1e-4, name="norm")(x)


@_model(IMAGE)
def group_and_unit_normalization(own: Framework, x: Tensor) -> Tensor:
    """Normalizations that came with Keras 2.9 and 2.11."""
    x = own.layer("GroupNormalization")(groups=3, name="group")(x)
    return own.layer("UnitNormalization")(name="unit")(x)


@_model(TOKENS)
def embedding_convolution(own: Framework, x: Tensor) -> Tensor:
    """An embedding under a convolution."""
    x = own.layers.Embedding(10, 4, name="words")(x)
    x = own.layers.Conv1D(8, 3, activation="relu", name="convolution")(x)
    x = own.layers.GlobalMaxPooling1D(name="largest")(x)
    return own.layers.Dense(1, activation="sigmoid", name="last")(x)


@_model(TOKENS)
def embedding_masked(own: Framework, x: Tensor) -> Tensor:
    """An embedding whose mask reaches a recurrent layer."""
    x = own.layers.Embedding(10, 4, mask_zero=True, name="words")(x)
    return own.layers.Bidirectional(own.layers.LSTM(3, name="inner"), name="both")(x)


@_model(SEQUENCE)
def recurrent_plain(own: Framework, x: Tensor) -> Tensor:
    """The three recurrent layers with their defaults."""
    x = own.layers.LSTM(5, return_sequences=True, name="long")(x)
    x = own.layers.GRU(4, return_sequences=True, name="gated")(x)
    x = own.layers.SimpleRNN(3, name="simple")(x)
    return own.layers.Dense(2, name="last")(x)


@_model(SEQUENCE)
def recurrent_without_reset(own: Framework, x: Tensor) -> Tensor:
    """A gated layer with the bias of the first Keras."""
    return own.layers.GRU(4, reset_after=False, name="gated")(x)


@_model(SEQUENCE)
def recurrent_both_ways(own: Framework, x: Tensor) -> Tensor:
    """Recurrent layers in both directions and backwards."""
    gated = own.layers.GRU(4, return_sequences=True, name="inner")
    x = own.layers.Bidirectional(gated, merge_mode="sum", name="both")(x)
    return own.layers.LSTM(3, go_backwards=True, unroll=True, name="backwards")(x)


@_model(SEQUENCE)
def recurrent_cells(own: Framework, x: Tensor) -> Tensor:
    """Cells in a stack."""
    cells = [own.layers.LSTMCell(4, name="first"), own.layers.GRUCell(3, name="second")]
    return own.layers.RNN(cells, name="stack")(x)


@_model(SEQUENCE)
def recurrent_time_first(own: Framework, x: Tensor) -> Tensor:
    """Time as the first axis: an argument that Keras 3 has not."""
    x = own.layers.Permute((1, 2), name="same")(x)
    return own.layers.LSTM(3, time_major=True, return_sequences=True, name="long")(x)


@_model(SEQUENCE, Data((3,)))
def recurrent_initial_state(own: Framework, x: Tensor, state: Tensor) -> Tensor:
    """The first state of a recurrent layer comes from outside."""
    return own.layers.GRU(3, name="gated")(x, initial_state=state)


@_model(Data((3, 5, 5, 2)))
def recurrent_convolution(own: Framework, x: Tensor) -> Tensor:
    """A recurrent convolution."""
    return own.layers.ConvLSTM2D(2, 3, name="convolution")(x)


@_model(Data((4, 3)), Data((5, 3)))
def attention(own: Framework, query: Tensor, value: Tensor) -> Tensor:
    """The two simple kinds of attention."""
    plain = own.layer("Attention")(name="plain")([query, value])
    additive = own.layer("AdditiveAttention")(name="additive")([query, value])
    return own.layers.Concatenate(name="together")([plain, additive])


@_model(SEQUENCE)
def attention_of_heads(own: Framework, x: Tensor) -> Tensor:
    """A transformer's block."""
    y = own.layer("MultiHeadAttention")(num_heads=2, key_dim=3, name="heads")(x, x)
    y = own.layers.Add(name="sum")([x, y])
    y = own.layer("LayerNormalization")(name="norm")(y)
    return own.layers.Dense(3, name="last")(y)


@_model(SEQUENCE)
def masked_steps(own: Framework, x: Tensor) -> Tensor:
    """A layer for each step of a masked sequence."""
    x = own.layers.Masking(0.0, name="mask")(x)
    x = own.layers.TimeDistributed(own.layers.Dense(4, name="inner"), name="each")(x)
    return own.layers.LSTM(3, name="long")(x)


@_model(VECTOR, VECTOR)
def merging(own: Framework, x: Tensor, y: Tensor) -> Tensor:
    """The layers that make one tensor of two."""
    names = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    parts = [getattr(own.layers, name)(name=name.lower())([x, y]) for name in names]
    parts.append(own.layers.Dot(1, normalize=True, name="dot")([x, y]))
    return own.layers.Concatenate(name="together")(parts)


@_model(VECTOR)
def constrained(own: Framework, x: Tensor) -> Tensor:
    """Initializers, regularizers and constraints as objects."""
    keras = own.keras
    return own.layers.Dense(
        3,
        kernel_initializer=keras.initializers.VarianceScaling(2.0, seed=1),
        kernel_regularizer=keras.regularizers.l2(0.01),
        kernel_constraint=keras.constraints.MaxNorm(2.0),
        activity_regularizer=keras.regularizers.l1(0.01),
        name="dense",
    )(x)


@_model(VECTOR)
def normalization_adapted(own: Framework, x: Tensor) -> Tensor:
    """Statistics that were learned from data."""
    norm = own.layer("Normalization")(name="norm")
    norm.adapt(arrays(LAYER_BUILDERS["normalization_adapted"])[0] * 3 + 2)
    x = own.layer("Rescaling")(0.5, offset=0.1, name="scale")(norm(x))
    return own.layers.Dense(2, name="last")(x)


@_model(IMAGE)
def image_preprocessing(own: Framework, x: Tensor) -> Tensor:
    """Layers that prepare images; the random ones rest in inference."""
    x = own.layer("Resizing")(6, 6, name="resize")(x)
    x = own.layer("CenterCrop")(4, 4, name="crop")(x)
    x = own.layer("RandomFlip")("horizontal", name="flip")(x)
    x = own.layer("RandomRotation")(0.1, name="rotate")(x)
    return own.layers.Conv2D(2, 3, name="convolution")(x)


@_model(Data((1,), "string"))
def text_vectorization(own: Framework, x: Tensor) -> Tensor:
    """A vocabulary as a part of the model."""
    vectors = own.layer("TextVectorization")(max_tokens=8, output_sequence_length=3, name="text")
    vectors.adapt([["alpha"], ["beta"], ["alpha"], ["gamma"]])
    x = own.layers.Embedding(8, 3, name="words")(vectors(x))
    return own.layers.GlobalAveragePooling1D(name="mean")(x)


@_model(Data((4,)))
def discretization(own: Framework, x: Tensor) -> Tensor:
    """Numbers into bins, bins into a vector."""
    x = own.layer("Discretization")(bin_boundaries=[-0.5, 0.0, 0.5], name="bins")(x)
    return own.layer("CategoryEncoding")(num_tokens=4, output_mode="multi_hot", name="code")(x)
