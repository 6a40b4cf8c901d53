"""Bytes to structures: readers of binary and archive formats, without policy.

Nothing here judges. A reader says what is in a file or raises its module's ``Invalid...`` error;
every file is hostile input, so work and memory are bounded by the size of what is read.
"""
