"""Exchanges: the live list, the page of one, and what one does with it."""
