"""Benchmarks: what an operation costs beside the least that Flask and the database cost."""
