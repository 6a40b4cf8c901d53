"""Models that parity is proved on: sound ones, and ones with a planted fault."""
