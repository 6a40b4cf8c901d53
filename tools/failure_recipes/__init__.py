"""Provokes known errors with real releases and records what they print."""
