# Written as users write their models; another interpreter runs it.
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, D103, FURB171
# mypy: ignore-errors
"""Sound models of many kinds: parity may find none of them wrong."""

import keras
from keras import layers
from planting import IS_KERAS_3, operations

ops = operations()


def _chain(*inner, shape=(6,), dtype=None):
    inputs = keras.Input(shape, dtype=dtype)
    result = inputs
    for layer in inner:
        result = layer(result)
    return keras.Model(inputs, result)


def _policy(name):
    return name if IS_KERAS_3 else keras.mixed_precision.Policy(name)


def dense():
    return _chain(
        layers.Dense(16, activation="relu"),
        layers.Dense(8, activation="tanh"),
        layers.Dense(3, activation="softmax"),
    )


def sequential():
    return keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(8, activation="gelu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def convolutions():
    return _chain(
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4),
        shape=(16, 16, 3),
    )


def _convolution_block(inputs, filters, stride=1, **options):
    result = layers.Conv2D(filters, 3, strides=stride, padding="same", **options)(inputs)
    result = layers.BatchNormalization(**options)(result)
    return layers.ReLU(**options)(result)


def batch_normalized():
    inputs = keras.Input((16, 16, 3))
    result = _convolution_block(_convolution_block(inputs, 8), 12, 2)
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalMaxPooling2D()(result)))


def residual():
    inputs = keras.Input((12, 12, 4))
    result = _convolution_block(inputs, 4)
    result = layers.Add()([inputs, _convolution_block(result, 4)])
    result = layers.Activation("swish")(result)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(result)))


def depthwise():
    return _chain(
        layers.DepthwiseConv2D(3, padding="same"),
        layers.BatchNormalization(),
        layers.ReLU(max_value=6.0),
        layers.SeparableConv2D(8, 3),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
        shape=(10, 10, 4),
    )


def upwards():
    return _chain(
        layers.Conv2DTranspose(6, 3, strides=2, padding="same"),
        layers.LeakyReLU(),
        layers.UpSampling2D(interpolation="bilinear"),
        layers.Conv2D(3, 1),
        shape=(6, 6, 3),
    )


def u_shaped():
    inputs = keras.Input((16, 16, 2))
    down = _convolution_block(inputs, 4)
    middle = _convolution_block(layers.MaxPooling2D()(down), 8)
    up = layers.Conv2DTranspose(4, 2, strides=2)(middle)
    joined = layers.Concatenate()([down, up])
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(joined))


def open_sizes():
    return _chain(
        layers.Conv2D(4, 3, strides=2, activation="relu"),
        layers.Conv2D(4, 3),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2),
        shape=(None, None, 3),
    )


def one_dimension():
    return _chain(
        layers.Conv1D(8, 5, padding="causal", activation="relu"),
        layers.AveragePooling1D(2),
        layers.Conv1D(8, 3, dilation_rate=2),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2),
        shape=(None, 4),
    )


def three_dimensions():
    return _chain(
        layers.Conv3D(4, 3, activation="relu"),
        layers.AveragePooling3D(2),
        layers.Flatten(),
        layers.Dense(2),
        shape=(6, 6, 6, 2),
    )


def lstm():
    return _chain(
        layers.LSTM(8, return_sequences=True), layers.LSTM(6), layers.Dense(2), shape=(7, 4)
    )


def gru():
    return _chain(
        layers.GRU(8, return_sequences=True), layers.GRU(6), layers.Dense(2), shape=(7, 4)
    )


def bidirectional():
    return _chain(
        layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
        layers.Bidirectional(layers.GRU(4)),
        layers.Dense(2),
        shape=(6, 4),
    )


def simple_recurrent():
    return _chain(layers.SimpleRNN(8, dropout=0.2), layers.Dense(2), shape=(6, 4))


def convolutional_recurrent():
    return _chain(
        layers.ConvLSTM1D(4, 3, padding="same"), layers.Flatten(), layers.Dense(2), shape=(4, 6, 2)
    )


def embedding():
    return _chain(
        layers.Embedding(20, 8),
        layers.GlobalAveragePooling1D(),
        layers.Dense(2),
        shape=(9,),
        dtype="int32",
    )


def masked_recurrent():
    return _chain(
        layers.Embedding(20, 8, mask_zero=True),
        layers.LSTM(6),
        layers.Dense(2),
        shape=(9,),
        dtype="int32",
    )


def attention():
    inputs = keras.Input((6, 8))
    seen = layers.MultiHeadAttention(2, 4, dropout=0.1)(inputs, inputs)
    result = layers.LayerNormalization()(layers.Add()([inputs, seen]))
    return keras.Model(inputs, layers.Dense(2)(result))


def transformer():
    inputs = keras.Input((None,), dtype="int32")
    result = layers.Embedding(30, 16)(inputs)
    for _ in range(2):
        seen = (
            layers.MultiHeadAttention(4, 4)(result, result, use_causal_mask=True)
            if IS_KERAS_3
            else layers.MultiHeadAttention(4, 4)(result, result)
        )
        result = layers.LayerNormalization()(layers.Add()([result, seen]))
        inner = layers.Dense(16)(layers.Dense(32, activation="gelu")(result))
        result = layers.LayerNormalization()(layers.Add()([result, inner]))
    return keras.Model(inputs, layers.Dense(30, activation="softmax")(result))


def luong_attention():
    query, value = keras.Input((4, 8)), keras.Input((6, 8))
    return keras.Model([query, value], layers.Dense(2)(layers.Attention()([query, value])))


def mixed_float16():
    policy = _policy("mixed_float16")
    inputs = keras.Input((12, 12, 3))
    result = _convolution_block(inputs, 8, dtype=policy)
    result = layers.GlobalAveragePooling2D(dtype=policy)(
        _convolution_block(result, 8, dtype=policy)
    )
    return keras.Model(inputs, layers.Dense(4, activation="softmax", dtype="float32")(result))


def mixed_bfloat16():
    policy = _policy("mixed_bfloat16")
    return _chain(
        layers.Dense(32, activation="relu", dtype=policy),
        layers.LayerNormalization(dtype=policy),
        layers.Dense(16, dtype=policy),
        layers.Dense(3, dtype="float32"),
        shape=(32,),
    )


def mixed_attention():
    policy = _policy("mixed_float16")
    inputs = keras.Input((6, 8))
    seen = layers.MultiHeadAttention(2, 4, dtype=policy)(inputs, inputs)
    result = layers.LayerNormalization(dtype=policy)(layers.Add(dtype=policy)([inputs, seen]))
    return keras.Model(inputs, layers.Dense(2, dtype="float32")(result))


def mixed_recurrent():
    policy = _policy("mixed_bfloat16")
    return _chain(layers.GRU(8, dtype=policy), layers.Dense(2, dtype="float32"), shape=(6, 4))


def several_inputs():
    left, right = keras.Input((6,), name="left"), keras.Input((4,), name="right")
    joined = layers.Concatenate()([layers.Dense(5)(left), layers.Dense(5)(right)])
    product = layers.Multiply()([layers.Dense(10, activation="sigmoid")(joined), joined])
    return keras.Model(
        {"left": left, "right": right},
        [layers.Dense(2, name="one")(product), layers.Dense(3, name="two")(joined)],
    )


def nested():
    inner = _chain(layers.Dense(8, activation="relu"), layers.BatchNormalization())
    return _chain(layers.Dense(6), keras.Sequential([inner, layers.Dense(4)]), layers.Dense(2))


def shared():
    layer = layers.Dense(5, activation="tanh")
    left, right = keras.Input((6,)), keras.Input((6,))
    both = layers.Subtract()([layer(left), layer(right)])
    return keras.Model([left, right], layers.Dense(1)(both))


def time_distributed():
    return _chain(
        layers.TimeDistributed(layers.Conv2D(3, 3)),
        layers.TimeDistributed(layers.Flatten()),
        layers.LSTM(4),
        layers.Dense(1),
        shape=(3, 6, 6, 1),
    )


def group_normalized():
    return _chain(
        layers.Conv1D(8, 3),
        layers.LayerNormalization(axis=[1, 2]),
        layers.PReLU(),
        layers.Flatten(),
        layers.Dense(2),
        shape=(8, 4),
    )


def augmented():
    return _chain(
        layers.Rescaling(1 / 255),
        layers.RandomFlip(),
        layers.GaussianNoise(0.1),
        layers.SpatialDropout2D(0.2),
        layers.Conv2D(4, 3),
        layers.Flatten(),
        layers.Dense(2),
        shape=(8, 8, 3),
    )


def classified():
    model = _chain(layers.Dense(16, activation="relu"), layers.Dense(5, activation="softmax"))
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy")
    return model


def bias_before_normalization():
    """The gradient of the bias is rounding alone, which Adam makes whole steps of."""
    model = _chain(layers.Dense(16), layers.BatchNormalization(), layers.ReLU(), layers.Dense(1))
    model.compile(optimizer="adam", loss="mse")
    return model


def ill_conditioned():
    """Differences of large numbers."""
    return _chain(
        layers.Dense(8), layers.Rescaling(1e4, 1e4), layers.LayerNormalization(), layers.Dense(2)
    )


def shapes_and_cuts():
    return _chain(
        layers.Reshape((3, 4)),
        layers.Permute((2, 1)),
        layers.ZeroPadding1D(2),
        layers.Cropping1D(1),
        layers.Flatten(),
        layers.Dense(3, kernel_regularizer="l2"),
        shape=(12,),
    )


def clipped():
    model = _chain(layers.Dense(8, activation="elu"), layers.Dense(2))
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=1.0), loss="mae")
    return model


SOUND = tuple(
    name
    for name, value in list(globals().items())
    if callable(value)
    and not name.startswith("_")
    and name not in {"operations"}
    and getattr(value, "__module__", "") == __name__
)
