"""Explanations in plain words: pure functions, which know neither Flask nor SQL."""
