"""Filters and attribute paths: text, syntax tree, meaning (RFC 7644 §3.4.2.2, §3.10)."""
