"""The requests of the documentation, described once, and the files made of them."""
