"""The outbox is delivered: claims, batches, attempts, lines of the log."""
