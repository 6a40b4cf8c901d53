"""Which distributions the knowledge has: those that a TensorFlow or Keras user on a Mac meets."""

TENSORFLOW = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tensorflow-metal",
    "tensorflow-metal-plugin",
)
KERAS = ("keras", "keras-cv", "keras-hub", "keras-nlp", "keras-tuner", "tf-keras")
EXTENSIONS = (
    "tensorflow-addons",
    "tensorflow-compression",
    "tensorflow-datasets",
    "tensorflow-decision-forests",
    "tensorflow-estimator",
    "tensorflow-hub",
    "tensorflow-io",
    "tensorflow-io-gcs-filesystem",
    "tensorflow-model-optimization",
    "tensorflow-probability",
    "tensorflow-text",
    "tf-models-official",
)
REQUIRED = (
    "grpcio",
    "h5py",
    "ml-dtypes",
    "numpy",
    "protobuf",
    "tensorboard",
    "typing-extensions",
    "wrapt",
)
NEIGHBOURS = (
    "coremltools",
    "jax",
    "jax-metal",
    "jaxlib",
    "mediapipe",
    "mlx",
    "onnx",
    "opencv-python",
    "pandas",
    "pyarrow",
    "scipy",
    "tf2onnx",
    "tokenizers",
    "torch",
)

PACKAGES = tuple(sorted((*TENSORFLOW, *KERAS, *EXTENSIONS, *REQUIRED, *NEIGHBOURS)))
"""All of them, in alphabetical order."""
