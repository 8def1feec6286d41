"""Tenants that move to another database: their rows are read in a snapshot, and written there."""
