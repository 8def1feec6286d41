"""PATCH: operations applied to a resource (RFC 7644 §3.5.2)."""
