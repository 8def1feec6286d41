"""Asynchronous requests (RFC 9967 §2.5.1) are carried out."""
