"""Finds causes in logs: text to events, and knowledge over them."""

from tfmac.explainer.explaining import Explained, explain, judge, read

__all__ = ["Explained", "explain", "judge", "read"]
