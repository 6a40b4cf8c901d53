"""Whether a name in a log is one that Keras, TensorFlow or NumPy has or had.

The knowledge of names is loaded by the questions that need it: few logs ask one.
"""

_NUMPY_ALIASES = frozenset(
    {
        *("bool", "int", "float", "complex", "object", "str", "long", "unicode"),
        *("bool8", "float_", "complex_", "string_", "unicode_", "Inf", "Infinity", "NaN", "PINF"),
        *("NINF", "PZERO", "NZERO", "infty", "cast", "source", "product", "cumproduct", "sometrue"),
        *("alltrue", "round_", "in1d", "trapz", "row_stack", "asfarray", "issubclass_", "mat"),
        *("sctypes", "sctypeDict", "typeDict", "find_common_type", "issctype", "obj2sctype"),
        *(
            "singlecomplex",
            "cfloat",
            "longfloat",
            "longcomplex",
            "clongfloat",
            "compat",
            "asscalar",
        ),
        *("VisibleDeprecationWarning", "ComplexWarning", "RankWarning", "AxisError", "msort"),
    }
)
# What Keras 2 and 3 call the layers that they make of functions of tensors.
_OPERATION_LAYERS = frozenset(
    {"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod"}
)
_OPERATION_PLACES = ("numpy", "nn", "core", "math", "image", "linalg", "operation")


def is_c_symbol(text: str) -> bool:
    """Whether a symbol is that of a C function."""
    return not is_cxx_symbol(text) and text.lstrip("_").isidentifier()


def is_cxx_symbol(text: str) -> bool:
    """Whether a symbol is a mangled C++ name."""
    return text.lstrip("_").startswith("ZN") or text.lstrip("_").startswith("ZT")


def is_keras_class(text: str) -> bool:
    """Whether some Keras has a class or function of this name that files may name."""
    from tfmac.knowledge import keras_names  # noqa: PLC0415

    return keras_names.is_keras_name(text.rpartition(">")[2])


def is_keras_layer(text: str) -> bool:
    """Whether some Keras has a layer of this name."""
    from tfmac.knowledge import keras_names  # noqa: PLC0415

    return any(
        keras_names.is_keras_member(place, text)
        for place in ("layers", "layers.experimental", "layers.experimental.preprocessing")
    )


def is_keras_operation(text: str) -> bool:
    """Whether it is what a model file calls an operation on tensors."""
    from tfmac.knowledge import keras_names  # noqa: PLC0415

    return text in _OPERATION_LAYERS or any(
        keras_names.is_keras_member(f"src.ops.{place}", text) for place in _OPERATION_PLACES
    )


def is_keras_argument(text: str) -> bool:
    """Whether it is an argument that layers of some Keras had and newer ones have not."""
    return text in _DROPPED_ARGUMENTS


_DROPPED_ARGUMENTS = frozenset(
    {"batch_input_shape", "input_dim", "weights", "input_length", "implementation", "time_major"}
    | {"groups", "ragged", "sparse", "renorm", "renorm_clipping", "renorm_momentum", "fused"}
    | {"virtual_batch_size", "adjustment", "reset_after", "inputs", "experimental_run_tf_function"}
    | {"vocab_size", "jit_compile", "lr", "decay", "schedule_decay"}
)


def is_numpy_alias(text: str) -> bool:
    """Whether it is a name that NumPy had and has given up."""
    return text in _NUMPY_ALIASES


def is_tensorflow_1_name(text: str) -> bool:
    """Whether ``tf.NAME`` was of TensorFlow 1 and is no more."""
    from tfmac.knowledge import api_history, api_names  # noqa: PLC0415

    newest = api_names.minors("tensorflow")[-1]
    name = text.removeprefix("tensorflow.").removeprefix("tf.")
    known = bool(api_names.state("tensorflow", f"compat.v1.{name}").things)
    return (known or name.partition(".")[0] in _ONLY_TENSORFLOW_1) and (
        api_history.exists(f"tensorflow.{name}", "tensorflow", newest) is False
    )


# What TensorFlow 1 had and its successor did not even keep under compat.v1.
_ONLY_TENSORFLOW_1 = frozenset(
    {"contrib", "mul", "sub", "neg", "pack", "unpack", "batch_matmul", "select", "concat_v2"}
    | {"complex_abs", "inv", "listdiff", "scalar_summary", "histogram_summary", "image_summary"}
    | {"merge_summary", "merge_all_summaries", "audio_summary", "examples"}
)


def is_keras_misspelling(text: str) -> bool:
    """Whether it is nearly the name of what Keras compiles with, with a letter or two wrong."""
    import difflib  # noqa: PLC0415

    if text in _COMPILED or text in _OPTIMIZERS:
        return False
    if difflib.get_close_matches(text, _COMPILED, n=1, cutoff=_ALMOST):
        return True
    # A file names the class: ``RAdam`` is one of the author's own, and ``adamm`` a mistake.
    return bool(difflib.get_close_matches(text, _OPTIMIZERS, n=1, cutoff=_ALMOST_SHORT))


_ALMOST = 0.92
_ALMOST_SHORT = 0.84
_OPTIMIZERS = (
    *("adam", "adamw", "adamax", "nadam", "sgd", "rmsprop", "adagrad", "adadelta", "ftrl"),
    *("adafactor", "lion", "lamb", "muon"),
)
# What is given to ``compile`` by name, and misspelled there.
_COMPILED = (
    *("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"),
    *("mean_squared_error", "mean_absolute_error", "mean_squared_logarithmic_error"),
    *("mean_absolute_percentage_error", "kullback_leibler_divergence", "cosine_similarity"),
    *("categorical_hinge", "squared_hinge", "binary_focal_crossentropy", "accuracy"),
    *("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
    *("root_mean_squared_error", "precision", "BinaryCrossentropy", "CategoricalCrossentropy"),
)
