"""What was read of a model file and knowledge in, an analysis out. Pure: no file is opened here."""
