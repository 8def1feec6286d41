"""The requests of the documentation, and the files that are made from them."""
