"""Reasons for answers, causes of failures, and their remedies."""
