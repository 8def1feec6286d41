"""Queries: filters as SQL, and pages by index or by cursor."""
