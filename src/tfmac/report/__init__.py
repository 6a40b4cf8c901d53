"""Documents to text. Pure: each renderer takes a document and a width and gives a string."""
