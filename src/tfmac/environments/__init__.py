"""Changes machines: resolves with uv or pip, makes environments, takes failed changes back."""
