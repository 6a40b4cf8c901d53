"""Calls of TensorFlow's functions between layers, and Lambdas, as operations of Keras 3."""
