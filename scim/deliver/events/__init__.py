"""Security event tokens (RFC 9967): made, signed, pushed (RFC 8935) or fetched (RFC 8936)."""
