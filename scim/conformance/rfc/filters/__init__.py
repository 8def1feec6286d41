"""Checks of filters (RFC 7644 §3.4.2.2)."""
