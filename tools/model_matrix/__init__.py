"""Makes model files with real releases, loads each in each release, and compares the outputs."""
