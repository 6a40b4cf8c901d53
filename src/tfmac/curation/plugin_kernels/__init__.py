"""Which operations a plug-in of TensorFlow registers kernels of, read out of its machine code."""
