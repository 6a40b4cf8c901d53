"""What Keras says, as far as its words are the same in every case."""

CUSTOM_3 = (
    "Make sure custom classes and functions are decorated with "
    "`@keras.saving.register_keras_serializable()`."
)
_SCOPE = (
    " Please ensure you are using a `keras.utils.custom_object_scope` and that this object is "
    "included in the scope."
)


def unknown_layer(name: str, *, quoted: bool) -> str:
    """Word what the older loading says of a class that it does not find."""
    return f"Unknown layer: '{name}'.{_SCOPE}" if quoted else f"Unknown layer: {name}"


def unknown(kind: str, name: str) -> str:
    """Word what the older loading says of another object that it does not find."""
    return f"Unknown {kind}: {name}"


def not_located(name: str, kind: str = "class") -> str:
    """Word what the newer loading says of a class or function that it does not find."""
    return f"Could not locate {kind} '{name}'. {CUSTOM_3}"


def no_parent(name: str, module: str, kind: str = "class") -> str:
    """Word what the newer loading says where a module is not there."""
    return (
        f"Could not deserialize {kind} '{name}' because its parent module {module} "
        "cannot be imported."
    )


def extra_arguments(name: str, arguments: dict[str, object]) -> str:
    """Word what a layer of Keras 3 says of arguments that it does not take."""
    return f"Unrecognized keyword arguments passed to {name}: {arguments}"


def unexpected(name: str, argument: str) -> str:
    """Word what Python says of an argument that a constructor does not take."""
    return f"{name}.__init__() got an unexpected keyword argument '{argument}'"
