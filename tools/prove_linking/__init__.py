"""Proves the loader's rules of ``tfmac.formats.linking`` where libraries can really be loaded.

Linux x86-64 only. Each pair of an extension release and a TensorFlow release is judged from the
files alone, then really loaded in child processes; the report compares the two.
"""
