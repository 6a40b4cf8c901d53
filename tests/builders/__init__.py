"""Writers of tiny files in the formats that the package reads."""
