"""Checks of bulk requests (RFC 7644 §3.7)."""
