"""The model that is measured: opened from its file or script, laid on devices, with inputs."""
