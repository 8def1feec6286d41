"""Checks of queries: pages, cursors, order (RFC 7644 §3.4.2, RFC 9865)."""
