"""Compares each operation of Keras on a device with the same on another one."""
