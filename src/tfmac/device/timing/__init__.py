"""How long a model's ``fit`` and ``predict`` take on one device, block by block."""
