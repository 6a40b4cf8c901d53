"""``%load_ext tfmac``: explanations under tracebacks, and tfmac's commands in a cell."""
