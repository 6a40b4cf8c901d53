"""What is measured with the user's own framework: ``device`` runs it in children, this reads them.

A child has a framework and nothing of tfmac but the folder ``device``; it writes a journal. Here
the journal becomes documents, children that die or hang become results, and what was found wrong
is remembered for ``device.best``.
"""
