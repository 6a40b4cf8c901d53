"""Runs packages that are used beside TensorFlow, and records what they need and do not declare."""
