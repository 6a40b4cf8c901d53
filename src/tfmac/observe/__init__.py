"""Reads the machine; everything seen ends in one ``Facts``. Nothing is imported or changed."""
