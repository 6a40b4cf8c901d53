"""Makes the knowledge from what is published: reads the package index, writes data files.

The only room besides ``environments`` that reaches the network. Needs the extra
``tfmac[knowledge]``.
"""
