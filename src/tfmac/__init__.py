"""TensorFlow and Keras that work on Apple-silicon Macs."""

__version__ = "0.1.0"
