"""A made-up company and its year, the same for the same seed."""
