"""Carrying out of a migration: a process of its own reads, translates, places and writes."""
