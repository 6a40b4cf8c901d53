"""Whose variable each stored array is, on the side of the old file and on that of the new one."""
