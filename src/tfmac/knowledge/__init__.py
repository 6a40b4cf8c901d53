"""The compatibility knowledge: data files with provenance, and the questions to them.

Nothing here starts a program, opens a connection or reads another file than its own data.
"""
