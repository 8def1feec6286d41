"""Benchmarks: each operation of the server beside a floor, the least that Flask and SQL take."""
