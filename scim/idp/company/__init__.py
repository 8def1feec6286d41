"""A made-up company and its year; the same seed makes the same year."""
