"""Who is in which group, and groups within groups."""
