"""Resources and messages become Python values, and JSON text again."""
