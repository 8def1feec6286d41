"""Checks of discovery (RFC 7644 §4, RFC 7643 §5 to §7)."""
