"""Whether a user's own model computes the same on two devices, and which layer departs first."""
