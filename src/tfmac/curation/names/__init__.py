"""Which public names TensorFlow and Keras have: makes the history from the sources in wheels."""
