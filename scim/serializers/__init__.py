"""Resources and messages between JSON and Python."""
