"""Translation of a model file for another Keras: its configuration, and where its weights go."""
