"""Runs TensorFlow with one package changed at a time, and derives what can be said of others."""
