"""Requests as texts and files: copied, pasted, exported, compared, and bulks by operation."""
