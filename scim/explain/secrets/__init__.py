"""Secrets: what is masked, and why a credential was rejected."""
