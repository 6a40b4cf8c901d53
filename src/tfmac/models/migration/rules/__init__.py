"""The rules of a translation: one for each known break, with the releases that it concerns."""
