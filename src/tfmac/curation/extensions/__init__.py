"""Which native extension loads into which framework: makes the tables from the wheels."""
